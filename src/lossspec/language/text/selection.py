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
from typing import Final

from attrs import frozen

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
_selector = re.compile(_SELECTOR, re.ASCII).match
_part = re.compile(r"\[[^\]]*\]?|\.[^.\[]*|[^.\[]+").match
_numbers = re.compile(r"[0-9]+", re.ASCII).findall


class SelectionError(ValueError):
    """A reference that is not valid.

    Attributes:
        offset: where in its text the first wrong part starts.
        help: what to write instead, or "".
        replacement: the reference that is most likely meant, or None.
    """

    def __init__(self, message: str, offset: int, help_: str = "", replacement: str | None = None) -> None:
        super().__init__(message)
        self.offset, self.help, self.replacement = offset, help_, replacement


@frozen
class Selection:
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


def parse_selection(text: str) -> Selection:
    """Read a reference.

    Raises:
        SelectionError: it is not valid; its message says which part, and what a selector can be.
    """
    found = _name(text)
    if found is None:
        raise SelectionError("a reference must start with the name of a tensor", 0)
    at = found.end()
    selectors: list[Selector] = []
    while at < len(text):
        match = _selector(text, at)
        if match is None:
            raise _wrong(text, at)
        if len(selectors) == MAX_SELECTORS:
            raise SelectionError(f"it has more than {MAX_SELECTORS} selectors", at)
        selectors.append(_read(match.group()))
        at = match.end()
    return Selection(found.group(), tuple(selectors))


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


def _wrong(text: str, at: int) -> SelectionError:
    """Return the error of the selector at an offset."""
    found = _part(text, at)
    part = found.group() if found else text[at:]
    return SelectionError(f"`{part}` is not a selector", at)
