"""Makes the validator of specs: the committed schema, and the types of this process and of plug-ins."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from lossspec.data import folder as data_folder
from lossspec.language.text import selection
from lossspec.validation.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lossspec.faults import Fault, KeyPath
    from lossspec.validation.choices import Kind, Schema

FILE_NAME = "lossspec.schema.json"


def schema_path() -> Path:
    """Return the path of the schema that comes with lossspec."""
    return data_folder("schemas") / FILE_NAME


@cache
def validator() -> Validator:
    """Return the validator of specs, which reads the committed schema once."""
    wordings = {selection.PATTERN: _selection_fault}
    return Validator(json.loads(schema_path().read_text("utf-8")), _definition, _others, wordings)


def _selection_fault(text: str, path: KeyPath) -> Fault:
    from lossspec.language.text.selection_faults import selection_fault  # only a mistake needs it

    return selection_fault(text, path)


def _definition(kind: Kind, name: str) -> Schema | None:
    """Return the schema of a type that the committed one does not have: registered here, or installed."""
    from lossspec.language.schema import generate  # most specs name built-in types only

    if kind == "schedule":
        return generate.schedule_definition(name)
    from lossspec.registry import find, find_balancer

    entry = find(name) if kind == "loss" else find_balancer(name)
    return generate.definition(kind, entry) if entry else None


def _others(kind: Kind, name: str) -> Iterable[str]:
    """Return the names of further types that a misspelt one may mean."""
    if kind == "schedule":
        from lossspec import schedules  # only a mistake needs it

        return schedules.types()
    from lossspec.registry import installed
    from lossspec.registry.lookup import registered

    entries = [
        *(entry for entry, _ in registered.values()),
        *installed.catalog(name.partition(".")[0]).values(),
    ]
    return [entry.name for entry in entries if entry.balancer == (kind == "balance")]
