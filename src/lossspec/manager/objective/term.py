"""Binds a term to its inputs: which tensors it takes from a call, in which shape and order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, LossResultError
from lossspec.manager.loss.messages import LISTS, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.language.model import Input, Term
    from lossspec.manager.loss.messages import Function


class BoundTerm:
    """A term of an objective that is called with all the objective's tensors and takes its own.

    Args:
        term: what the spec says of it.
        function: computes it.
        takes_lists: for each input, whether the loss itself takes a list there.
    """

    def __init__(self, term: Term, function: Function, takes_lists: Sequence[bool]) -> None:
        self.name = term.name
        self.function = function
        self.lists = term.lists
        self.inputs: tuple[Input, ...] = term.inputs
        self.takes_lists = tuple(takes_lists)
        self.by_name = any(each.argument is not None for each in term.inputs)
        self.needed = tuple(dict.fromkeys(each.name for each in term.inputs if each.name is not None))
        #: The names in call order, where the inputs are tensors as they are: by far the commonest case.
        self.plain = None if self._is_special() else tuple(str(each.name) for each in term.inputs)
        #: Computes the term without any check of what it takes and returns.
        self.compute = self._call_special if self.plain is None else _direct(function, self.plain)

    def _is_special(self) -> bool:
        changed = any(each.name is None or each.detach for each in self.inputs)
        return changed or self.by_name or self.lists is not None or any(self.takes_lists)

    def __call__(self, tensors: Mapping[str, object]) -> torch.Tensor:
        """Return the unweighted result, a scalar tensor.

        Raises:
            LossInputError: a list is given where the loss takes a tensor, or lists differ in length.
            LossResultError: the result is no scalar tensor.
        """
        for name in self.plain or ():
            if isinstance(tensors[name], LISTS):
                raise self.refusal_of_list(name)
        raw = self.compute(tensors)
        self.check(raw)
        return raw

    def check(self, raw: object) -> None:
        """Refuse what can't be summed.

        Raises:
            LossResultError: it is not a scalar tensor.
        """
        if not isinstance(raw, torch.Tensor):
            raise LossResultError(f"`{self.name}` must return a tensor: it returned {describe(raw)}")
        if raw.dim() != 0:
            raise LossResultError(
                f"`{self.name}` must be a scalar to be summed: it has the shape {tuple(raw.shape)}; "
                'give it `args = { reduction = "mean" }` or another reduction'
            )

    def _call_special(self, tensors: Mapping[str, object]) -> torch.Tensor:
        values: list[object] = [
            None if each.name is None else detached(tensors[each.name]) if each.detach else tensors[each.name]
            for each in self.inputs
        ]
        return self._call(values) if self.lists is None else self._over_lists(values)

    def _call(self, values: list[object]) -> torch.Tensor:
        first = _first(values)
        for index, each in enumerate(self.inputs):
            if each.name is None:
                values[index] = shaped_like(first, each.value or 0.0)
            elif isinstance(values[index], LISTS) and not self.takes_lists[index]:
                raise self.refusal_of_list(each.name)
        if self.by_name:
            named = {str(each.argument): value for each, value in zip(self.inputs, values, strict=True)}
            return self.function(**named)
        return self.function(*values)

    def refusal_of_list(self, name: str) -> LossInputError:
        """Return the error for a list where the loss takes a tensor."""
        return LossInputError(
            f"`{self.name}` takes a tensor as `{name}`, found a list: "
            'add `lists = "mean"` (or "sum", or weights) to apply it to each element'
        )

    def _over_lists(self, values: list[object]) -> torch.Tensor:
        lists = {
            str(each.name): value
            for each, value in zip(self.inputs, values, strict=True)
            if isinstance(value, LISTS)
        }
        lengths = {name: len(value) for name, value in lists.items()}
        counts = set(lengths.values())
        if len(counts) != 1 or 0 in counts:
            found = ", ".join(f"`{name}` has {length}" for name, length in lengths.items()) or "there is none"
            raise LossInputError(f"`{self.name}` needs lists of one length, of 1 or more: {found}")
        (length,) = counts
        weights = self.lists if isinstance(self.lists, tuple) else ()
        if weights and len(weights) != length:
            raise LossInputError(
                f"`{self.name}` has {len(weights)} weights in `lists`, and lists of {length} elements"
            )
        parts = [
            self._call([value[index] if isinstance(value, LISTS) else value for value in values])
            for index in range(length)
        ]
        if isinstance(self.lists, tuple):
            parts = [part * weight for part, weight in zip(parts, weights, strict=True)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total / length if self.lists == "mean" else total


def _direct(function: Function, names: tuple[str, ...]) -> Callable[[Mapping[str, object]], torch.Tensor]:
    """Return the function that calls a loss with the tensors of these names; most losses take two."""
    if len(names) == 2:
        first, second = names
        return lambda tensors: function(tensors[first], tensors[second])
    return lambda tensors: function(*[tensors[name] for name in names])


def _first(values: Sequence[object]) -> object:
    """Return the first tensor or list of them; a loop, since torch.compile knows no `next` with a default."""
    for value in values:
        if value is not None and not callable(value):
            return value
    return None


def detached(value: object) -> object:
    """Cut a tensor from its graph; through lists."""
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, LISTS):
        return [detached(each) for each in value]
    return value


def shaped_like(like: object, value: float) -> object:
    """Return floating-point tensors full of ``value``, in the shape of ``like``; through lists."""
    if isinstance(like, LISTS):
        return [shaped_like(each, value) for each in like]
    if not isinstance(like, torch.Tensor):
        raise LossInputError(f"the number {value} takes the shape of the first tensor, and there is none")
    if like.is_floating_point() or like.is_complex():
        return torch.full_like(like, value)
    return torch.full_like(like, value, dtype=torch.get_default_dtype())
