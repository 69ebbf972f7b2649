"""The names that a misspelt one may mean, within a budget: a file of mistakes must not cost seconds."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: How many pairs of names one run compares; after that it names no more neighbours.
BUDGET = 20_000
#: A longer name was not misspelt.
_LONG = 64
_SHOWN = 20
_left: ContextVar[int] = ContextVar("comparisons left", default=BUDGET)


def renew() -> None:
    """Begin a run with its whole budget."""
    _left.set(BUDGET)


def close(name: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Return the known names that a misspelt one may mean, the nearest first: one, or two if in doubt.

    >>> close("wieght", ["weight", "inputs"]), close("Weight", ["weight", "height"]), close("x", ["weight"])
    (['weight'], ['weight'], [])
    """
    if _left.get() == 0 or len(name) > _LONG:
        return []
    candidates = [each for each in known if len(each) <= _LONG]
    left = max(_left.get() - len(candidates), 0)
    _left.set(left)
    if left == 0:
        return []
    import difflib  # noqa: PLC0415 - only a mistake pays for it

    same = [each for each in candidates if each.casefold() == name.casefold()]
    return same or difflib.get_close_matches(name, candidates, n=2, cutoff=cutoff)


def near(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to a misspelt one, or None if none is near."""
    found = close(name, known)
    return found[0] if found else None


def near_or_all(kind: str, found: str | None, known: Iterable[object]) -> str:
    """Word the help for a name that nothing bears: the nearest one, or all there are.

    >>> near_or_all("a loss", "G_L1", ["G_L1"]), near_or_all("a loss", None, ["a", "b"])
    ('a loss with a similar name exists: `G_L1`', 'known are `a`, `b`')
    """
    return f"{kind} with a similar name exists: `{found}`" if found else f"known are {listed(known)}"


def listed(names: Iterable[object]) -> str:
    """Write names one after the other, each as code; many are cut, and "none" stands for none.

    >>> listed(["a", "b"])
    '`a`, `b`'
    """
    every = list(names)
    more = [f"{len(every) - _SHOWN} more"] if len(every) > _SHOWN else []
    return ", ".join([*(f"`{name}`" for name in every[:_SHOWN]), *more]) or "none"
