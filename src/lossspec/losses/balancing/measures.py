"""What balancers measure: norms of gradients, and means over the processes of a distributed run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import distributed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def length(gradient: Tensor, *, per_item: bool = False) -> Tensor:
    """Return the Euclidean norm of a gradient, or with ``per_item`` the mean of the norms of its items."""
    dtype = torch.promote_types(gradient.dtype, torch.float32)
    dimensions = tuple(range(1, gradient.dim())) if per_item and gradient.dim() > 1 else None
    lengths: Tensor = torch.linalg.vector_norm(gradient, dim=dimensions, dtype=dtype)
    return lengths.mean()


def size_of_all(gradients: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the mean and the largest magnitude of the elements of several gradients, in 64 bits."""
    count = sum(each.numel() for each in gradients)
    sums = torch.stack([each.abs().sum(dtype=torch.float64) for each in gradients])
    largest = torch.stack([each.abs().amax().double() for each in gradients])
    return sums.sum() / count, largest.amax()


def several_ranks() -> bool:
    """Return whether several processes train together."""
    ready = distributed.is_available() and distributed.is_initialized()
    return ready and distributed.get_world_size() > 1


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


def mean_of_present(values: Tensor, present: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Average values over those processes that have them, in one collective of one size.

    Args:
        values: (M, K) in 64 bits: M measures of K losses; anything where this process has none.
        present: (K,), 1 where this process has a value, else 0.
        samples: the weight of this process in the average.

    Returns:
        The means, and whether each loss has finite ones in any process; a loss without them has the mean 1.
    """
    counts = present
    if several_ranks():
        counts = present * samples
        summed = torch.cat([torch.where(present > 0, values * samples, 0.0), counts.unsqueeze(0)])
        distributed.all_reduce(summed)
        counts = summed[-1]
        values = summed[:-1] / counts
    known = (counts > 0) & values.isfinite().all(0)
    return torch.where(known, values, 1.0), known
