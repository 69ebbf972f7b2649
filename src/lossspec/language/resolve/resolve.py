"""Resolves layers: fills every ``${}`` of the merged document, and checks what that made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from attrs import frozen

from lossspec.faults import MAX_PROBLEMS, Fault, get
from lossspec.language.diagnostics.findings import CallerOrigin
from lossspec.language.resolve.made import made_faults
from lossspec.language.resolve.params import param_faults, values
from lossspec.registry import find
from lossspec.validation import expression
from lossspec.validation.invalid import INVALID, mark_invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.faults import KeyPath
    from lossspec.language.diagnostics.findings import Findings
    from lossspec.language.resolve.layers import Stack
    from lossspec.registry import LossType
    from lossspec.validation.expression import Scalar

Table = dict[str, object]
_FILLED = ("losses", "objectives")


class TypedTerm(NamedTuple):
    """A term, and what the registry knows of its type; None where the type is missing or unknown."""

    name: str
    table: Table
    entry: LossType | None


@frozen(eq=False)
class Resolved:
    """A document with nothing left to look up.

    Attributes:
        stack: the layers that it comes from.
        table: the document, every expression filled, ``INVALID`` where a fault was found.
        params: the value of each parameter.
        known: another document of the same spec, whose terms have been checked, or None.
    """

    stack: Stack
    table: Table
    params: Mapping[str, object]
    known: Resolved | None = None

    def new_terms(self) -> list[TypedTerm]:
        """Return the terms that the known document does not have: all of them if ``[inputs]`` differs."""
        known = self.known.table if self.known else {}
        same = known.get("losses") if known.get("inputs") == self.table.get("inputs") else None
        seen = same if isinstance(same, dict) else {}
        terms = []
        for name, loss in self.section("losses").items():
            if name not in seen or seen[name] != loss:
                tag = loss.get("type")
                terms.append(TypedTerm(name, loss, find(tag) if isinstance(tag, str) else None))
        return terms

    def section(self, name: str) -> dict[str, Table]:
        """Return the entries of a section that are tables, by name."""
        entries = self.table.get(name)
        if not isinstance(entries, dict):
            return {}
        return {key: each for key, each in entries.items() if isinstance(each, dict)}

    def has_invalid_losses(self) -> bool:
        """Return whether the table or the objective of some loss is not known."""
        losses = self.table.get("losses", {})
        if not isinstance(losses, dict):
            return True
        return any(not isinstance(each, dict) or each.get("objective") is INVALID for each in losses.values())

    def is_from_caller(self, path: KeyPath) -> bool:
        """Return whether the value at a path comes from the caller's overlay or parameters."""
        origin, _ = self.stack.place(path)
        written = get(self.stack.table, path)
        if isinstance(written, str) and "${" in written:
            holders = [self.stack.place(("params", name))[0] for name in expression.names(written)]
            return all(isinstance(holder, CallerOrigin) for holder in holders)
        return isinstance(origin, CallerOrigin)


def resolve(stack: Stack, findings: Findings, known: Resolved | None = None) -> Resolved:
    """Fill the expressions of a merged document, and check the entries that merging and filling made.

    Args:
        stack: the layers.
        findings: takes the faults.
        known: another document of the same spec; entries that are equal there are not checked again.
    """
    for origin, fault in stack.faults:
        findings.add(origin, fault)
    params: dict[str, object] = {}
    faults: list[Fault] = []
    if written := stack.table.get("params"):
        params = values(written)
        faults = list(param_faults(written))
        params |= {str(fault.path[1]): INVALID for fault in faults}
    table = dict(stack.table)
    for name in _FILLED:
        if name in table:
            table[name] = fill(table[name], params, (name,), faults)
    if len(stack.layers) > 1 or any(table[name] is not stack.table[name] for name in table):
        table |= {name: {**each} for name in _FILLED if isinstance(each := table.get(name), dict)}
        checked = made_faults(table, stack, known.table if known else {})
        table = mark_invalid(table, checked)
        faults += checked
    for fault in faults:
        findings.add(*stack.placed(fault))
    return Resolved(stack, table, params, known)


def fill(value: object, params: Mapping[str, object], path: KeyPath, faults: list[Fault]) -> object:
    """Return a value with its expressions filled; the very same if it has none.

    Args:
        value: what to fill.
        params: the value of each parameter.
        path: where it is.
        faults: takes the faults of expressions, whose values are then ``INVALID``.
    """
    if isinstance(value, str):
        return _evaluate(value, params, path, faults) if "${" in value else value
    if isinstance(value, dict):
        filled = {key: fill(each, params, (*path, key), faults) for key, each in value.items()}
        return filled if any(filled[key] is not value[key] for key in value) else value
    if isinstance(value, list):
        items = [fill(each, params, (*path, index), faults) for index, each in enumerate(value)]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _evaluate(text: str, params: Mapping[str, object], path: KeyPath, faults: list[Fault]) -> object:
    is_invalid = any(params.get(name) is INVALID for name in expression.names(text))
    if is_invalid or len(faults) > MAX_PROBLEMS:
        return INVALID
    try:
        return expression.evaluate(text, cast("Mapping[str, Scalar]", params))
    except expression.ExpressionError as error:
        replacement = f'"{error.replacement}"' if error.replacement else None
        faults.append(Fault(error.code, str(error), path, help=error.help, replacement=replacement))
        return INVALID
