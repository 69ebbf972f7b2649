"""Names: the one grammar they follow, and the nearest one to a misspelt one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What losses, inputs, params, objectives and variants may be called.
NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_]*$"

_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch


def is_name(text: str) -> bool:
    """Say whether a loss, input, parameter, objective or variant may be called ``text``.

    >>> is_name("G_L1"), is_name("1st"), is_name("a b")
    (True, False, False)
    """
    return _is_name(text) is not None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` was most likely meant to be, or None if none is near.

    >>> nearest("wieght", ["weight", "inputs"])
    'weight'
    >>> nearest("colour", ["weight", "inputs"]) is None
    True
    """
    import difflib  # noqa: PLC0415 - only a mistake pays for it

    candidates = list(known)
    for candidate in candidates:  # the same letters in another case are nearer than any other
        if candidate.casefold() == name.casefold():
            return candidate
    found = difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)
    return found[0] if found else None


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> str:
    """Word the message for a name that nothing bears: the name, the nearest one, or all there are.

    >>> unknown("loss", "G_L2", ["G_GAN", "G_L1"])
    'unknown loss `G_L2`: a loss with a similar name exists: `G_L1`'
    >>> unknown("loss", "colour", ["G_GAN", "G_L1"])
    'unknown loss `colour`: known are `G_GAN`, `G_L1`'
    """
    names = sorted(known)
    near = nearest(name, names)
    found = f"unknown {kind} `{name}`{where}"
    if near is not None:
        article = "an" if kind[0] in "aeiou" else "a"
        return f"{found}: {article} {kind} with a similar name exists: `{near}`"
    if not names:
        return f"{found}: there is none"
    return f"{found}: known are {', '.join(f'`{each}`' for each in names)}"
