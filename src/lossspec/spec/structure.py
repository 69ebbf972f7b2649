"""Makes the frozen ``Spec`` of a resolved document in which no fault was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from lossspec import schedules
from lossspec.registry import find
from lossspec.spec.checks.objectives import TOTAL
from lossspec.spec.model import Balance, Every, Input, ObjectiveSpec, Spec, Term

if TYPE_CHECKING:
    from lossspec.schedules import Schedule
    from lossspec.spec.resolve import Resolved

Table = dict[str, Any]


def structure(resolved: Resolved, name: str, reference: str, folder: str | None) -> Spec:
    """Return the spec that a resolved document says.

    Args:
        resolved: the document, without faults.
        name: the spec's name.
        reference: what was asked for.
        folder: where its file lies, or None.
    """
    table = resolved.table
    losses = {key: _term(key, each) for key, each in resolved.section("losses").items()}
    tables = resolved.section("objectives")
    names = dict.fromkeys(each.objective for each in losses.values())
    return Spec(
        name=name,
        reference=reference,
        losses=losses,
        objectives={key: _objective(key, tables.get(key, {})) for key in names},
        description=cast("str", table.get("description", "")),
        references=tuple(cast("list[str]", table.get("references", []))),
        params=cast("dict[str, bool | int | float | str]", dict(resolved.params)),
        inputs=cast("dict[str, str]", table.get("inputs", {})),
        folder=folder,
    )


def _term(name: str, table: Table) -> Term:
    lists = table.get("lists")
    every = table.get("every")
    return Term(
        name=name,
        type=table["type"],
        inputs=_inputs(table["inputs"], table["type"]),
        args={key: _argument(value) for key, value in table.get("args", {}).items()},
        weight=_weight(table.get("weight", 1.0)),
        objective=table.get("objective", TOTAL),
        tags=tuple(table.get("tags", ())),
        at_zero=table.get("at_zero", "skip"),
        lists=tuple(map(float, lists)) if isinstance(lists, list) else lists,
        every=Every(every["steps"], float(every["gain"])) if every else None,
    )


def _objective(name: str, table: Table) -> ObjectiveSpec:
    balance = table.get("balance")
    return ObjectiveSpec(
        name=name,
        weight=_weight(table.get("weight", 1.0)),
        balance=_balance(balance) if balance else None,
    )


def _balance(table: Table) -> Balance:
    return Balance(
        type=table["type"],
        losses=tuple(table.get("losses", ())),
        args={key: _argument(value) for key, value in table.get("args", {}).items()},
        inputs=_inputs(table.get("inputs", []), table["type"]),
    )


def _inputs(value: list[object] | dict[str, object], kind: str) -> tuple[Input, ...]:
    """Return inputs in call order, which is that of the loss type where a table names them."""
    if not isinstance(value, dict):
        return tuple(_input(each, None) for each in value)
    entry = find(kind)
    order = [each.name for each in entry.inputs] if entry else []
    names = [name for name in order if name in value] or sorted(value)
    return tuple(_input(value[name], name) for name in names)


def _input(value: object, argument: str | None) -> Input:
    if isinstance(value, str):
        return Input(name=value, argument=argument)
    if isinstance(value, dict):
        return Input(name=value["name"], detach=value.get("detach", False), argument=argument)
    return Input(value=float(cast("float", value)), argument=argument)


def _weight(value: object) -> float | Schedule:
    return schedules.from_table(value) if isinstance(value, dict) else float(cast("float", value))


def _argument(value: object) -> object:
    return schedules.from_table(value) if isinstance(value, dict) and "type" in value else value
