"""Validates a catalogue by ``schemas/catalog.schema.json``, then checks what a schema cannot express."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from lossspec.data import folder as data_folder
from lossspec.faults import Fault
from lossspec.registry.allocation import problem
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.validation.validator import Validator

Table = dict[str, Any]
#: The arguments that lossspec can add to a library's loss.
_ADDED = ("reduction", "weights_path")


def schema_path() -> Path:
    """Return the path of the JSON Schema of catalogues."""
    return data_folder("schemas") / "catalog.schema.json"


def catalog_faults(document: Table) -> list[Fault]:
    """Return the problems of a catalogue, in the order of the document.

    >>> [(fault.code, fault.path) for fault in catalog_faults({"library": "mylosses", "types": {"X": {}}})]
    [('missing-key', ('types', 'X'))]
    """
    return _validator().faults(document) or list(_other_faults(document))


@cache
def _validator() -> Validator:
    from lossspec.validation.validator import Validator  # only plug-ins and `validate CATALOGUE` need it

    return Validator(json.loads(schema_path().read_text("utf-8")))


def _other_faults(document: Table) -> Iterator[Fault]:
    library: str = document["library"]
    if not _is_in(library, document.get("module", library)):
        yield _fault(("module",), f"must be in the package `{library}`")
    for section in ("types", "balancers"):
        for name, each in document.get(section, {}).items():
            here = (section, name)
            if not _is_in(library, each.get("target", library).partition(":")[0]):
                yield _fault((*here, "target"), f"must be `module:attribute` in the package `{library}`")
            if why := problem(each.get("allocates", "0"), each.get("args", {})):
                yield _fault((*here, "allocates"), f"must be an expression of `args`: {why}")
            for argument, table in each.get("args", {}).items():
                yield from _argument_faults(argument, table, (*here, "args", argument))


def _argument_faults(name: str, table: Table, path: tuple[str, ...]) -> Iterator[Fault]:
    if not {"type", "enum", "anyOf"} & table.keys():
        yield Fault("missing-key", f"key `type` is missing in `{dotted(path)}`", path, "key")
    if table.get("path") and table.get("type") != "string":
        yield _fault((*path, "path"), "is for an argument of type `string` only")
    if table.get("ours") and name not in _ADDED:
        yield _fault((*path, "ours"), "is for `reduction` and `weights_path` only, which lossspec adds")


def _is_in(library: str, module: str) -> bool:
    return module.partition(".")[0] == library


def _fault(path: tuple[str, ...], problem: str) -> Fault:
    return Fault("unknown-value", f"`{dotted(path)}` {problem}", path)
