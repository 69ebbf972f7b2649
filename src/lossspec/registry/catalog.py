"""Reads a catalogue, the TOML file that lists the loss types of one library, into ``LossType`` entries."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, cast

from lossspec.errors import RegistrationError
from lossspec.names import is_name, unknown
from lossspec.registry.entry import Argument, CallInput, LossType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lossspec.registry.entry import InputKind

Table = dict[str, object]

_HEAD = ("library", "module", "distribution", "extra", "types")
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
)


class _Place:
    """A table of a catalogue and where it stands: every complaint names the file and the key."""

    def __init__(self, table: object, path: Path, key: str = "") -> None:
        self.path, self.key = path, key
        if not isinstance(table, dict):
            raise self.error("must be a table")
        self.table = cast("Table", table)

    def error(self, problem: str, key: str = "") -> RegistrationError:
        where = ".".join(part for part in (self.key, key) if part)
        return RegistrationError(f"catalogue {self.path}: `{where}` {problem}")

    def only(self, known: Iterable[str]) -> None:
        known = tuple(known)
        for key in self.table:
            if key not in known:
                where = f" in `{self.key}`" if self.key else ""
                raise RegistrationError(f"catalogue {self.path}: {unknown('key', key, known, where)}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.error("must be a string", key)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            raise self.error("must be true or false", key)
        return value

    def tables(self, key: str) -> Table:
        return self.inner(key).table

    def inner(self, key: str) -> _Place:
        return _Place(self.table.get(key, {}), self.path, f"{self.key}.{key}" if self.key else key)


def read_catalog(path: Path, owner: str) -> dict[str, LossType]:
    """Read the catalogue at ``path``; ``owner`` is who ships it, for the messages about taken names.

    Returns:
        The types by full name (``torch.L1Loss``), in the order of the file.

    Raises:
        RegistrationError: the file is not TOML, or a key of it is unknown, missing or of the wrong type.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistrationError(f"catalogue {path}: {error}") from error
    head = _Place(document, path)
    head.only(_HEAD)
    library = head.text("library")
    if not is_name(library):
        raise head.error("must be the name of an import package", "library")
    entries = head.inner("types")
    found = (_type(entries.inner(name), name, head, owner) for name in entries.table)
    return {entry.name: entry for entry in found}


def _type(place: _Place, name: str, head: _Place, owner: str) -> LossType:
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
        owner=owner,
    )


def _input(name: str, value: object, place: _Place) -> CallInput:
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


def _argument(place: _Place, name: str) -> Argument:
    place.only((*_SCHEMA, *_FLAGS, "default", "description"))
    schema: Mapping[str, object] = {key: place.table[key] for key in _SCHEMA if key in place.table}
    if not schema:
        raise place.error("needs a `type`")
    if place.flag("ours") and name not in ADDED:
        raise place.error(
            f"lossspec adds no such argument: it knows {' and '.join(f'`{each}`' for each in ADDED)}", "ours"
        )
    return Argument(
        name,
        schema,
        place.text("description"),
        default=place.table.get("default"),
        **{flag: place.flag(flag) for flag in _FLAGS},
    )
