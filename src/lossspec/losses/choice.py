"""An argument that is one of a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lossspec.errors import UnknownNameError
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

Word = TypeVar("Word", bound=str)


def chosen(argument: str, word: str, words: Iterable[Word]) -> Word:
    """Return ``word``, which must be one of ``words``.

    Raises:
        UnknownNameError: it is none of them; the message has the nearest one.

    >>> chosen("mode", "hinge", ("vanilla", "hinge"))
    'hinge'
    """
    known = tuple(words)
    for each in known:
        if each == word:
            return each
    raise UnknownNameError(unknown(argument, word, known))
