"""The getters of a manager: its losses, weights and last values, selected by tag."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from attrs import fields

from lossspec.errors import RegistrationError, UnknownNameError
from lossspec.log.rows import LMHistory
from lossspec.manager.loss.loss import LMLoss
from lossspec.manager.loss.messages import describe
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from lossspec.manager.record.recorders import Recorders
    from lossspec.manager.record.validation import LatestValidation
    from lossspec.manager.run import Run


class Getters:
    """The getters of a ``LossManager``: they return dicts by loss, for a query of tags."""

    _validation: LatestValidation
    _run: Run

    def __init__(self, losses: dict[str, LMLoss], recorders: Recorders) -> None:
        self._losses = losses
        self._recorders = recorders

    def validation_values(self, name: str = "validation") -> dict[str, float]:
        """Return the mean weighted value of each term, and the mean total of each objective, in validation.

        The mean is over the samples of the latest validation: the values of the section at its latest
        position of the clock, whether they are in the log already or not. If several processes train
        together, those that are in the log are of all of them, others of this process only. A total has the
        name of its objective, or ``NAME.total`` if a term is called so.

        Args:
            name: the section, as in ``validating(name)``.

        Raises:
            UnknownNameError: no value was recorded in a section of this name.

        Example:
            >>> import torch, lossspec
            >>> manager = lossspec.LossManager()
            >>> manager.register_loss_fn("l1", torch.nn.L1Loss(), loss_weight=2.0)
            >>> for batch in torch.tensor([3.0, 3.0, 6.0]).split(2):
            ...     with manager.validating("unseen"):
            ...         _ = manager.compute_loss("l1", batch, torch.zeros_like(batch))
            >>> manager.validation_values("unseen")
            {'l1': 8.0}
        """
        self._recorders.fetch()
        found = {each: loss.validations for each, loss in self._losses.items() if name in loss.validations}
        waiting = {each: validations[name].waiting for each, validations in found.items()}
        objectives = {
            each: loss.objective for each, loss in self._losses.items() if loss.objective is not None
        }
        means = self._validation.means(name, waiting, objectives)
        if not means:
            known = {each for loss in self._losses.values() for each in loss.validations} - {name}
            raise UnknownNameError(unknown("validation section", name, known))
        return means

    def get_registered_losses(
        self, query: Iterable[str] | None = None, strip: bool = True
    ) -> dict[str, LMLoss]:
        """Return the losses by name.

        Args:
            query: tags; losses with any of them are returned. None returns all.
            strip: whether to return read-only copies without history and map, to print; else the losses
                themselves, whose weight can be set.

        Raises:
            UnknownNameError: no loss has one of the tags.
        """
        self._recorders.fetch()
        found = select(self._losses, query)
        return {name: stripped(loss) for name, loss in found.items()} if strip else found

    def get_loss_values(
        self, query: Iterable[str] | None = None, precision: int | None = 2
    ) -> dict[str, float]:
        """Return the mean of the last weighted result of each loss; NaN before the first.

        Args:
            query: tags, as in ``get_registered_losses``.
            precision: decimal places; smaller values keep as many significant digits. None does not round.
        """
        self._recorders.fetch()
        return {
            name: rounded(loss.last_value, precision) for name, loss in select(self._losses, query).items()
        }

    def get_loss_tensors(self, query: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
        """Return the last weighted result of each loss, detached: a map or scalar; empty before the first."""
        self._recorders.fetch()
        return {name: loss.last_loss_map for name, loss in select(self._losses, query).items()}

    def get_loss_weights(
        self, query: Iterable[str] | None = None, precision: int | None = 2
    ) -> dict[str, float]:
        """Return the applied weight of each loss now: term weight times objective weight.

        What a balance makes of it is known after a call: it is in the log.

        Args:
            query: tags, as in ``get_registered_losses``.
            precision: as in ``get_loss_values``.
        """
        found = select(self._losses, query)
        return {name: rounded(loss.applied_weight, precision) for name, loss in found.items()}

    def print_losses(
        self,
        epoch: int,
        iter: int,  # noqa: A002 - the documented name
        precision: int | None = 2,
        capture: bool = False,
    ) -> str | None:
        """Print the last values, or return them as text: ``(epoch: 3, iters: 40) Loss: G_L1: 12.3``.

        A loss without a value shows ``-``.
        """
        known = self.get_loss_values(precision=precision)
        values = {name: known[name] if loss.history.last else "-" for name, loss in self._losses.items()}
        return print_or_return(f"(epoch: {epoch}, iters: {iter}) Loss:", values, capture=capture)

    def print_weights(self, precision: int | None = 2, capture: bool = False) -> str | None:
        """Print the applied weights, or return them as text: ``Loss weights: G_L1: 100.0``.

        Of a loss that a balance weighs, it is the weight that the balance multiplies, and the text says so.
        """
        balanced = {name for each in self._run.balances.values() for name in each.losses}
        weights = {
            name: f"{weight} (before the balance)" if name in balanced else weight
            for name, weight in self.get_loss_weights(precision=precision).items()
        }
        return print_or_return("Loss weights:", weights, capture=capture)


def select(losses: Mapping[str, LMLoss], query: Iterable[str] | None) -> dict[str, LMLoss]:
    """Return the losses that have any of the tags, or all without a query.

    Raises:
        UnknownNameError: no loss has one of the tags, or a tag is not a string.
    """
    if query is None:
        return dict(losses)
    given: object = query
    known = {tag for loss in losses.values() for tag in loss.all_tags()}
    wanted = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    for tag in wanted:
        if not isinstance(tag, str):
            raise UnknownNameError(f"`query` must be a tag or an iterable of tags, got {describe(tag)}")
        if tag not in known:
            raise UnknownNameError(unknown("tag", tag, known))
    return {name: loss for name, loss in losses.items() if not loss.all_tags().isdisjoint(wanted)}


def rounded(value: float, precision: int | None) -> float:
    """Round to ``precision`` decimal places, or significant digits if that would give 0.

    >>> rounded(12.3456, 2), rounded(0.001, 2), rounded(0.0012345, 2), rounded(0.0, 2), rounded(0.7, None)
    (12.35, 0.001, 0.0012, 0.0, 0.7)
    """
    if precision is None or not math.isfinite(value):
        return value
    near = round(value, precision)
    return near if near or not value else float(f"{value:.{max(precision, 1)}g}")


class StrippedLoss(LMLoss):
    """A read-only copy of a loss without history and map."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise RegistrationError(
            f"the {name} of this copy of `{self.name}` cannot be set: get the loss itself with "
            f"`manager.get_registered_losses(strip=False)[{self.name!r}]`"
        )


def stripped(loss: LMLoss) -> StrippedLoss:
    """Return a read-only copy without history and map."""
    copy, history = StrippedLoss.__new__(StrippedLoss), LMHistory()
    emptied: dict[str, object] = {
        "history": history,
        "training": history,
        "validations": {},
        "last_map": None,
        "on_weight_set": None,
    }
    for each in fields(LMLoss):
        object.__setattr__(copy, each.name, emptied.get(each.name, getattr(loss, each.name)))
    return copy


def print_or_return(start: str, values: Mapping[str, float | str], *, capture: bool) -> str | None:
    """Print ``start`` and the values by name on one line, or return the line."""
    text = " ".join([start, *(f"{name}: {value}" for name, value in values.items())])
    if capture:
        return text
    print(text)  # noqa: T201 - the caller asked for it
    return None
