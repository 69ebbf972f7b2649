"""What is wrong in a catalogue: what ``schemas/catalog.schema.json`` says, and what a schema cannot say."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from lossspec.data import folder as data_folder
from lossspec.faults import Fault
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.validation.validator import Validator

Table = dict[str, Any]
#: What lossspec can add to a library's loss.
ADDED = ("reduction", "weights_path")


def schema_path() -> Path:
    """Return the file of the schema of catalogues."""
    return data_folder("schemas") / "catalog.schema.json"


def catalog_faults(document: Table) -> list[Fault]:
    """Return what is wrong in a catalogue, in its order.

    >>> [fault.message for fault in catalog_faults({"library": "mylosses", "types": {"X": {}}})]
    ['key `summary` is missing in `types.X`']
    """
    return _validator().faults(document) or list(_beyond_the_schema(document))


@cache
def _validator() -> Validator:
    from lossspec.validation.validator import Validator  # most specs name built-in types only

    return Validator(json.loads(schema_path().read_text("utf-8")))


def _beyond_the_schema(document: Table) -> Iterator[Fault]:
    library: str = document["library"]
    if not _is_inside(document.get("module", library), library):
        yield _fault(("module",), f"must be in the package `{library}`")
    for section in ("types", "balancers"):
        for name, each in document.get(section, {}).items():
            here = (section, name)
            if not _is_inside(each.get("target", library).partition(":")[0], library):
                yield _fault((*here, "target"), f"must be `module:attribute` in the package `{library}`")
            for argument, table in each.get("args", {}).items():
                yield from _argument(argument, table, (*here, "args", argument))


def _argument(name: str, table: Table, path: tuple[str, ...]) -> Iterator[Fault]:
    if not {"type", "enum", "anyOf"} & table.keys():
        yield Fault("missing-key", f"the key `type` is missing in `{dotted(path)}`", path, "key")
    if table.get("path") and table.get("type") != "string":
        yield _fault((*path, "path"), "is for a string: that a path stays beside its spec is checked for one")
    if table.get("ours") and name not in ADDED:
        yield _fault((*path, "ours"), "is for `reduction` and `weights_path`, which lossspec adds")


def _is_inside(module: str, library: str) -> bool:
    return module.partition(".")[0] == library


def _fault(path: tuple[str, ...], problem: str) -> Fault:
    return Fault("unknown-value", f"`{dotted(path)}` {problem}", path)
