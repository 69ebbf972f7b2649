"""What exported modules do with lists; a module holds those of these functions that it uses."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor


def elements(*values: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the elements of lists of one length together; what is no list stands beside each of them."""
    lengths = {len(value) for value in values if isinstance(value, list | tuple)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"lists of one length are needed, of 1 or more: got {sorted(lengths)}")
    for index in range(lengths.pop()):
        yield tuple(value[index] if isinstance(value, list | tuple) else value for value in values)


def mean(values: Iterable[Tensor]) -> Tensor:
    """Return the mean of scalars."""
    found = list(values)
    return torch.as_tensor(sum(found) / len(found))


def detached(value: Any) -> Any:
    """Cut tensors from their graph; through lists and dicts."""
    if isinstance(value, dict):
        return {key: detached(each) for key, each in value.items()}
    return [detached(each) for each in value] if isinstance(value, list | tuple) else value.detach()


def filled(like: Any, value: float) -> Any:
    """Return tensors full of a value, in the shapes of others; through lists."""
    if isinstance(like, list | tuple):
        return [filled(each, value) for each in like]
    return torch.full_like(like, value)


def classes(like: Tensor, index: int) -> Tensor:
    """Return one class for every item and position: in the shape of `like`, without its classes."""
    shape = like.shape[:1] + like.shape[2:] if like.dim() > 1 else ()
    return torch.full(shape, index, device=like.device)


def items(like: Tensor, value: float) -> Tensor:
    """Return one value for every item of a batch."""
    return like.new_full(like.shape[:1] if like.dim() > 1 else (), value)
