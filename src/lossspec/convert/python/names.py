"""Hands out names of a module or a function, each once."""

from __future__ import annotations

import builtins
import keyword


class Names:
    """The names that are taken in one scope.

    >>> names = Names({"torch"})
    >>> names.take("G_L1"), names.take("G_L1"), names.take("torch"), names.take("lambda")
    ('G_L1', 'G_L1_2', 'torch_2', 'lambda_2')
    """

    def __init__(self, taken: set[str] | frozenset[str] = frozenset()) -> None:
        self.taken = set(taken)

    def take(self, *wanted: str) -> str:
        """Return the first of the names that is free, or else the last with a number behind it."""
        numbered = (f"{wanted[-1]}_{number}" for number in range(2, 10**6))
        name = next(each for each in (*wanted, *numbered) if self.is_free(each))
        self.taken.add(name)
        return name

    def is_free(self, name: str) -> bool:
        """Say whether nothing has this name, Python itself included."""
        return name not in self.taken and not keyword.iskeyword(name) and not hasattr(builtins, name)
