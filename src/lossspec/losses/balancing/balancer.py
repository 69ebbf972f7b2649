"""The base class of balancers, and the functions that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor, distributed, nn

from lossspec.errors import LossInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Balancer(nn.Module):
    """A module that takes the values of some losses and returns their contribution to the total.

    A subclass has ``forward(values, weights, *inputs)``. ``values`` are the unweighted losses by name, each a
    scalar with its graph, in the order of the spec, without those that are skipped; ``weights`` are their
    current weights in the spec; ``inputs`` are the tensors that the spec names. It returns the
    contribution, one scalar with its graph, and the applied weights by name, for the log.

    State that changes from step to step is in buffers, so it is in ``state_dict``. Buffers keep their types
    when the module is cast, since an average in 16 bits would not change.

    Args:
        losses: the names of the losses to balance.

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

    def gradient(self, loss: str, value: Tensor, by: Tensor) -> Tensor:
        """Differentiate the value of a loss by one tensor; the graph is kept.

        Args:
            loss: its name, for the message.
            value: a scalar.
            by: a tensor that the value was computed from.

        Raises:
            LossInputError: the value was not computed from it with gradients.
        """
        found: Tensor | None = None
        if value.requires_grad and by.requires_grad:
            (found,) = torch.autograd.grad(value, by, retain_graph=True, allow_unused=True)
        if found is None:
            raise LossInputError(
                f"{type(self).__name__} differentiates `{loss}`, which was not computed from the tensor of "
                f"shape {tuple(by.shape)} with gradients: is it the right tensor, and is it not detached?"
            )
        return found

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        kept = dict(self.named_buffers(recurse=False))
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch has no types for it
        for name, buffer in kept.items():  # moved, but not cast
            setattr(self, name, buffer.to(self.get_buffer(name).device))
        return self


def length(gradient: Tensor, *, per_item: bool = False) -> Tensor:
    """Return the Euclidean norm of a gradient, or with ``per_item`` the mean of the norms of its items."""
    dtype = torch.promote_types(gradient.dtype, torch.float32)
    dimensions = tuple(range(1, gradient.dim())) if per_item and gradient.dim() > 1 else None
    lengths: Tensor = torch.linalg.vector_norm(gradient, dim=dimensions, dtype=dtype)
    return lengths.mean()


def mean_over_ranks(values: Sequence[Tensor], samples: int = 1) -> Tensor:
    """Stack scalars and average them over the processes of a distributed run, in one collective.

    Args:
        values: the scalars, the same number of them in every process.
        samples: the weight of this process in the average.
    """
    stacked = torch.stack([value.double() for value in values])
    if not (distributed.is_available() and distributed.is_initialized()):
        return stacked
    summed = torch.cat([stacked, stacked.new_ones(1)]) * samples
    distributed.all_reduce(summed)
    mean: Tensor = summed[:-1] / summed[-1]
    return mean


def weighted_sum(values: Mapping[str, Tensor], weights: Mapping[str, float | Tensor]) -> Tensor:
    """Return the weighted sum of losses; a weight that is a tensor is cast to the type of its loss."""
    total: Tensor | None = None
    for name, value in values.items():
        weight = weights[name]
        part = value * (weight.to(value.dtype) if isinstance(weight, Tensor) else weight)
        total = part if total is None else total + part
    if total is None:
        raise LossInputError("there are no losses to add up")
    return total
