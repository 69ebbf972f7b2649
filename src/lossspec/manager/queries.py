"""Answers to questions about losses: by tag, rounded for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import fields

from lossspec.errors import RegistrationError, UnknownNameError
from lossspec.manager.history import LMHistory
from lossspec.manager.loss import LMLoss
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def tags_of(loss: LMLoss) -> set[str]:
    """Return its tags; the name of its objective is one."""
    return {*loss.tags, *([loss.objective] if loss.objective is not None else [])}


def select(losses: Mapping[str, LMLoss], query: Iterable[str] | None) -> dict[str, LMLoss]:
    """Return the losses that have any of the tags; all without a query.

    Raises:
        UnknownNameError: no loss has a tag of the query.
    """
    if query is None:
        return dict(losses)
    if isinstance(query, str):
        query = [query]
    wanted = list(query)
    known = {tag for loss in losses.values() for tag in tags_of(loss)}
    for tag in wanted:
        if tag not in known:
            raise UnknownNameError(unknown("tag", tag, known))
    return {name: loss for name, loss in losses.items() if not tags_of(loss).isdisjoint(wanted)}


def rounded(value: float, precision: int | None) -> float:
    """Round to ``precision`` places, or digits for what is smaller: a value is never shown as 0.

    >>> rounded(12.3456, 2), rounded(0.001, 2), rounded(0.0012345, 2), rounded(0.0, 2), rounded(0.7, None)
    (12.35, 0.001, 0.0012, 0.0, 0.7)
    """
    if precision is None or not math.isfinite(value):
        return value
    near = round(value, precision)
    return near if near or not value else float(f"{value:.{max(precision, 1)}g}")


class StrippedLoss(LMLoss):
    """A copy of a loss without history and map, to look at: what is set on it would change nothing."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise RegistrationError(
            f"the {name} of this `{self.name}` can't be set, since it is a copy: the loss itself is "
            f"`manager.get_registered_losses(strip=False)[{self.name!r}]`"
        )


def stripped(loss: LMLoss) -> StrippedLoss:
    """Return a copy without history and map."""
    copy, history = StrippedLoss.__new__(StrippedLoss), LMHistory()
    own: dict[str, object] = {
        "history": history,
        "training": history,
        "validation": LMHistory(),
        "last_map": None,
        "changed": None,
    }
    for each in fields(LMLoss):
        object.__setattr__(copy, each.name, own.get(each.name, getattr(loss, each.name)))
    return copy


def say(start: str, values: Mapping[str, float | str], *, capture: bool) -> str | None:
    """Print a line of values by name after ``start``, or return it."""
    text = " ".join([start, *(f"{name}: {value}" for name, value in values.items())])
    if capture:
        return text
    print(text)  # noqa: T201 - it is what the caller asked for
    return None
