"""Binds a term to its inputs: which tensors it takes from a call, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, LossResultError
from lossspec.language.model import Input
from lossspec.manager.loss.guard import guarded
from lossspec.manager.loss.lists import OverLists
from lossspec.manager.loss.messages import not_a_tensor
from lossspec.manager.loss.reduce import Reducer
from lossspec.manager.loss.select import lacks, select
from lossspec.manager.loss.walk import constant_like, detached, first_tensor, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.language.model import Divisor, Term
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
        self.inputs: tuple[Input, ...] = term.inputs
        self.takes_lists = tuple(takes_lists)
        self.reductions = tuple(reductions)
        self.constants = tuple(constants or ["like"] * len(term.inputs))
        self.by_name = any(each.argument is not None for each in term.inputs)
        self.references = term.references
        self.needed = tuple(dict.fromkeys([str(each.name) for each in term.references]))
        #: Whether it is left out of calls where one of its tensors is missing.
        self.is_optional = term.if_missing == "skip"
        self.reducer = None if term.reduce is None else Reducer(term.name, term.reduce)
        named = sum(each.name is not None for each in term.inputs)
        #: What it takes of a call: its inputs, then the weights and the divisor of ``reduce``.
        self.taken: tuple[Input | Divisor, ...] = (*term.inputs, *term.references[named:])
        self.over_lists = None if term.lists is None else _over_lists(term, self.taken)
        #: The names in call order if all inputs are plain tensors, the most common case; else None.
        self.plain: tuple[str, ...] | None = None
        #: Computes the raw result, and checks neither plain inputs nor what is returned.
        self.compute: Callable[[Mapping[str, object]], torch.Tensor] = self._call_prepared
        if self._takes_as_given():
            if named == len(term.inputs):
                self.plain = tuple(str(each.name) for each in term.inputs)
                self.compute = _direct(function, self.plain)
            elif len(term.inputs) == 2 and term.inputs[0].name is not None:
                self.compute = self._call_with_number

    def __reduce__(self) -> tuple[type[BoundTerm], tuple[object, ...]]:
        """Return what binds a copy of the term: ``compute`` holds the function of this one."""
        return BoundTerm, (self.term, self.function, self.takes_lists, self.constants, self.reductions)

    def _takes_as_given(self) -> bool:
        as_given = not any(each.detach or each.selectors for each in self.inputs)
        is_called_once = self.term.lists is None and self.term.reduce is None
        return as_given and is_called_once and not self.by_name and not any(self.takes_lists)

    def missing(self, tensors: Mapping[str, object]) -> str:
        """Return the first reference that a call lacks, or whose value is None; "" if there is none."""
        for each in self.references:
            if lacks(tensors.get(str(each.name)), each.selectors):
                return each.reference
        return ""

    def __call__(self, tensors: Mapping[str, object]) -> torch.Tensor:
        """Return the raw result, a scalar tensor.

        Raises:
            LossInputError: the function expects a tensor and gets a list, or lists differ in length, or what
                a reference selects does not exist.
            LossResultError: the result is not a scalar tensor.
        """
        for name in self.plain or ():
            if is_list(tensors[name]):
                raise self.unexpected_list(name)
        raw = self.compute(tensors)
        self.check(raw)
        return raw

    def without_gradient(self, tensors: Mapping[str, object]) -> torch.Tensor:
        """Return the raw result of a term that is only recorded."""
        with torch.no_grad():
            return self(tensors)

    def check(self, raw: object) -> None:
        """Check a raw result.

        Raises:
            LossResultError: it is not a scalar tensor.
        """
        if not isinstance(raw, torch.Tensor):
            raise not_a_tensor(self.name, raw)
        if raw.dim() != 0:
            found = f"`{self.name}` must return a scalar, got the shape {tuple(raw.shape)}"
            advice = 'add `reduce = "mean"` to the term (or "sum", or weights)'
            if self.reductions:
                choices = " or ".join(f'"{each}"' for each in self.reductions)
                advice = f"set its argument `reduction` to {choices}"
            raise LossResultError(f"{found}: {advice}")

    def _call_with_number(self, tensors: Mapping[str, object]) -> torch.Tensor:
        """Return the raw result of a tensor and a number, such as a GAN's logits and 1."""
        first = tensors[self.needed[0]]
        if isinstance(first, torch.Tensor):
            return self.function(first, constant_like(first, self.inputs[1].value or 0.0, self.constants[1]))
        return self._call_prepared(tensors)

    def _call_prepared(self, tensors: Mapping[str, object]) -> torch.Tensor:
        taken = [self._value(each, tensors) for each in self.taken]
        count = len(self.inputs)
        values, beside = taken[:count], taken[count:]
        over = self.over_lists
        if over is None:
            return self._reduced(self._call(values, beside), beside)
        if over.lists.of == "elements":
            rows, weights = over.rows(values)
            found = over.combine([self._result(row, beside) for row in rows], weights)
            return self._reduced(found, beside)
        rows, weights = over.rows(taken)
        results = [self._reduced(self._result(row[:count], row[count:]), row[count:]) for row in rows]
        return over.combine(results, weights)

    def _value(self, reference: Input | Divisor, tensors: Mapping[str, object]) -> object:
        """Return what a reference stands for in a call; None for a number, which `_call` makes."""
        if reference.name is None:
            return None
        value = tensors[reference.name]
        if reference.selectors:
            value = select(f"`{self.name}`", reference, value)
        return detached(value) if isinstance(reference, Input) and reference.detach else value

    def _result(self, values: list[object], beside: Sequence[object]) -> torch.Tensor:
        found = self._call(values, beside)
        if not isinstance(found, torch.Tensor):
            raise not_a_tensor(self.name, found)
        return found

    def _reduced(self, elements: torch.Tensor, beside: Sequence[object]) -> torch.Tensor:
        return elements if self.reducer is None else self.reducer(elements, beside)

    def _call(self, values: list[object], beside: Sequence[object]) -> torch.Tensor:
        first = _first(values)
        for index, each in enumerate(self.inputs):
            if each.name is None:
                values[index] = constant_like(first, each.value or 0.0, self.constants[index])
            elif is_list(values[index]) and not self.takes_lists[index]:
                raise self.unexpected_list(each.reference)
        if self.reducer is not None and self.reducer.weights is not None:
            values = [guarded(each, beside[0]) for each in values]
        if self.by_name:
            named = {str(each.argument): value for each, value in zip(self.inputs, values, strict=True)}
            return self.function(**named)
        return self.function(*values)

    def unexpected_list(self, reference: str) -> LossInputError:
        """Return the error for a list where the function expects a tensor."""
        found = f"`{self.name}` expects a tensor as `{reference}`, got a list"
        if self.over_lists is not None:
            return LossInputError(f"{found} within the list: `lists` applies to one level, pass a flat list")
        return LossInputError(
            f'{found}: add `lists = "mean"` (or "sum", or weights) to apply it to each element, or take one, '
            f"such as `{reference}[-1]`"
        )


def _over_lists(term: Term, taken: Sequence[Input | Divisor]) -> OverLists | None:
    if term.lists is None:
        return None
    references = [each.reference for each in taken]
    computes_zero = term.at_zero == "compute"
    return OverLists(term.name, term.lists, references, len(term.inputs), computes_zero=computes_zero)


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
