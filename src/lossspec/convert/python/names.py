"""Hands out names of a module or a function, each once."""

from __future__ import annotations

import builtins
import keyword
from itertools import count


class Names:
    """The names that are taken in one scope.

    >>> names = Names({"torch"})
    >>> names.take("G_L1"), names.take("G_L1"), names.take("torch"), names.take("lambda")
    ('G_L1', 'G_L1_2', 'torch_2', 'lambda_2')
    """

    def __init__(self, taken: set[str] | frozenset[str] = frozenset()) -> None:
        self.taken = set(taken)
        self._next: dict[str, int] = {}  # by name: no number below it is free

    def take(self, *wanted: str) -> str:
        """Return the first of the names that is free, or else the last with a number behind it."""
        name = next(filter(self.is_free, wanted), None) or self._numbered(wanted[-1])
        self.taken.add(name)
        return name

    def _numbered(self, name: str) -> str:
        for number in count(self._next.get(name, 2)):
            if self.is_free(numbered := f"{name}_{number}"):
                self._next[name] = number + 1
                break
        return numbered

    def is_free(self, name: str) -> bool:
        """Say whether nothing has this name, Python itself included."""
        return name not in self.taken and not keyword.iskeyword(name) and not hasattr(builtins, name)
