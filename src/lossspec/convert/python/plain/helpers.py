"""What exported modules do with lists; a module holds those of these functions that it uses."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor


def elements(*values: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the elements of lists of one length together; what is no list stands beside each of them."""
    lists = [
        isinstance(value, list | tuple) and not isinstance(next(iter(value), None), int) for value in values
    ]
    lengths = {len(value) for value, is_list in zip(values, lists, strict=True) if is_list}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"lists of one length are needed, of 1 or more: got {sorted(lengths)}")
    for index in range(lengths.pop()):
        yield tuple(value[index] if is_list else value for value, is_list in zip(values, lists, strict=True))


def mean(values: Iterable[Tensor]) -> Tensor:
    """Return the mean of scalars."""
    found = list(values)
    return torch.as_tensor(sum(found) / len(found))


def detached(value: Any) -> Any:
    """Cut tensors from their graph; through lists."""
    return [detached(each) for each in value] if isinstance(value, list | tuple) else value.detach()


def filled(like: Any, value: float) -> Any:
    """Return tensors full of a value, in the shapes of others; through lists."""
    if isinstance(like, list | tuple):
        return [filled(each, value) for each in like]
    return torch.full_like(like, value)


def classes(like: Tensor, index: int) -> Tensor:
    """Return a class index for each prediction: in the shape of scores without their dimension of classes."""
    shape = (*like.shape[:1], *like.shape[2:]) if like.dim() > 1 else ()
    return torch.full(shape, index, dtype=torch.int64, device=like.device)


def per_item(like: Tensor, value: float) -> Tensor:
    """Return a value for each item."""
    return torch.full(like.shape[:1] if like.dim() > 1 else (), value, dtype=like.dtype, device=like.device)
