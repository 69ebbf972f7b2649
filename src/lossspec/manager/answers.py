"""What a manager answers: its losses, their last values, maps and weights, as dicts and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.manager.queries import rounded, say, select, stripped

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

    from lossspec.manager.loss import LMLoss
    from lossspec.manager.recorders import Recorders


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
