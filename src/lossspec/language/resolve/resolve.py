"""Resolves: layers become one document, every ``${}`` is filled, and what that brings to light is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

from lossspec.faults import MAX_PROBLEMS, Fault, get
from lossspec.language.diagnostics.findings import CallerOrigin
from lossspec.language.resolve.params import param_faults, values
from lossspec.language.schema.committed import validator
from lossspec.language.text import expression
from lossspec.validation.reported import FAULTY, without_faulty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.faults import KeyPath
    from lossspec.language.diagnostics.findings import Findings
    from lossspec.language.resolve.layers import Stack
    from lossspec.language.text.expression import Scalar

Table = dict[str, object]
_FILLED = ("losses", "objectives")


@frozen(eq=False)
class Resolved:
    """A document with nothing left to look up.

    Attributes:
        stack: the layers that it comes from.
        table: the document, every expression filled, ``FAULTY`` where a fault was found.
        params: the value of each parameter.
        known: a document of the same family that every check has seen, or None.
    """

    stack: Stack
    table: Table
    params: Mapping[str, object]
    known: Resolved | None = None

    def new_losses(self) -> Iterator[tuple[str, Table]]:
        """Yield the terms that the known document does not have alike: what remains to be checked one by one.

        If the two differ in ``[inputs]``, that is all of them.
        """
        known = self.known.table if self.known else {}
        same = known.get("losses") if known.get("inputs") == self.table.get("inputs") else None
        seen = same if isinstance(same, dict) else {}
        for name, loss in self.section("losses").items():
            if name not in seen or seen[name] != loss:
                yield name, loss

    def section(self, name: str) -> dict[str, Table]:
        """Return the entries of a section that are tables, by name."""
        return {key: each for key, each in _entries(self.table, name).items() if isinstance(each, dict)}

    def has_faulty_losses(self) -> bool:
        """Say whether it is not known of every loss what it is and in which objective."""
        losses = self.table.get("losses", {})
        if not isinstance(losses, dict):
            return True
        return any(not isinstance(each, dict) or each.get("objective") is FAULTY for each in losses.values())

    def is_from_caller(self, path: KeyPath) -> bool:
        """Say whether the caller gave the value at a path: by an overlay, or as a parameter."""
        origin, _ = self.stack.place(path)
        written = get(self.stack.table, path)
        if isinstance(written, str) and "${" in written:
            holders = [self.stack.place(("params", name))[0] for name in expression.names(written)]
            return all(isinstance(holder, CallerOrigin) for holder in holders)
        return isinstance(origin, CallerOrigin)


def resolve(stack: Stack, findings: Findings, known: Resolved | None = None) -> Resolved:
    """Fill the expressions of a merged document and check what its layers did not show one by one.

    Args:
        stack: the layers.
        findings: takes the faults.
        known: a document of the same family that every check has seen: what is alike is not checked again.
    """
    for origin, fault in stack.faults:
        findings.add(origin, fault)
    params = values(stack.table.get("params"))
    faults = list(param_faults(stack.table.get("params")))
    for fault in faults:
        if len(fault.path) > 1:
            params[str(fault.path[1])] = FAULTY
    table = dict(stack.table)
    for name in _FILLED:
        if isinstance(table.get(name), dict):
            table[name] = fill(table[name], params, (name,), faults)
    checked = _check(table, stack, known)
    for fault in (*faults, *checked):
        findings.add(*stack.placed(fault))
    return Resolved(stack, without_faulty(table, checked), params, known)


def fill(value: object, params: Mapping[str, object], path: KeyPath, faults: list[Fault]) -> object:
    """Return a value with its expressions filled; the very same if it has none.

    Args:
        value: what to fill.
        params: the value of each parameter.
        path: where it stands.
        faults: takes the faults of expressions, whose values are then ``FAULTY``.
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
    is_doubtful = any(params.get(name) is FAULTY for name in expression.names(text))
    if is_doubtful or len(faults) > MAX_PROBLEMS:
        return FAULTY
    try:
        return expression.evaluate(text, cast("Mapping[str, Scalar]", params))
    except expression.ExpressionError as error:
        replacement = f'"{error.replacement}"' if error.replacement else None
        faults.append(Fault(error.code, str(error), path, help=error.help, replacement=replacement))
        return FAULTY


def _check(table: Table, stack: Stack, known: Resolved | None) -> list[Fault]:
    """Check against the schema what merging and filling have made; what a document says was checked there."""
    faults = []
    for name, definition in (("losses", "loss"), ("objectives", "objective")):
        written = {id(entry) for layer in stack.layers for entry in _entries(layer.table, name).values()}
        alike = _entries(known.table, name) if known else {}
        for key, entry in _entries(table, name).items():
            if id(entry) not in written and (key not in alike or alike[key] != entry):
                faults += validator().faults(entry, definition, (name, key))
    return faults


def _entries(table: Table, name: str) -> Table:
    section = table.get(name)
    return section if isinstance(section, dict) else {}
