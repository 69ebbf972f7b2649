"""References to tensors: ``NAME`` and any of ``[INT]``, ``[INT?:INT?]``, ``[*]`` and ``.KEY``.

>>> from lossspec.language.text.selection import parse_selection
>>> parse_selection("pred_fake[*][-1]")
Selection(name='pred_fake', selectors=('*', -1))
>>> str(parse_selection("out.levels[:-1]"))
'out.levels[:-1]'

It is data: nothing of it is ever evaluated.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

#: ``[i]``, ``[start:stop]``, ``"*"`` for ``[*]``, or ``".key"`` for ``.KEY``.
Selector = int | tuple[int | None, int | None] | str

#: The most selectors of one reference.
MAX_SELECTORS: Final = 8
#: The most digits of an index.
MAX_DIGITS: Final = 4

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_INT = f"(?:0|-?[1-9][0-9]{{0,{MAX_DIGITS - 1}}})"
_KEY = "[A-Za-z](?:_?[A-Za-z0-9])*_?"  # without two `_` in a row
_SELECTOR = rf"(?:\[(?:{_INT}|{_INT}?:{_INT}?|\*)\]|\.{_KEY})"
#: A reference, in the common subset of Python's and JSON Schema's regular expressions.
PATTERN: Final = rf"^{_NAME}{_SELECTOR}{{0,{MAX_SELECTORS}}}$"

_name = re.compile(_NAME, re.ASCII).match


class SelectionError(ValueError):
    """A reference that is not valid.

    Attributes:
        offset: where in its text the first wrong part starts.
    """

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(f"{text!r} is not a valid reference, from offset {offset}")
        self.offset = offset


class Selection(NamedTuple):
    """A tensor, and what is taken of it.

    Attributes:
        name: the name of the tensor.
        selectors: what each selector takes, from left to right; none for the whole tensor.
    """

    name: str
    selectors: tuple[Selector, ...] = ()

    def __str__(self) -> str:
        return written(self.name, self.selectors)


def written(name: str, selectors: tuple[Selector, ...]) -> str:
    """Return a reference as a spec has it.

    >>> written("feats", ((None, -1), "*", 0, ".depth"))
    'feats[:-1][*][0].depth'
    """
    return name + "".join(map(_written, selectors))


def _written(selector: Selector) -> str:
    if isinstance(selector, tuple):
        start, stop = ("" if each is None else each for each in selector)
        return f"[{start}:{stop}]"
    if isinstance(selector, str) and selector != "*":
        return selector
    return f"[{selector}]"


@cache
def _selector() -> re.Pattern[str]:
    """Compile the pattern of a selector: most specs have none."""
    return re.compile(_SELECTOR, re.ASCII)


def parse_selection(text: str) -> Selection:
    """Read a reference.

    Raises:
        SelectionError: it is not valid.
    """
    name = tensor_of(text)
    at = len(name)
    selectors: list[Selector] = []
    while at < len(text):
        found = _selector().match(text, at) if name and len(selectors) < MAX_SELECTORS else None
        if found is None:
            raise SelectionError(text, at)
        selectors.append(_read(found.group()))
        at = found.end()
    if not name:
        raise SelectionError(text, 0)
    return Selection(name, tuple(selectors))


def _read(text: str) -> Selector:
    if text[0] == ".":
        return text
    inside = text[1:-1]
    if inside == "*":
        return inside
    if ":" not in inside:
        return int(inside)
    start, stop = (int(each) if each else None for each in inside.split(":"))
    return start, stop


def tensor_of(text: str) -> str:
    """Return the name of the tensor that a text starts with, valid or not; "" if there is none.

    >>> tensor_of("feats[:-1]"), tensor_of("feats[")
    ('feats', 'feats')
    """
    found = _name(text)
    return found.group() if found else ""


def is_valid(text: str) -> bool:
    """Return whether a text is a reference.

    >>> is_valid("feats[-1]"), is_valid("feats[::2]")
    (True, False)
    """
    return re.fullmatch(PATTERN[1:-1], text, re.ASCII) is not None


def is_selector(text: str) -> bool:
    """Return whether a text is one selector.

    >>> is_selector("[-1]"), is_selector(".depth"), is_selector("depth")
    (True, True, False)
    """
    return _selector().fullmatch(text) is not None


def gives_list(text: str) -> bool:
    """Return whether a reference certainly gives a list: it takes something of each element, or a slice.

    >>> gives_list("feats[*][-1]"), gives_list("feats[:-1]"), gives_list("feats[:2][0]"), gives_list("feats")
    (True, True, False, False)
    """
    selectors = parse_selection(text).selectors
    return "*" in selectors or isinstance(selectors[-1] if selectors else None, tuple)
