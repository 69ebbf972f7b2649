"""A table of a catalogue that knows where it stands, so that every complaint names the file and the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lossspec.errors import RegistrationError
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Table = dict[str, object]


class Place:
    """A table, its file and its key path."""

    def __init__(self, table: object, path: Path, key: str = "") -> None:
        self.path, self.key = path, key
        if not isinstance(table, dict):
            raise self.error("must be a table")
        self.table = cast("Table", table)

    def error(self, problem: str, key: str = "") -> RegistrationError:
        """Word a problem of the value at ``key``."""
        where = ".".join(part for part in (self.key, key) if part)
        return RegistrationError(f"catalogue {self.path}: `{where}` {problem}")

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that are not ``known``."""
        known = tuple(known)
        for key in self.table:
            if key not in known:
                where = f" in `{self.key}`" if self.key else ""
                raise RegistrationError(f"catalogue {self.path}: {unknown('key', key, known, where)}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return the string at ``key``."""
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.error("must be a string", key)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return the boolean at ``key``."""
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            raise self.error("must be true or false", key)
        return value

    def inner(self, key: str) -> Place:
        """Return the table at ``key``, empty if there is none."""
        return Place(self.table.get(key, {}), self.path, f"{self.key}.{key}" if self.key else key)
