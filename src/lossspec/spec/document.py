"""A document as it is written: what tools make, change and write back, nothing applied and nothing filled.

>>> from lossspec.spec.document import Document, Loss, read
>>> from lossspec.spec.write import write
>>> document = Document(losses={"l1": Loss(type="torch.L1Loss", inputs=("y_fake", "y"), weight=100.0)})
>>> print(write(document), end="")
format = 1
<BLANKLINE>
[losses.l1]
type = "torch.L1Loss"
inputs = ["y_fake", "y"]
weight = 100.0
>>> read(write(document)) == document
True

A field that is None is not written: a document says only what it says, and inherits the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin

from attrs import frozen, has

from lossspec.spec.diagnostics import SpecError
from lossspec.spec.known import validator
from lossspec.spec.origin import TextOrigin
from lossspec.spec.read import parse, read_source, text_source

if TYPE_CHECKING:
    from cattrs import Converter

Table = dict[str, object]
Scalar = bool | int | float | str
#: A number, a ``"${param}"``, or the table of a schedule.
Weight = int | float | str | dict[str, Any]


@frozen
class Param:
    """A parameter; written plain if it has a default and nothing else."""

    default: Scalar | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    choices: tuple[Scalar, ...] | None = None
    description: str | None = None


@frozen
class Tensor:
    """An input that is a tensor cut from its graph; other tensors are plain names."""

    name: str
    detach: bool = False


@frozen
class Lazy:
    """When a lazy term is computed, and what it is multiplied by then."""

    steps: int | str
    gain: int | float | str


InputEntry = str | int | float | Tensor


@frozen
class Loss:
    """A loss, or a change to an inherited one."""

    type: str | None = None
    args: dict[str, Any] | None = None
    inputs: tuple[InputEntry, ...] | dict[str, InputEntry] | None = None
    weight: Weight | None = None
    objective: str | None = None
    tags: tuple[str, ...] | None = None
    at_zero: str | None = None
    lists: str | tuple[int | float | str, ...] | None = None
    every: Lazy | None = None


@frozen
class BalanceTable:
    """What balances the terms of an objective."""

    type: str | None = None
    args: dict[str, Any] | None = None
    inputs: tuple[InputEntry, ...] | dict[str, InputEntry] | None = None
    losses: tuple[str, ...] | None = None


@frozen
class ObjectiveTable:
    """A total's weight and balance."""

    weight: Weight | None = None
    balance: BalanceTable | None = None


@frozen
class Variant:
    """An overlay that a user picks by name."""

    description: str | None = None
    references: tuple[str, ...] | None = None
    remove: tuple[str, ...] | None = None
    params: dict[str, Param] | None = None
    inputs: dict[str, str] | None = None
    losses: dict[str, Loss] | None = None
    objectives: dict[str, ObjectiveTable] | None = None


@frozen
class Document(Variant):
    """A whole document."""

    format: int = 1
    extends: str | None = None
    variants: dict[str, Variant] | None = None


def read(spec: str | Path) -> Document:
    """Read a document: the text of one, or the path of a file.

    Raises:
        SpecError: with every fault that the schema finds in it. What the document means, together with
            what it extends, is for ``lossspec.load`` to find out.
    """
    source = read_source(spec) if isinstance(spec, Path) else text_source(spec)
    table = parse(source)
    faults = validator().faults(table)
    if faults:
        raise SpecError(TextOrigin(source).diagnose(faults))
    return converter().structure(table, Document)


def to_table(document: Document) -> Table:
    """Return the document as TOML has it."""
    table = cast("Table", converter().unstructure(document))
    return {"format": document.format, **table}


@cache
def converter() -> Converter:
    """Return the converter between tables and documents: strict, it never turns one type into another."""
    from cattrs import Converter  # noqa: PLC0415 - validating does not pay for it
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn  # noqa: PLC0415

    made = Converter(
        omit_if_default=True, forbid_extra_keys=True, unstruct_collection_overrides={tuple: list}
    )
    for kind in (str, int, float, bool):
        made.register_structure_hook(kind, _scalar)
    made.register_structure_hook_func(_is_union, lambda value, union: _structure_union(made, value, union))
    param_table = make_dict_structure_fn(Param, made)
    param_settings = make_dict_unstructure_fn(Param, made, _cattrs_omit_if_default=True)

    def structure_param(value: object, cls: type[Param]) -> Param:
        return (
            param_table(value, cls)
            if isinstance(value, Mapping)
            else Param(cast("Scalar", _structure_union(made, value, Scalar)))
        )

    def unstructure_param(param: Param) -> object:
        settings = param_settings(param)
        return param.default if settings.keys() == {"default"} else settings

    made.register_structure_hook(Param, structure_param)
    made.register_unstructure_hook(Param, unstructure_param)
    return made


def _scalar(value: object, kind: type) -> object:
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


def _is_union(kind: object) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _structure_union(made: Converter, value: object, union: object) -> object:
    """Structure a value as the member of a union that its own type picks."""
    for member in get_args(union):
        origin = get_origin(member) or member
        if origin is dict or has(origin):
            if isinstance(value, Mapping) or (member is Param and value is not None):
                return made.structure(value, member)
        elif origin is tuple:
            if isinstance(value, list | tuple):
                return made.structure(value, member)
        elif type(value) is origin:
            return value
    raise TypeError(f"expected {union}, found {type(value).__name__}")
