"""Binds a term to its inputs: which tensors it takes from a call, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, LossResultError
from lossspec.manager.loss.messages import not_a_tensor
from lossspec.manager.loss.walk import constant_like, detached, first_tensor, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.language.model import Input, Term
    from lossspec.manager.loss.messages import Function
    from lossspec.registry.entry import Constant


class BoundTerm:
    """A term of an objective; it is called with all tensors of the objective, and takes its own.

    Args:
        term: the term of the spec.
        function: computes the loss.
        takes_lists: for each input, whether the function itself takes a list.
        constants: for each input, what a number becomes, as in the catalogue; by default "like".
        reductions: the values of its argument `reduction`, if it has one, that make a scalar.
    """

    def __init__(
        self,
        term: Term,
        function: Function,
        takes_lists: Sequence[bool],
        constants: Sequence[Constant] | None = None,
        reductions: Sequence[str] = (),
    ) -> None:
        self.name = term.name
        self.term = term
        self.function = function
        self.lists = term.lists
        #: Whether an element of weight 0 in `lists` is in the graph too, as a term of weight 0 would be.
        self.computes_zero = term.at_zero == "compute"
        self.inputs: tuple[Input, ...] = term.inputs
        self.takes_lists = tuple(takes_lists)
        self.reductions = tuple(reductions)
        self.constants = tuple(constants or ["like"] * len(term.inputs))
        self.by_name = any(each.argument is not None for each in term.inputs)
        self.needed = tuple(dict.fromkeys(each.name for each in term.inputs if each.name is not None))
        #: The names in call order if all inputs are plain tensors, the most common case; else None.
        self.plain = tuple(str(each.name) for each in term.inputs) if self._is_plain() else None
        #: Computes the raw result, and checks neither plain inputs nor what is returned.
        self.compute = self._call_prepared if self.plain is None else _direct(function, self.plain)

    def __reduce__(self) -> tuple[type[BoundTerm], tuple[Term, Function, tuple[bool, ...]]]:
        """Return what binds a copy of the term: ``compute`` holds the function of this one."""
        return BoundTerm, (self.term, self.function, self.takes_lists)

    def _is_plain(self) -> bool:
        as_given = all(each.name is not None and not each.detach for each in self.inputs)
        return as_given and not self.by_name and self.lists is None and not any(self.takes_lists)

    def __call__(self, tensors: Mapping[str, object]) -> torch.Tensor:
        """Return the raw result, a scalar tensor.

        Raises:
            LossInputError: the function expects a tensor and gets a list, or lists differ in length.
            LossResultError: the result is not a scalar tensor.
        """
        for name in self.plain or ():
            if is_list(tensors[name]):
                raise self.unexpected_list(name)
        raw = self.compute(tensors)
        self.check(raw)
        return raw

    def check(self, raw: object) -> None:
        """Check a raw result.

        Raises:
            LossResultError: it is not a scalar tensor.
        """
        if not isinstance(raw, torch.Tensor):
            raise not_a_tensor(self.name, raw)
        if raw.dim() != 0:
            found = f"`{self.name}` must return a scalar, got the shape {tuple(raw.shape)}"
            advice = "wrap it in a function that returns one number, such as the mean, and register that"
            if self.reductions:
                choices = " or ".join(f'"{each}"' for each in self.reductions)
                advice = f"set its argument `reduction` to {choices}"
            raise LossResultError(f"{found}: {advice}")

    def _call_prepared(self, tensors: Mapping[str, object]) -> torch.Tensor:
        values: list[object] = [
            None if each.name is None else detached(tensors[each.name]) if each.detach else tensors[each.name]
            for each in self.inputs
        ]
        return self._call(values) if self.lists is None else self._over_lists(values)

    def _call(self, values: list[object]) -> torch.Tensor:
        first = _first(values)
        for index, each in enumerate(self.inputs):
            if each.name is None:
                values[index] = constant_like(first, each.value or 0.0, self.constants[index])
            elif is_list(values[index]) and not self.takes_lists[index]:
                raise self.unexpected_list(each.name)
        if self.by_name:
            named = {str(each.argument): value for each, value in zip(self.inputs, values, strict=True)}
            return self.function(**named)
        return self.function(*values)

    def unexpected_list(self, name: str) -> LossInputError:
        """Return the error for a list where the function expects a tensor."""
        found = f"`{self.name}` expects a tensor as `{name}`, got a list"
        if self.lists is not None:
            return LossInputError(f"{found} within the list: `lists` applies to one level, pass a flat list")
        return LossInputError(
            f'{found}: add `lists = "mean"` (or "sum", or weights) to apply it to each element'
        )

    def _over_lists(self, values: list[object]) -> torch.Tensor:
        lists = {
            str(each.name): value for each, value in zip(self.inputs, values, strict=True) if is_list(value)
        }
        lengths = {name: len(value) for name, value in lists.items()}
        counts = set(lengths.values())
        if len(counts) != 1 or 0 in counts:
            found = ", ".join(f"`{name}` of length {length}" for name, length in lengths.items()) or "no list"
            raise LossInputError(f"`{self.name}` expects lists of equal length, at least 1, got {found}")
        (length,) = counts
        weights = (self.lists.weights if self.lists is not None else None) or ()
        if weights and len(weights) != length:
            raise LossInputError(
                f"`{self.name}` has {len(weights)} weights in `lists`, got lists of {length} elements"
            )
        chosen: Sequence[int] = range(length)
        if any(weights) and not self.computes_zero:  # where a weight is 0, NaN and inf do not spread
            chosen = [index for index in chosen if weights[index] != 0.0]
        parts = [
            self._call([value[index] if is_list(value) else value for value in values]) for index in chosen
        ]
        if weights:
            parts = [part * weights[index] for index, part in zip(chosen, parts, strict=True)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        is_mean = self.lists is not None and self.lists.combine == "mean"
        return total / length if is_mean else total


def _direct(function: Function, names: tuple[str, ...]) -> Callable[[Mapping[str, object]], torch.Tensor]:
    """Return what calls a function with the tensors of these names; most functions take two."""
    if len(names) == 2:
        first, second = names
        return lambda tensors: function(tensors[first], tensors[second])
    return lambda tensors: function(*[tensors[name] for name in names])


def _first(values: Sequence[object]) -> object:
    """Return the first value with a tensor; torch.compile does not support `next` with a default."""
    for value in values:
        if first_tensor([value]) is not None:
            return value
    return None
