"""Reads a catalogue, the TOML file that lists the loss types of one library, into ``LossType`` entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import tomli

from lossspec.errors import RegistrationError
from lossspec.names import is_name
from lossspec.registry.entry import Argument, CallInput, LossType
from lossspec.registry.excerpt import excerpt
from lossspec.registry.place import Place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lossspec.registry.entry import InputKind
    from lossspec.registry.place import Table

_HEAD = ("library", "module", "distribution", "extra", "types", "balancers")
_TYPE = ("target", "function", "summary", "formula", "reference", "note", "downloads", "inputs", "args")
_INPUT = ("kind", "shape", "required")
_FLAGS = ("required", "live", "tensor", "path", "ours")
#: What lossspec can add to a library's loss.
ADDED = ("reduction", "weights_path")
_SCHEMA = (
    "type",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "items",
    "minItems",
    "maxItems",
    "anyOf",
    "examples",
)


def read_catalog(path: Path, owner: str) -> dict[str, LossType]:
    """Read the catalogue at ``path``; ``owner`` is who ships it, for the messages about taken names.

    Returns:
        The types by full name (``torch.L1Loss``), in the order of the file, then the balancers.

    Raises:
        RegistrationError: the file is not TOML, or a key of it is unknown, missing or of the wrong type.
    """
    return _types(_parse(_text(path), path), path, owner)


def read_type(path: Path, owner: str, name: str) -> LossType | None:
    """Read one type of a catalogue, and parse little else: a spec names a few types of many."""
    key = name.partition(".")[2]
    document = _parse(excerpt(_text(path), lambda each, _: each == key), path)
    return _types(document, path, owner).get(name)


def read_summaries(path: Path) -> dict[str, str]:
    """Read the full names and summaries of a catalogue, and parse little else."""
    head = Place(_parse(excerpt(_text(path), lambda _, inner: inner != "args"), path), path)
    entries = head.inner("types")
    return {f"{head.text('library')}.{name}": entries.inner(name).text("summary") for name in entries.table}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RegistrationError(f"catalogue {path}: {error}") from error


def _parse(text: str, path: Path) -> Table:
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise RegistrationError(f"catalogue {path}: {error}") from error


def _types(document: Table, path: Path, owner: str) -> dict[str, LossType]:
    head = Place(document, path)
    head.only(_HEAD)
    library = head.text("library")
    if not is_name(library):
        raise head.error("must be the name of an import package", "library")
    found = (
        _type(section.inner(name), name, head, owner, balancer=section.key == "balancers")
        for section in (head.inner("types"), head.inner("balancers"))
        for name in section.table
    )
    return {entry.name: entry for entry in found}


def _type(place: Place, name: str, head: Place, owner: str, *, balancer: bool) -> LossType:
    place.only(_TYPE)
    library = head.text("library")
    target = place.text("target", f"{head.text('module', library)}:{name}")
    if target.partition(":")[0].partition(".")[0] != library or not target.partition(":")[2]:
        raise place.error(f"must be `module:attribute` in the package `{library}`", "target")
    inputs = place.inner("inputs")
    args = place.inner("args")
    return LossType(
        name=f"{library}.{name}",
        target=target,
        summary=place.text("summary"),
        args={key: _argument(args.inner(key), key) for key in args.table},
        inputs=tuple(_input(key, value, inputs) for key, value in inputs.table.items()),
        function=place.flag("function"),
        formula=place.text("formula", ""),
        reference=place.text("reference", ""),
        note=place.text("note", ""),
        distribution=head.text("distribution", library),
        extra=head.text("extra", ""),
        downloads=place.text("downloads", ""),
        balancer=balancer,
        owner=owner,
    )


def _input(name: str, value: object, place: Place) -> CallInput:
    if isinstance(value, str):
        return CallInput(name, shape=value)
    each = place.inner(name)
    each.only(_INPUT)
    kind = each.text("kind", "tensor")
    if kind not in ("tensor", "list", "callable"):
        raise each.error("must be one of `tensor`, `list`, `callable`", "kind")
    return CallInput(
        name, cast("InputKind", kind), each.text("shape", ""), each.flag("required", default=True)
    )


def _argument(place: Place, name: str) -> Argument:
    place.only((*_SCHEMA, *_FLAGS, "default", "description"))
    schema: Mapping[str, object] = {key: place.table[key] for key in _SCHEMA if key in place.table}
    if not schema:
        raise place.error("needs a `type`")
    if place.flag("path") and schema.get("type") != "string":
        raise place.error("is for a string: that a path stays beside its spec is checked for one", "path")
    if place.flag("ours") and name not in ADDED:
        raise place.error("is for `reduction` and `weights_path`, which lossspec adds", "ours")
    return Argument(
        name,
        schema,
        place.text("description"),
        default=place.table.get("default"),
        **{flag: place.flag(flag) for flag in _FLAGS},
    )
