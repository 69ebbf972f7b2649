"""The parts of a term that a spec writes in short forms: inputs, ``lists`` and ``reduce``.

>>> from lossspec.language.model import Lists, Reduce
>>> from lossspec.language.structure import converter
>>> converter().structure("sum", Reduce), converter().structure([1, 0.5], Lists)
(Reduce(weights=None, by=1.0), Lists(combine='sum', weights=(1.0, 0.5), decay=None, pairs=None, of='results'))
>>> converter().unstructure(Reduce(by=1.0))
'sum'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from lossspec.language.converter import exactly, unstructure_without
from lossspec.language.model import By, Divisor, Input, Lists, Reduce
from lossspec.language.text.selection import parse_selection

if TYPE_CHECKING:
    from cattrs import Converter
    from cattrs.dispatch import StructureHook, UnstructureHook

Table = dict[str, Any]
Inputs = tuple[Input, ...]
#: What divides the sum, by the words for a reduction.
_WORDS: dict[str, By] = {"mean": "elements", "sum": 1.0, "batch": "batch"}


def register_short_forms(made: Converter) -> None:
    """Make a converter read and write the parts of terms; it must have hooks for numbers and strings."""
    made.register_structure_hook(By, lambda value, _: made.structure(value, _kind_of_by(value)))
    for cls in (Input, Divisor):
        made.register_structure_hook(cls, _selecting(made, cls))
    made.register_structure_hook(Lists, _lists(made))
    made.register_structure_hook(Reduce, _reduce(made))
    made.register_structure_hook_factory((Inputs,).__contains__, lambda _: _inputs(made))
    made.register_unstructure_hook(Lists, Lists.written)
    made.register_unstructure_hook(Reduce, Reduce.written)
    made.register_unstructure_hook_factory((Inputs,).__contains__, lambda _: _written_inputs(made))


def _kind_of_by(value: object) -> Any:
    if isinstance(value, str):
        return Literal["elements", "weights", "batch"]
    return Divisor if isinstance(value, dict) else float


def _table_of(value: object) -> Table:
    """Return the table of an input: a reference and a number are short forms."""
    return value if isinstance(value, dict) else {"name" if isinstance(value, str) else "value": value}


def _selecting(made: Converter, cls: type[Input | Divisor]) -> StructureHook:
    """Return a hook for a class whose ``name`` is a reference, which may select."""
    from cattrs.gen import make_dict_structure_fn, override

    hook = make_dict_structure_fn(cls, made, _cattrs_forbid_extra_keys=True, selectors=override(omit=True))

    def structured(value: object, _: object) -> Input | Divisor:
        found = hook(_table_of(value), cls)
        if found.name is None:
            return found
        selection = parse_selection(found.name)
        return evolve(found, name=selection.name, selectors=selection.selectors)

    return structured


def _lists(made: Converter) -> StructureHook:
    hook = made.get_structure_hook(Lists)

    def lists(value: object, _: object) -> object:
        if isinstance(value, list):
            return hook({"combine": "sum", "weights": value}, Lists)
        return hook(value if isinstance(value, dict) else {"combine": value}, Lists)

    return lists


def _reduce(made: Converter) -> StructureHook:
    hook = made.get_structure_hook(Reduce)

    def reduce(value: object, _: object) -> object:
        if isinstance(value, str):
            return Reduce(by=_WORDS[value])
        return hook(exactly(value, dict), Reduce)

    return reduce


def _inputs(made: Converter) -> StructureHook:
    """Return a hook for inputs: an array, or a table by argument, of references, numbers and tables."""
    hook = made.get_structure_hook(Input)

    def inputs(value: object, _: object) -> object:
        if isinstance(value, dict):
            return tuple(hook({**_table_of(each), "argument": key}, Input) for key, each in value.items())
        return tuple(hook(each, Input) for each in exactly(value, list))

    return inputs


def _written_inputs(made: Converter) -> UnstructureHook:
    """Return a hook that writes inputs, each in its shortest form."""
    hook = unstructure_without(made, Input, ("argument", "selectors"))

    def short(each: Input) -> object:
        table = hook(each)
        if each.name is not None:
            table["name"] = each.reference
        return table if each.detach else next(iter(table.values()))

    def inputs(given: Inputs) -> object:
        if any(each.argument is not None for each in given):
            return {each.argument: short(each) for each in given}
        return [short(each) for each in given]

    return inputs
