"""What exported modules do with lists; a module holds those of these functions that it uses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor


def entry(value: Any, name: str) -> Any:
    """Return the value of a key of a mapping, or of a field of a named tuple."""
    return value[name] if isinstance(value, Mapping) else getattr(value, name)


def has(value: Any, *path: Any) -> bool:
    """Return whether nothing on a path is None, and no key on it is missing."""
    if value is None or not path:
        return value is not None
    first, rest = path[0], path[1:]
    if first == "*":
        return all(has(each, *rest) for each in value)
    if not isinstance(first, str):
        return has(value[first], *rest)
    name = first.removeprefix(".")
    names = value if isinstance(value, Mapping) else getattr(value, "_fields", ())
    return name in names and has(entry(value, name), *rest)


def is_list(value: Any) -> bool:
    """Return whether a value is a list of tensors, and not of numbers."""
    return isinstance(value, list | tuple) and not isinstance(next(iter(value), None), int)


def elements(*values: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the elements of lists of one length together; what is no list stands beside each of them."""
    lengths = {len(value) for value in values if is_list(value)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"lists of one length are needed, of 1 or more: got {sorted(lengths)}")
    for index in range(lengths.pop()):
        yield tuple(value[index] if is_list(value) else value for value in values)


def pairs(*values: Any, different: bool = False) -> Iterator[tuple[Any, ...]]:
    """Yield each pair of elements of two lists, or those at different positions, beside what is no list."""
    first, second = (index for index, value in enumerate(values) if is_list(value))
    for one, left in enumerate(values[first]):
        for other, right in enumerate(values[second]):
            if one != other or not different:
                pair = {first: left, second: right}
                yield tuple(pair.get(index, value) for index, value in enumerate(values))


def least(values: Iterable[Tensor]) -> Tensor:
    """Return the least of some tensors, element by element."""
    found: Tensor = torch.stack([*values]).min(dim=0).values
    return found


def greatest(values: Iterable[Tensor]) -> Tensor:
    """Return the greatest of some tensors, element by element."""
    found: Tensor = torch.stack([*values]).max(dim=0).values
    return found


def decayed(values: Iterable[Tensor], decay: float, mean: bool = False) -> Tensor:
    """Return a sum or mean in which the last tensor weighs 1, and each one before it `decay` times less."""
    found = list(values)
    weights = [decay ** (len(found) - 1 - index) for index in range(len(found))]
    total = sum(weight * value for weight, value in zip(weights, found, strict=True))
    return torch.as_tensor(total / sum(weights) if mean else total)


def reduced(
    losses: Tensor, weights: Any = None, by: Tensor | float | str = "elements", minimum: float | None = None
) -> Tensor:
    """Return the sum of weights times losses, divided; a loss of weight 0 is left out, even if it is NaN."""
    wide = torch.promote_types(losses.dtype, torch.float32)
    given, kind = losses.to(wide), losses.dtype if losses.dtype.is_floating_point else wide
    weight = given.new_ones(()) if weights is None else torch.as_tensor(weights).to(given)
    if weights is not None:
        expanded = weight.reshape(weight.shape + (1,) * (losses.dim() - weight.dim()))
        alike = [index for index, size in enumerate(expanded.shape) if size == 1]
        given = given.sum(dim=alike, keepdim=True) if alike else given
        given = given.masked_fill(expanded == 0, 0) * expanded
    if isinstance(by, str) and by == "weights":
        whole = weight.sum() * (losses.numel() // max(weight.numel(), 1))
        is_zero = whole == 0
        return (given.sum() / whole.masked_fill(is_zero, 1)).masked_fill(is_zero, 0).to(kind)
    if isinstance(by, str):
        by = losses.numel() if by == "elements" else len(losses)
    by = torch.as_tensor(by).reshape(()).to(given)
    return (given.sum() / (by if minimum is None else by.clamp(min=minimum))).to(kind)


class Guard(torch.autograd.Function):
    """Passes a tensor on; in backward, replaces NaN by 0 where the mask is true."""

    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG004 - for the backward
        """Return the tensor."""
        return value.view_as(value)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:  # noqa: ARG004
        """Keep the mask."""
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the gradient without NaN."""
        (mask,) = ctx.saved_tensors
        return gradient.masked_fill(mask & gradient.isnan(), 0), None


def guarded(value: Tensor, weights: Any) -> Tensor:
    """Return a tensor whose gradient is 0, not NaN, where its weight is 0 (a masked target may be NaN)."""
    shape = weights.shape if isinstance(weights, Tensor) else ()
    fits = all(size in (1, of) for size, of in zip(shape, value.shape, strict=False))
    if not (shape and value.requires_grad and fits and len(shape) <= value.dim()):
        return value
    mask = (weights == 0).reshape(*shape, *[1] * (value.dim() - len(shape)))
    return Guard.apply(value, mask)  # type: ignore[no-any-return, no-untyped-call]


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
