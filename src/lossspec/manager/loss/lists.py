"""Takes lists apart, one call of the loss for each element or pair, and combines the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, LossResultError
from lossspec.manager.loss.messages import describe
from lossspec.manager.loss.walk import is_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from lossspec.language.model import Lists

#: What a call takes: the inputs of a term, then what is beside them.
Row = list[object]


class OverLists:
    """What a term with ``lists`` does with its lists.

    Args:
        name: the term, for messages.
        lists: what the spec says.
        references: what each input of the term refers to, for messages; then what is beside them, the tensors
            of ``reduce``, which may be lists too.
        count: how many of these are inputs.
        computes_zero: whether an element of weight 0 is in the graph, as a term of weight 0 would be. Else it
            is not computed, so NaN and infinity do not spread.
    """

    def __init__(
        self, name: str, lists: Lists, references: Sequence[str], count: int, *, computes_zero: bool
    ) -> None:
        self.name = name
        self.lists = lists
        self.references = tuple(references)
        self.count = count
        self.computes_zero = computes_zero

    def rows(self, values: Row) -> tuple[list[Row], list[float]]:
        """Return what each call takes, and the weight of each; no weights where all are 1.

        Raises:
            LossInputError: there is no list, or the lengths do not fit.
        """
        lists = [index for index, value in enumerate(values) if is_list(value)]
        if not lists or lists[0] >= self.count:
            raise self._no_list(values)
        if self.lists.pairs is not None:
            return self._pairs(values, lists), []
        lengths = [len(values[index]) for index in lists]  # type: ignore[arg-type]  # they are lists
        length = lengths[0]
        if length == 0 or any(each != length for each in lengths):
            found = self._lengths(values, lists)
            raise LossInputError(f"`{self.name}` expects lists of equal length, at least 1, got {found}")
        weights = self._weights(length)
        chosen = [*range(length)]
        if weights and not self.computes_zero and any(weights):
            chosen = [index for index in chosen if weights[index] != 0.0]
        rows = [_row(values, dict.fromkeys(lists, index)) for index in chosen]
        return rows, [weights[index] for index in chosen] if weights else []

    def combine(self, results: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Return the results of the calls as one, of the same shape.

        Raises:
            LossInputError: their shapes differ, and the least or the greatest of each element is wanted.
        """
        if self.lists.combine in ("min", "max"):
            stacked = torch.stack(self._of_one_shape(results))
            found = stacked.min(dim=0) if self.lists.combine == "min" else stacked.max(dim=0)
            return found.values
        if self.lists.of == "elements":
            results = self._of_one_shape(results)
        parts = [part * weight for part, weight in zip(results, weights, strict=True)] if weights else results
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        if self.lists.combine == "mean":
            return total / (sum(weights) if weights else len(parts))
        return total

    def _weights(self, length: int) -> Sequence[float]:
        """Return the weight of each element; none where all are 1."""
        weights, decay = self.lists.weights, self.lists.decay
        if weights is not None and len(weights) != length:
            raise LossInputError(
                f"`{self.name}` has {len(weights)} weights in `lists`, got lists of {length} elements"
            )
        if decay is not None:
            return [decay ** (length - 1 - index) for index in range(length)]
        return weights or ()

    def _pairs(self, values: Row, lists: Sequence[int]) -> list[Row]:
        """Return what each pair of two lists takes."""
        for index in lists:
            if index >= self.count:
                raise LossInputError(
                    f"`{self.name}` takes pairs, for which `{self.references[index]}` must be a tensor, got "
                    f"{describe(values[index])}"
                )
        if len(lists) != 2:
            found = self._lengths(values, lists)
            raise LossInputError(f"`{self.name}` takes pairs of two lists, got {len(lists)}: {found}")
        first, second = lists
        ones, others = range(len(values[first])), range(len(values[second]))  # type: ignore[arg-type]
        every = self.lists.pairs == "all"
        rows = [
            _row(values, {first: one, second: other})
            for one in ones
            for other in others
            if every or one != other
        ]
        if not rows:
            found = self._lengths(values, lists)
            raise LossInputError(f"`{self.name}` has no pair to compute, got {found}")
        return rows

    def _lengths(self, values: Row, lists: Sequence[int]) -> str:
        return ", ".join(
            f"`{self.references[index]}` of length {len(values[index])}"  # type: ignore[arg-type]
            for index in lists
        )

    def _no_list(self, values: Row) -> LossInputError:
        found = [
            f"{describe(value)} as `{name}`"
            for name, value in zip(self.references[: self.count], values[: self.count], strict=True)
            if name
        ]
        return LossInputError(
            f"`{self.name}` has `lists` and expects at least one list, got {', '.join(found)}: pass a list, "
            "or remove `lists`"
        )

    def _of_one_shape(self, results: Sequence[Tensor]) -> list[Tensor]:
        shapes = list(dict.fromkeys([tuple(each.shape) for each in results]))
        if len(shapes) > 1:
            raise LossResultError(
                f"`{self.name}` combines the elements of its results, which must have one shape, got "
                f"{' and '.join([str(each) for each in shapes])}"
            )
        return list(results)


def _row(values: Row, at: dict[int, int]) -> Row:
    """Return values with an element in place of each list."""
    return [value[at[index]] if index in at else value for index, value in enumerate(values)]  # type: ignore[index]
