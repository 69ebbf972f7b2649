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

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from lossspec import schedules
from lossspec.language.checks.objectives import TOTAL
from lossspec.language.converter import new_converter, unstructure_without
from lossspec.language.model import Balance, Combine, Input, Lists, ObjectiveSpec, Scalar, Spec, Term, Weight
from lossspec.registry import find
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from cattrs import Converter
    from cattrs.dispatch import StructureHook, UnstructureHook

    from lossspec.language.converter import Fields
    from lossspec.language.resolve.resolve import Resolved

Table = dict[str, Any]
Inputs = tuple[Input, ...]
_SECTIONS = (Mapping[str, Term], Mapping[str, ObjectiveSpec])
#: What resolving has used up.
_USED = {"format", "extends", "remove", "variants"}
#: What a table does not hold: its own name, and what was asked for.
_UNWRITTEN: Fields = {
    Term: ("name",),
    ObjectiveSpec: ("name",),
    Spec: ("name", "reference", "params", "folder"),
}


def structure(resolved: Resolved, name: str, reference: str, folder: str | None) -> Spec:
    """Return the spec of a resolved document in which no fault was found.

    Args:
        resolved: the document.
        name: the spec's name.
        reference: what was asked for.
        folder: where its file lies, or None.
    """
    losses, objectives = resolved.section("losses"), resolved.section("objectives")
    totals = dict.fromkeys(cast("str", each.get("objective", TOTAL)) for each in losses.values())
    table: Table = {key: each for key, each in resolved.table.items() if key not in _USED}
    table |= {"name": name, "reference": reference, "folder": folder, "params": resolved.params}
    table["objectives"] = {key: objectives.get(key, {}) for key in totals}
    return converter().structure(table, Spec)


@cache
def converter() -> Converter:
    """Return the converter.

    It is strict: all that it turns into something else is a whole number where the model has a float.
    A validated table always fits: that one does not is a defect, and cattrs' error, which names the place,
    is raised as it is.
    """
    made = new_converter(_UNWRITTEN, omit_if_default=True)
    for kind in (str, int, bool, Scalar):
        made.register_structure_hook(kind, _exactly)
    made.register_structure_hook(float, _number)
    made.register_structure_hook(Schedule, lambda table, _: schedules.from_table(table))
    made.register_structure_hook(Weight, lambda value, _: made.structure(value, _kind_of_weight(value)))
    made.register_structure_hook(Lists | None, lambda value, _: made.structure(value, _kind_of_lists(value)))
    made.register_structure_hook_func((object,).__contains__, _argument)
    made.register_structure_hook_factory(_is_array, lambda kind: _array(made, kind))
    made.register_structure_hook_factory(_SECTIONS.__contains__, lambda kind: _section(made, kind))
    made.register_structure_hook_factory((Term, Balance).__contains__, lambda cls: _in_call_order(made, cls))
    made.register_structure_hook_factory((Inputs,).__contains__, lambda _: _inputs(made))
    made.register_unstructure_hook_factory((Inputs,).__contains__, lambda _: _written_inputs(made))
    return made


def _is_array(kind: object) -> bool:
    return get_origin(kind) is tuple


def _exactly(value: Any, kind: Any) -> Any:
    """Return a value that is of a type, or of one of a union's."""
    if type(value) not in (get_args(kind) or (kind,)):
        raise TypeError(f"expected {kind}, got {value!r}")
    return value


def _number(value: object, _: object) -> float:
    return float(_exactly(value, int | float))


def _kind_of_weight(value: object) -> Any:
    return Schedule if isinstance(value, dict) else float


def _kind_of_lists(value: object) -> Any:
    return tuple[float, ...] if isinstance(value, list) else Combine


def _argument(value: object, _: object) -> object:
    """Return an argument: JSON as it is, or a schedule."""
    return schedules.from_table(value) if isinstance(value, dict) and "type" in value else value


def _array(made: Converter, kind: object) -> StructureHook:
    """Return what structures an array, and does not take a string for one."""
    member, _ = get_args(kind)
    hook = made.get_structure_hook(member)
    return lambda value, _: tuple(hook(each, member) for each in _exactly(value, list))


def _section(made: Converter, kind: Any) -> StructureHook:
    """Return what structures a section: the key of a table is its name."""
    from cattrs.gen import make_mapping_structure_fn

    hook = make_mapping_structure_fn(kind, made)
    return lambda tables, _: hook({name: {**table, "name": name} for name, table in tables.items()}, kind)


def _in_call_order(made: Converter, cls: Any) -> StructureHook:
    """Return what structures a class whose inputs by argument get the order of the type's call."""
    hook = made.gen_structure_attrs_fromdict(cls)

    def in_call_order(table: Table, _: object) -> object:
        inputs = table.get("inputs")
        if isinstance(inputs, dict):
            entry = find(table["type"])
            order = [each.name for each in entry.inputs if each.name in inputs] if entry else []
            table = {**table, "inputs": {name: inputs[name] for name in order or sorted(inputs)}}
        return hook(table, cls)

    return in_call_order


def _inputs(made: Converter) -> StructureHook:
    """Return what structures inputs: an array, or a table by argument, of names, numbers and tables."""
    hook = _array(made, Inputs)

    def table_of(value: object) -> Table:
        return value if isinstance(value, dict) else {"name" if isinstance(value, str) else "value": value}

    def inputs(value: object, _: object) -> object:
        if isinstance(value, dict):
            return hook([{**table_of(each), "argument": key} for key, each in value.items()], Inputs)
        return hook([table_of(each) for each in _exactly(value, list)], Inputs)

    return inputs


def _written_inputs(made: Converter) -> UnstructureHook:
    """Return what writes inputs, each as short as it goes."""
    hook = unstructure_without(made, Input, ("argument",))

    def short(each: Input) -> object:
        table = hook(each)
        return table if each.detach else next(iter(table.values()))

    def inputs(given: Inputs) -> object:
        if any(each.argument is not None for each in given):
            return {each.argument: short(each) for each in given}
        return [short(each) for each in given]

    return inputs
