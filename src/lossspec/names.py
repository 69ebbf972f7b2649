"""Names: the grammar that they follow, and the known name nearest to a misspelt one."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The names that losses, inputs, params, objectives and variants can have.
NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_]*$"

#: The help for a bad name.
NAMES_HELP = "use letters, digits and `_`, and do not start with a digit"

#: How much one run compares, in pairs of letters; after that it suggests nothing. A tenth of a second.
BUDGET = 4_000_000
#: What it costs to compare two names of no length.
_PAIR = 100
#: A longer name is not a misspelt one.
_LONG = 64
_SHOWN = 20
_left: ContextVar[int] = ContextVar("comparisons left", default=BUDGET)
_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch


def is_name(text: str) -> bool:
    """Return whether a loss, input, parameter, objective or variant may be called ``text``.

    >>> is_name("G_L1"), is_name("1st"), is_name("a b")
    (True, False, False)
    """
    return _is_name(text) is not None


def shorten(text: str, limit: int = 40) -> str:
    """Cut a text that a message quotes, so that no message is as long as what it quotes.

    >>> shorten("a" * 100, 8)
    'aaaaa...'
    """
    return text if len(text) <= limit else text[: limit - 3] + "..."


def abbreviate(text: str, limit: int = 100) -> str:
    """Cut a text in the middle, which keeps a prefix and an ending that tell names apart.

    >>> abbreviate("a" * 50_000 + "b" * 50_000, 9), abbreviate("l1", 9)
    ('aaaa…bbbb', 'l1')
    """
    kept = limit - 1
    return text if len(text) <= limit else f"{text[: kept - kept // 2]}…{text[-(kept // 2) :]}"


def reset_budget() -> None:
    """Start a run with the whole budget of comparisons."""
    _left.set(BUDGET)


def similar(name: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Return the known names that a misspelt one may mean, the nearest first: one, or two if in doubt.

    >>> similar("wieght", ["weight", "inputs"]), similar("Weight", ["weight", "height"])
    (['weight'], ['weight'])
    >>> similar("x", ["weight"])
    []
    """
    if _left.get() == 0 or len(name) > _LONG:
        return []
    candidates = [each for each in known if len(each) <= _LONG]
    cost = sum(_PAIR + len(name) * len(each) for each in candidates)
    _left.set(max(_left.get() - cost, 0))  # what is left pays for one search, however large
    return _matches(name, candidates, cutoff)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to a misspelt one, or None if none is near."""
    found = similar(name, known)
    return found[0] if found else None


def _matches(name: str, candidates: list[str], cutoff: float = 0.6) -> list[str]:
    import difflib  # only a mistake needs it

    same = [each for each in candidates if each.casefold() == name.casefold()]
    return same or difflib.get_close_matches(name, candidates, n=2, cutoff=cutoff)


def near_or_all(kind: str, found: str | None, known: Iterable[object]) -> str:
    """Word the help for an unknown name: the nearest known name, or all of them.

    >>> near_or_all("a loss", "G_L1", ["G_L1"]), near_or_all("a loss", None, ["a", "b"])
    ('a loss with a similar name exists: `G_L1`', 'expected one of `a`, `b`')
    """
    return f"{kind} with a similar name exists: `{found}`" if found else expected(known)


def expected(known: Iterable[object]) -> str:
    """Word the help for an unknown name: the names that are known.

    >>> expected(["a"]), expected(["a", "b"]), expected([])
    ('expected `a`', 'expected one of `a`, `b`', 'there are none')
    """
    names = list(known)
    return f"expected {'one of ' * (len(names) > 1)}{listed(names)}" if names else "there are none"


def listed(names: Iterable[object]) -> str:
    """Join names, each as code, and cut a long list.

    >>> listed(["a", "b"])
    '`a`, `b`'
    """
    every = list(names)
    more = [f"{len(every) - _SHOWN} more"] if len(every) > _SHOWN else []
    return ", ".join([*(f"`{name}`" for name in every[:_SHOWN]), *more])


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> str:
    """Word the message for an unknown name: the name, then the nearest known one, or all of them.

    >>> unknown("loss", "G_L2", ["G_GAN", "G_L1"])
    'unknown loss `G_L2`: a loss with a similar name exists: `G_L1`'
    >>> unknown("loss", "colour", ["G_GAN", "G_L1"])
    'unknown loss `colour`: expected one of `G_GAN`, `G_L1`'
    """
    names = sorted(known)
    article = "an" if kind[0] in "aeiou" else "a"
    found = next(iter(_matches(name, names)), None)
    return f"unknown {kind} `{name}`{where}: {near_or_all(f'{article} {kind}', found, names)}"


def with_article(name: str) -> str:
    """Return the name of a type with its article, by how it is said.

    >>> with_article("int"), with_article("uint8"), with_article("MSELoss"), with_article("Tensor")
    ('an int', 'a uint8', 'an MSELoss', 'a Tensor')
    """
    is_spelt = name[:2].isupper() or name.startswith("nd")  # letter by letter: "em es e", "en dee array"
    vowels = "AEFHILMNORSXn" if is_spelt else "AEIOaeio"
    return f"an {name}" if name[:1] in tuple(vowels) else f"a {name}"


def type_name(value: object) -> str:
    """Return the name of the type of a value with its article.

    >>> type_name(3), type_name([])
    ('an int', 'a list')
    """
    return with_article(type(value).__name__)
