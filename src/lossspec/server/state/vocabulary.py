"""The names that a place of a spec may use: types, parameters, tensors, objectives, losses and specs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lossspec import schedules
from lossspec.errors import LossSpecError
from lossspec.language.checks.inputs import references
from lossspec.language.diagnostics.findings import Findings
from lossspec.language.documents.document import read_draft
from lossspec.language.documents.search import find, folders
from lossspec.language.resolve.params import values
from lossspec.language.resolve.variants import declared, stack
from lossspec.language.text.reference import SUFFIX
from lossspec.language.text.selection import tensor_of
from lossspec.registry import balancers, summaries
from lossspec.schedules.table import summary
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lossspec.faults import KeyPath
    from lossspec.server.state.document import Document

Kind = Literal["spec", "loss type", "balancer", "schedule", "tensor", "objective", "loss", "part", ""]
#: A name and what is said of it.
Names = dict[str, str]
Table = dict[str, object]


#: What the value at a key path names; "*" is any key or position.
_KINDS: tuple[tuple[KeyPath, Kind], ...] = (
    (("losses", "*", "type"), "loss type"),
    (("objectives", "*", "balance", "type"), "balancer"),
    (("losses", "*", "inputs", "*"), "tensor"),
    (("losses", "*", "inputs", "*", "name"), "tensor"),
    (("losses", "*", "reduce", "weights"), "tensor"),
    (("losses", "*", "reduce", "weights", "name"), "tensor"),
    (("losses", "*", "reduce", "by", "name"), "tensor"),
    (("objectives", "*", "balance", "inputs", "*"), "tensor"),
    (("objectives", "*", "balance", "inputs", "*", "name"), "tensor"),
    (("losses", "*", "objective"), "objective"),
    (("objectives", "*", "balance", "losses", "*"), "loss"),
    (("remove", "*"), "part"),
)
#: Where schedules are; "**" is the rest of a path.
_SCHEDULED: tuple[KeyPath, ...] = (
    ("losses", "*", "weight", "**"),
    ("losses", "*", "args", "*", "**"),
    ("objectives", "*", "weight", "**"),
)


def kind_at(document: Document, path: KeyPath) -> Kind:
    """Return what the value at a path names.

    >>> from lossspec.server.state.document import Document
    >>> [kind_at(Document.of(""), path) for path in (("extends",), ("losses", "a", "inputs", 0))]
    ['spec', 'tensor']
    """
    if path == ("extends",):
        return "spec"
    _, rest = document.scope(path)
    if rest[-1:] == ("type",) and any(_fits(rest, pattern) for pattern in _SCHEDULED):
        return "schedule"
    return next((kind for pattern, kind in _KINDS if _fits(rest, pattern)), "")


def _fits(path: KeyPath, pattern: KeyPath) -> bool:
    if pattern[-1] == "**":
        pattern = pattern[:-1]
        if len(path) <= len(pattern):
            return False
        path = path[: len(pattern)]
    return len(path) == len(pattern) and all(
        each in {"*", part} for part, each in zip(path, pattern, strict=True)
    )


def names(document: Document, path: KeyPath, kind: Kind) -> Names:
    """Return the names of a kind that a value at a path may use."""
    if kind == "":
        return {}
    if kind == "spec":
        return specs(document.path)
    if kind in _GLOBAL:
        return _GLOBAL[kind]()
    table, _ = document.scope(path)
    return _LOCAL[kind](table)


def _balancers() -> Names:
    return {name: entry.summary for name, entry in balancers().items()}


def _schedules() -> Names:
    return {name: summary(each) for name, each in schedules.types().items()}


def _objectives(table: Table) -> Names:
    used = (loss.get("objective") for loss in _tables(table, "losses").values())
    written = (name for name in used if isinstance(name, str))
    return dict.fromkeys([*_section(table, "objectives"), *written], "")


def _losses(table: Table) -> Names:
    return {name: str(loss.get("type", "")) for name, loss in _tables(table, "losses").items()}


def _removable(table: Table) -> Names:
    sections = ("losses", "params", "inputs", "objectives")
    return {dotted((section, name)): "" for section in sections for name in _section(table, section)}


def params(document: Document, path: KeyPath) -> Names:
    """Return the parameters that a ``${}`` at a path may name, each with its default."""
    table, _ = document.scope(path)
    said = _section(table, "params")
    return {
        name: f"{value!r} {_description(said[name])}".strip()
        for name, value in values(said).items()
        if isinstance(value, bool | int | float | str)
    }


def tensors(table: Table) -> Names:
    """Return the tensors of a spec, each with its description: those declared, and those that losses use."""
    found = {name: each if isinstance(each, str) else "" for name, each in _section(table, "inputs").items()}
    for loss in _tables(table, "losses").values():
        for _, reference in references(loss):
            if name := tensor_of(reference):
                found.setdefault(name, "")
    return found


def specs(beside: Path | None) -> Names:
    """Return the specs that a file may extend, each with the place that it is in."""
    found: Names = {}
    for folder in folders(beside.parent if beside else None):
        for file in sorted(folder.path.glob("*" + SUFFIX)):
            if beside is None or file.resolve() != beside.resolve():
                found.setdefault(file.name.removesuffix(SUFFIX), folder.owner)
    return found


def spec_file(name: str, beside: Path | None) -> Path | None:
    """Return the file of a spec that a file extends, or None if there is none."""
    try:
        return find(name, beside.parent if beside else None, beside).path
    except LossSpecError:
        return None


def variants(name: str, beside: Path | None) -> Names:
    """Return the variants of a spec that a file extends, each with its description."""
    file = spec_file(name, beside)
    if file is None:
        return {}
    try:
        table = stack(read_draft(file, Findings())).table
    except LossSpecError:
        return {}
    said = _section(table, "variants")
    return {each: _description(said.get(each)) for each in declared(table)}


def _description(entry: object) -> str:
    return str(entry.get("description", "")) if isinstance(entry, dict) else ""


def _section(table: Table, name: str) -> Table:
    found = table.get(name)
    return found if isinstance(found, dict) else {}


def _tables(table: Table, name: str) -> dict[str, Table]:
    return {key: each for key, each in _section(table, name).items() if isinstance(each, dict)}


_GLOBAL: dict[str, Callable[[], Names]] = {
    "loss type": summaries,
    "balancer": _balancers,
    "schedule": _schedules,
}
_LOCAL: dict[str, Callable[[Table], Names]] = {
    "tensor": tensors,
    "objective": _objectives,
    "loss": _losses,
    "part": _removable,
}
