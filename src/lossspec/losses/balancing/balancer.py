"""The base classes of balancers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from lossspec.errors import LossInputError
from lossspec.losses.balancing.measures import mean_of_present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class Balancer(nn.Module):
    """A module that takes the values of some losses and returns their contribution to the total.

    A subclass has ``forward(values, weights, *inputs)``. ``values`` are the unweighted losses by name, each a
    scalar with its graph, in the order of the spec, without those that are skipped; ``weights`` are their
    current weights in the spec; ``inputs`` are the tensors that the spec names. It returns the
    contribution, one scalar with its graph, and the applied weights by name, for the log.

    State that changes from step to step is in buffers, so it is in ``state_dict``. Buffers and parameters
    keep their types when the module is cast, since an average in 16 bits would not change.

    Args:
        losses: the names of the losses to balance.

    Attributes:
        moves: whether a call with gradients changes the state. The objective sets it before each call: it is
            False in validation, in ``unrecorded()`` and in copies.
        epoch: the epoch of the manager's clock, which the objective sets too.
        samples: the batch size of the call, the weight of this process in a mean over several.
        name: for messages.

    Example:
        >>> class Equal(Balancer):
        ...     def forward(self, values, weights):
        ...         applied = {name: weights[name] / value.detach() for name, value in values.items()}
        ...         return sum(applied[name] * value for name, value in values.items()), applied
        >>> balancer = Equal(["l1", "ssim"])
        >>> balancer({"l1": torch.tensor(4.0), "ssim": torch.tensor(0.5)}, {"l1": 1.0, "ssim": 2.0})[0]
        tensor(3.)
    """

    def __init__(self, losses: Sequence[str]) -> None:
        super().__init__()
        self.losses = tuple(losses)
        self.name = type(self).__name__
        self.moves = True
        self.epoch = 0.0
        self.samples = 1
        self._indices: dict[tuple[tuple[int, ...], torch.device], Tensor] = {}

    @property
    def is_moving(self) -> bool:
        """Whether the current call changes the state."""
        return self.moves and torch.is_grad_enabled()

    def join(self) -> None:
        """Take part in the collective of this step without values, where this process skips all losses."""

    def unmoved(self) -> str:
        """Return what the training loop leaves out, for a warning at a flush after the first steps, or ""."""
        return ""

    def places(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return the positions of losses in ``losses``."""
        return tuple(self.losses.index(name) for name in names)

    def index(self, places: Sequence[int], device: torch.device) -> Tensor:
        """Return positions as a tensor; each is sent to the device once, since the host waits for that."""
        key = tuple(places), device
        if key not in self._indices:
            with torch.inference_mode(mode=False):
                self._indices[key] = torch.tensor(places, dtype=torch.int64, device=device)
        return self._indices[key]

    def follow(self, measured: Tensor, state: Tensor) -> None:
        """Move this module to the device of the losses, where the caller has not moved the objective."""
        if state.device != measured.device:
            self.to(measured.device)

    def check_positive(self, values: Mapping[str, Tensor], why: str) -> None:
        """Check that values on the CPU are above 0; on an accelerator, the host would have to wait for them.

        Raises:
            LossInputError: one is not; NaN passes, since it is not a matter of the loss's sign.
        """
        for name, value in values.items():
            if value.is_cpu and bool(value.detach() <= 0):
                found = f"got `{name}` = {value.detach().item():.6g}"
                raise LossInputError(
                    f"{self.name} needs positive losses, {found}: {why}. Take `{name}` out of the "
                    "`losses` of the balance, or use a loss that is above 0"
                )

    def means(self, measured: Tensor, places: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Average what this process measured over all processes, in one collective.

        Args:
            measured: (M, n) in 64 bits: M measures of the losses at n positions, which can be none.
            places: these positions, in the order of ``measured``.

        Returns:
            (M, K), the means for all losses, 1 for one without finite means; and (K,), whether it has them.
        """
        count, device = len(self.losses), measured.device
        if places == tuple(range(count)):
            present = measured.new_ones(count)
        else:
            where = self.index(places, device)
            present = measured.new_zeros(count).index_fill(0, where, 1.0)
            measured = measured.new_zeros(len(measured), count).index_copy(1, where, measured)
        return mean_of_present(measured, present, self.samples)

    def gradient(self, loss: str, value: Tensor, by: Tensor) -> Tensor:
        """Differentiate the value of a loss by one tensor; the graph is kept.

        Args:
            loss: its name, for the message.
            value: a scalar.
            by: a tensor that the value was computed from.

        Raises:
            LossInputError: the value was not computed from it with gradients.
        """
        return self.gradients(loss, value, [by])[0]

    def gradients(self, loss: str, value: Tensor, by: Sequence[Tensor]) -> list[Tensor]:
        """Differentiate the value of a loss by several tensors; zeros where it does not depend on one.

        Raises:
            LossInputError: the value was not computed from any of them with gradients.
        """
        tracked = [each for each in by if each.requires_grad]
        found: Sequence[Tensor | None] = []
        if value.requires_grad and tracked:
            found = torch.autograd.grad(value, tracked, retain_graph=True, allow_unused=True)
        if all(each is None for each in found):
            shapes = ", ".join(str(tuple(each.shape)) for each in by)
            what = f"the tensor of shape {shapes}" if len(by) == 1 else f"the tensors of shapes {shapes}"
            raise LossInputError(
                f"{self.name} differentiates `{loss}`, which was not computed from {what} "
                "with gradients: is it the right tensor, and is it not detached?"
            )
        gradients = iter(found)
        filled = [next(gradients) if each.requires_grad else None for each in by]
        return [
            torch.zeros_like(tensor) if each is None else each
            for tensor, each in zip(by, filled, strict=True)
        ]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        buffers = dict(self.named_buffers(recurse=False))
        parameters = {name: each.data for name, each in self.named_parameters(recurse=False)}
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch has no types for it
        for name, buffer in buffers.items():  # moved, but not cast
            setattr(self, name, buffer.to(self.get_buffer(name).device))
        for name, data in parameters.items():
            parameter = self.get_parameter(name)
            if parameter.dtype != data.dtype:
                parameter.data = data.to(parameter.device)
        return self


class FactorBalancer(Balancer):
    """A balancer that gives each loss a factor: its contribution is the sum of factor * weight * value.

    A subclass has ``weigh``. The objective calls it and weighs all its losses in one product of vectors;
    ``forward`` does the same for a caller without an objective.
    """

    def weigh(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float], *inputs: Any, **named: Any
    ) -> tuple[Tensor, Tensor | None]:
        """Return the factors, a vector in the order of ``values``, and what is added to the total, or None.

        Both are detached, except from the balancer's own parameters.
        """
        raise NotImplementedError

    def summed(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],
        found: tuple[Tensor, Tensor | None],
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the contribution and the applied weights for what ``weigh`` returned."""
        factors, added = found
        applied = {name: factor * weights[name] for name, factor in zip(values, factors, strict=True)}
        total = weighted_sum(values, applied)
        if added is not None:
            total = total + added.to(total.dtype)
        return total, {name: weight.detach() for name, weight in applied.items()}


def stacked(values: Mapping[str, Tensor], like: Tensor) -> Tensor:
    """Return values as a row in 64 bits without graphs; on the device of ``like`` if there are none."""
    if not values:
        return like.new_zeros((1, 0), dtype=torch.float64)
    return torch.stack([each.detach() for each in values.values()]).double().unsqueeze(0)


def weighted_sum(values: Mapping[str, Tensor], weights: Mapping[str, float | Tensor]) -> Tensor:
    """Return the weighted sum of losses in their type; a tensor as a weight counts with at least 32 bits."""
    total: Tensor | None = None
    for name, value in values.items():
        weight = weights[name]
        if isinstance(weight, Tensor):
            wide = torch.promote_types(value.dtype, torch.float32)
            part = (value.to(wide) * weight.to(wide)).to(value.dtype)
        else:
            part = value * weight
        total = part if total is None else total + part
    if total is None:
        raise LossInputError("there are no losses to add up")
    return total
