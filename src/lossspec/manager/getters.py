"""Getters of a manager: losses, weights and values, by tag and rounded for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import fields

from lossspec.errors import RegistrationError, UnknownNameError
from lossspec.log.rows import LMHistory
from lossspec.manager.loss.loss import LMLoss, tags_of
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch

    from lossspec.manager.record.recorders import Recorders


class Answers:
    """The getters of a ``LossManager``: all by name, all with a query of tags."""

    def __init__(self, losses: dict[str, LMLoss], recorders: Recorders) -> None:
        self._losses = losses
        self._recorders = recorders

    def get_registered_losses(
        self, query: Iterable[str] | None = None, strip: bool = True
    ) -> dict[str, LMLoss]:
        """Return the losses by name.

        Args:
            query: tags; a loss with any of them is returned. All without it.
            strip: whether to return copies without history and map, good to print; else the losses. To set
                a weight takes the loss itself: a copy refuses it.

        Raises:
            UnknownNameError: no loss has a tag of the query.
        """
        self._recorders.fetch()
        found = select(self._losses, query)
        return {name: stripped(loss) for name, loss in found.items()} if strip else found

    def get_loss_values(
        self, query: Iterable[str] | None = None, precision: int | None = 2
    ) -> dict[str, float]:
        """Return the mean of the last weighted result of each loss; NaN where there is none.

        Args:
            query: tags, as in ``get_registered_losses``.
            precision: how many places to round to; smaller values keep as many digits. None for all.
        """
        self._recorders.fetch()
        return {
            name: rounded(loss.last_value, precision) for name, loss in select(self._losses, query).items()
        }

    def get_loss_tensors(self, query: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
        """Return the last weighted result of each loss, detached: a map, or one element; empty before any."""
        self._recorders.fetch()
        return {name: loss.last_loss_map for name, loss in select(self._losses, query).items()}

    def get_loss_weights(
        self, query: Iterable[str] | None = None, precision: int | None = 2
    ) -> dict[str, float]:
        """Return the weight that applies now to each loss, its objective's included.

        Args:
            query: tags, as in ``get_registered_losses``.
            precision: as in ``get_loss_values``.
        """
        found = select(self._losses, query)
        return {name: rounded(loss.applied_weight, precision) for name, loss in found.items()}

    def print_losses(
        self,
        epoch: int,
        iter: int,  # noqa: A002 - the name that its users know
        precision: int | None = 2,
        capture: bool = False,
    ) -> str | None:
        """Print the last values, or return them as text: ``(epoch: 3, iters: 40) Loss: G_L1: 12.3``.

        A loss that has none yet has a ``-``.
        """
        known = self.get_loss_values(precision=precision)
        values = {name: known[name] if loss.history.last else "-" for name, loss in self._losses.items()}
        return say(f"(epoch: {epoch}, iters: {iter}) Loss:", values, capture=capture)

    def print_weights(self, precision: int | None = 2, capture: bool = False) -> str | None:
        """Print the weights that apply now, or return them as text: ``Loss weights: G_L1: 100.0``."""
        return say("Loss weights:", self.get_loss_weights(precision=precision), capture=capture)


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
