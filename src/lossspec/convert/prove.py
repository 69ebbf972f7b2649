"""Proves each loss that was carried over: what lossspec would refuse is listed instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.model import Missing, Table
from lossspec.language.load import validate
from lossspec.language.write import write

if TYPE_CHECKING:
    from lossspec.convert.model import Carried, Imported


def drop_invalid(imported: Imported) -> None:
    """List the losses that make no valid spec, and drop them: an argument may be out of bounds here."""
    for losses in (imported.losses, *imported.variants.values()):
        for name, term in [*losses.items()]:
            problem = _problem(name, term)
            if problem:
                del losses[name]
                key, _, loss = term.sources.get("type", name).partition(" = ")
                imported.missing.append(Missing(key.removesuffix(".type"), loss, problem))
    objectives = {str(each.table.get("objective")) for each in imported.losses.values()}
    imported.objectives = {name: each for name, each in imported.objectives.items() if name in objectives}
    imported.variants = {name: each for name, each in imported.variants.items() if each}


def drop_unused_inputs(imported: Imported) -> None:
    """Keep the texts of the tensors that some loss takes."""
    terms = [imported.losses, *imported.variants.values()]
    used = {name for losses in terms for term in losses.values() for name in _tensors(term.table["inputs"])}
    imported.inputs = {name: text for name, text in imported.inputs.items() if name in used}


def _problem(name: str, term: Carried) -> str:
    document: Table = {"format": 1, "losses": {name: term.table}}
    faults = [each for each in validate(write(document)) if each.severity == "error"]
    return faults[0].message if faults else ""


def _tensors(inputs: object) -> list[str]:
    entries = inputs.values() if isinstance(inputs, dict) else inputs if isinstance(inputs, list) else ()
    names = (each.get("name") if isinstance(each, dict) else each for each in entries)
    return [name for name in names if isinstance(name, str)]
