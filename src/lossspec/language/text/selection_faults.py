"""What is wrong with a reference, and the one that is most likely meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.text.selection import MAX_DIGITS, MAX_SELECTORS, is_selector, is_valid, tensor_of
from lossspec.names import NAMES_HELP, shorten
from lossspec.wording import dotted, quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import KeyPath

#: The most characters of a reference that a message quotes: it quotes the whole, unless it is absurd.
_QUOTED = 200
#: A longer part is not a misspelt selector.
_LONG = 60
_is_arithmetic = re.compile(r"[^+*/@]+( - |[+*/@]).+|-.+", re.ASCII).fullmatch
_PART = re.compile(r"\[[^\]]*\]?|\.[^.\[]*|[^.\[]+")
_KEY = "[A-Za-z][A-Za-z0-9_]*"
_NO_SELECTOR = "is not a selector"
_FORMS = "a selector is `[-1]`, `[1:3]`, `[*]` for each element, or `.key`"
#: A wrong selector, what is wrong with it, what to do, and what is most likely meant.
_RULES: tuple[tuple[str, str, str, str | None], ...] = (
    (r"\[([^\]]*)", "is not closed", r"write `[\1]`", r"[\1]"),
    (r"\[[^:]*:[^:]*:.*\]", "has a step", "a slice is `[start:stop]`, without a step", None),
    (rf"\[ *([\"'])({_KEY})\1 *\]", _NO_SELECTOR, r"a key is written `.\2`", r".\2"),
    (rf"\[ *({_KEY}) *\]", _NO_SELECTOR, r"a key is written `.\1`", r".\1"),
    (r"\[ *(?:\.\.\.)? *\]", _NO_SELECTOR, "each element is `[*]`", "[*]"),
    (
        r"\[ *(-?[0-9]+) *, *(-?[0-9]+) *\]",
        "has two indices",
        r"write `[\1][\2]`: the second index is for what the first one takes",
        r"[\1][\2]",
    ),
    (r"\[ *-?0+ *\]", _NO_SELECTOR, "write `[0]`", "[0]"),
    (r"\[ *(-?)0*([1-9][0-9]{0,3}) *\]", _NO_SELECTOR, r"write `[\1\2]`", r"[\1\2]"),
    (
        rf"\[.*[0-9]{{{MAX_DIGITS + 1}}}.*\]",
        "is out of range",
        f"an index has at most {MAX_DIGITS} digits",
        None,
    ),
    (r"\[.*\]", _NO_SELECTOR, _FORMS, None),
    (r"\.(-?[0-9]+)", _NO_SELECTOR, r"an index is written `[\1]`", r"[\1]"),
    (r"\.detach\(.*", _NO_SELECTOR, "write `{ name = ..., detach = true }`", None),
    (r".*\(.*", "is a call", "nothing is called: pass what it returns as a tensor of its own", None),
    (r"\..*__.*", "has `__`", "a key of a mapping has no `__`, and an attribute cannot be read", None),
    (r"\.(?:[^A-Za-z].*)?", _NO_SELECTOR, "a key starts with a letter", None),
    (r"\..*", _NO_SELECTOR, "a key has only letters, digits and `_`", None),
)


def selection_fault(text: str, path: KeyPath) -> Fault:
    """Return the fault of a string that is not a reference.

    >>> fault = selection_fault("feats[::2]", ("losses", "a", "inputs", 0))
    >>> print(f"{fault.message}: {fault.help}")
    `"feats[::2]"` is not a valid reference: `[::2]` has a step: a slice is `[start:stop]`, without a step
    """
    tensor = tensor_of(text)
    compact = text.replace(" ", "")
    rest = text[len(tensor) :]
    if not tensor or (rest[0] not in "[.(" and not (rest[0] == " " and "[" in rest and is_valid(compact))):
        message = f"`{dotted(path)}` must be a name, got {quote(text)}: {NAMES_HELP}"
        help_ = "a spec does no arithmetic on tensors: pass the result as a tensor of its own"
        return Fault("bad-name", message, path, help=help_ if _is_arithmetic(text) else "")
    why, help_, meant = _explained(text, len(tensor))
    if meant is None and compact != text:
        help_, meant = "write it without spaces", compact
    message = f"{quote(text, _QUOTED)} is not a valid reference: {why}"
    replacement = f'"{meant}"' if meant is not None and is_valid(meant) else None
    return Fault("bad-selector", message, path, help=help_, replacement=replacement)


def _explained(text: str, at: int) -> tuple[str, str, str | None]:
    """Return what is wrong with the first wrong selector, what to do, and the text that is meant."""
    for offset, part in _parts(text, at):
        if is_selector(part):
            continue
        for pattern, why, help_, meant in _RULES:
            found = re.fullmatch(pattern, part, re.ASCII) if len(part) <= _LONG else None
            if found:
                whole = None if meant is None else text[:offset] + found.expand(meant)
                end = None if whole is None else whole + text[offset + len(part) :]
                return f"`{shorten(part)}` {why}", found.expand(help_), end
        return f"`{shorten(part)}` {_NO_SELECTOR}", _FORMS, None
    return f"it has more than {MAX_SELECTORS} selectors", "pass what it takes as a tensor of its own", None


def _parts(text: str, at: int) -> Iterator[tuple[int, str]]:
    """Yield the parts of a text that should be selectors, each with its offset."""
    for found in _PART.finditer(text, at):
        yield found.start(), found.group()
