"""The converter between the table of a resolved spec and the classes of the model.

>>> from lossspec.language.model import Every, Term
>>> table = {"name": "a", "type": "torch.L1Loss", "inputs": ["x", 1], "every": {"steps": 16, "gain": 16}}
>>> term = converter().structure(table, Term)
>>> term.every
Every(steps=16, gain=16.0)
>>> converter().unstructure(term)["inputs"]
['x', 1.0]
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from lossspec import schedules
from lossspec.language.checks.objectives import TOTAL
from lossspec.language.converter import exactly, new_converter
from lossspec.language.model import ObjectiveSpec, Scalar, Spec, Term, Weight
from lossspec.language.short_forms import register_short_forms
from lossspec.registry import find
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from cattrs import Converter
    from cattrs.dispatch import StructureHook

    from lossspec.language.converter import Fields
    from lossspec.language.resolve.resolve import Resolved

Table = dict[str, Any]
#: Keys that are not part of the resolved spec.
_USED = {"format", "extends", "remove", "variants"}
#: Fields that are not written: names, which are keys, and what the caller gave.
_UNWRITTEN: Fields = {
    Term: ("name",),
    ObjectiveSpec: ("name",),
    Spec: ("name", "reference", "params", "folder", "files"),
}


def structure(resolved: Resolved, name: str, reference: str, folder: str | None) -> Spec:
    """Return the spec of a resolved document without faults.

    Args:
        resolved: the document.
        name: the spec's name.
        reference: the reference that was loaded.
        folder: the folder of its file, or None.
    """
    losses, objectives = resolved.section("losses"), resolved.section("objectives")
    totals = dict.fromkeys(cast("str", each.get("objective", TOTAL)) for each in losses.values())
    table: Table = {key: each for key, each in resolved.table.items() if key not in _USED}
    table |= {"name": name, "reference": reference, "folder": folder, "params": resolved.params}
    table["losses"] = {key: {**_in_call_order(each), "name": key} for key, each in losses.items()}
    table["objectives"] = {key: _objective(key, objectives.get(key, {})) for key in totals}
    return converter().structure(table, Spec)


def _objective(name: str, table: Table) -> Table:
    balance = table.get("balance")
    return {**table, "name": name, **({"balance": _in_call_order(balance)} if balance else {})}


def _in_call_order(table: Table) -> Table:
    """Return a term or a balance whose inputs, if they are a table, have the order of the call."""
    inputs = table.get("inputs")
    if not isinstance(inputs, dict):
        return table
    entry = find(table["type"])
    order = [each.name for each in entry.inputs if each.name in inputs] if entry else sorted(inputs)
    return {**table, "inputs": {name: inputs[name] for name in order}}


@cache
def converter() -> Converter:
    """Return the converter.

    It is strict: it only converts whole numbers to floats where the model has floats. A validated table
    always fits; if one does not, lossspec has a defect, and cattrs' error, which names the place, is raised.
    """
    made = new_converter(_UNWRITTEN, omit_if_default=True)
    for kind in (str, int, bool, Scalar):
        made.register_structure_hook(kind, exactly)
    made.register_structure_hook(float, _number)
    made.register_structure_hook(Schedule, lambda table, _: schedules.from_table(table))
    made.register_structure_hook(Weight, lambda value, _: made.structure(value, _kind_of_weight(value)))
    made.register_structure_hook_func((object,).__contains__, _argument)
    made.register_structure_hook_factory(_is_array, lambda kind: _array(made, kind))
    register_short_forms(made)
    return made


def _is_array(kind: object) -> bool:
    return get_origin(kind) is tuple


def _number(value: object, _: object) -> float:
    return float(exactly(value, int | float))


def _kind_of_weight(value: object) -> Any:
    return Schedule if isinstance(value, dict) else float


def _argument(value: object, _: object) -> object:
    """Return an argument: JSON as it is, or a schedule."""
    return schedules.from_table(value) if isinstance(value, dict) and "type" in value else value


def _array(made: Converter, kind: object) -> StructureHook:
    """Return a hook for arrays, which does not take a string for one."""
    member, _ = get_args(kind)
    hook = made.get_structure_hook(member)
    return lambda value, _: tuple(hook(each, member) for each in exactly(value, list))
