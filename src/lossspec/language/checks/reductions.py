"""Checks `reduce` and `lists` of each term: keys that exclude each other, and what the loss must return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.checks.inputs import inputs_with_call, references
from lossspec.language.text.selection import gives_list
from lossspec.validation.invalid import INVALID
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import TypedTerm
    from lossspec.registry import LossType

Table = dict[str, object]


def reduction_faults(terms: Sequence[TypedTerm]) -> Iterator[Fault]:
    """Yield what is wrong with `reduce` and `lists`."""
    for name, loss, entry in terms:
        path: KeyPath = ("losses", name)
        reduce, lists = loss.get("reduce"), loss.get("lists")
        if reduce is not None and reduce is not INVALID:
            yield from _reduce(reduce, loss, entry, path)
        if isinstance(lists, dict):
            yield from _lists(lists, loss, entry, path)
        yield from _lists_of_reduce(loss, path)


def _reduce(reduce: object, loss: Table, entry: LossType | None, path: KeyPath) -> Iterator[Fault]:
    args = loss.get("args")
    if isinstance(args, dict) and "reduction" in args and (entry is None or "reduction" in entry.args):
        place = (*path, "args", "reduction")
        yield _excluded("reduction", "reduce", place, ((*path, "reduce"),), "`reduce` switches it off")
    elif entry is not None and not may_return_elements(entry):
        message = f"`{entry.name}` returns one number: there are no elements to reduce"
        help_ = "remove `reduce`, or use a loss that has `reduction`"
        yield Fault("no-elements", message, (*path, "reduce"), "key", help_)
    if not isinstance(reduce, dict):
        return
    if reduce.get("by") == "weights" and "weights" not in reduce:
        message = f"key `weights` is missing in `{path[0]}.{path[1]}.reduce`, which divides by their sum"
        help_ = 'add `weights = "..."`, or divide by `"elements"`'
        yield Fault("missing-key", message, (*path, "reduce", "by"), help=help_)


def may_return_elements(entry: LossType) -> bool:
    """Return whether a loss may return elements, so that `reduce` has something to reduce.

    What the catalogue says in `returns` counts first. Else a loss with an argument `reduction` does, unless
    "none" is not among its values. A loss without one returns one number, if its catalogue comes with
    lossspec: tests hold these to what they return. Those of others are taken at their word.
    """
    if entry.returns:
        return entry.returns == "elements"
    if "reduction" in entry.args:
        values = entry.args["reduction"].schema.get("enum")
        return not isinstance(values, list) or "none" in values
    return entry.owner != "lossspec"


def _lists(lists: Table, loss: Table, entry: LossType | None, path: KeyPath) -> Iterator[Fault]:
    here: KeyPath = (*path, "lists")
    combine, pairs = lists.get("combine"), lists.get("pairs")
    if "decay" in lists:
        if combine in ("min", "max"):
            why = "`decay` goes with `sum` and `mean`"
            yield _excluded("decay", f'combine = "{combine}"', (*here, "decay"), ((*here, "combine"),), why)
        if pairs is not None:
            why = "`decay` weighs elements by their position, and a pair has two"
            yield _excluded("decay", "pairs", (*here, "decay"), ((*here, "pairs"),), why)
    if lists.get("of") == "elements" and "reduce" not in loss:
        message = (
            f"key `reduce` is missing in `losses.{path[1]}`: elements that are combined are still elements"
        )
        yield Fault("missing-key", message, (*here, "of"), help='add `reduce = "mean"`, or another reduction')
    if pairs is None or pairs is INVALID:
        return
    if entry is not None:
        yield from _pairs(entry, loss.get("inputs"), path)


def _lists_of_reduce(loss: Table, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault for each reference of `reduce` that is surely a list, where no list can be."""
    lists = loss.get("lists")
    for inside, reference in references({"reduce": loss.get("reduce")}):
        if not gives_list(reference):
            continue
        place, key = (*path, *inside), str(inside[1])
        if lists is None:
            message = (
                f"`{dotted(place)}` must be a tensor, got a list, `{reference}`: the term has no `lists`"
            )
            yield Fault("input-kind", message, place, help="take one element, or add `lists`")
        elif isinstance(lists, dict) and lists.get("pairs") in ("all", "different"):
            why = "a list has one for each element, and a pair has two elements"
            yield _excluded(key, "pairs", place, ((*path, "lists", "pairs"),), why)
        elif isinstance(lists, dict) and lists.get("of") == "elements":
            why = "the elements are combined before `reduce`, which then takes no list"
            yield _excluded(key, 'of = "elements"', place, ((*path, "lists", "of"),), why)


def _pairs(entry: LossType, inputs: object, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault if fewer than two inputs can be lists; which of more are lists, only a call shows."""
    given = inputs_with_call(entry, inputs)
    if not given or any(value is INVALID for _, value, _ in given):
        return
    able = [
        value
        for _, value, call in given
        if not isinstance(value, int | float) and (call is None or call.kind != "callable")
    ]
    if len(able) < 2:
        message = f"`pairs` needs two inputs that can be lists, got {len(able)} in `losses.{path[1]}`"
        yield Fault(
            "input-count", message, (*path, "lists", "pairs"), related=(((*path, "inputs"), "inputs"),)
        )


def _excluded(key: str, other: str, place: KeyPath, related: Sequence[KeyPath], why: str) -> Fault:
    message = f"`{key}` and `{other}` exclude each other: {why}"
    labels = tuple((each, f"`{other}` is here") for each in related)
    return Fault("excluded-key", message, place, "key", "remove one of them", related=labels)
