"""Reads run configurations in JSON or TOML, with keys as attributes: ``config.common.device``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import tomli

from lossspec.errors import ConfigError
from lossspec.names import type_name, unknown
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from pathlib import Path


class Common(Protocol):
    """The ``common`` section of a configuration."""

    @property
    def device(self) -> Any:
        """An argument of ``torch.device``."""


class HasDevice(Protocol):
    """A configuration that a manager can read its device from."""

    @property
    def common(self) -> Common:
        """The ``common`` section."""


class Section(Mapping[str, Any]):
    """A table of a configuration, with its keys as attributes.

    >>> section = Section({"common": {"device": "cpu"}}, "run.json")
    >>> section.common.device, section["common"]["device"]
    ('cpu', 'cpu')
    >>> section.comon
    Traceback (most recent call last):
    lossspec.errors.ConfigError: run.json: unknown key `comon`: a key with a similar name exists: `common`
    """

    def __init__(self, values: Mapping[str, Any], source: str, path: str = "") -> None:
        self._values = values
        self._source = source
        self._path = path

    def __getitem__(self, key: str) -> Any:
        return _wrapped(self._values[key], self._source, f"{self._path}{key}.")

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        if key not in self._values:
            where = f" in `{self._path[:-1]}`" if self._path else ""
            raise ConfigError(f"{self._source}: {unknown('key', key, self._values, where)}")
        return self[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Section({dict(self._values)!r})"


def _wrapped(value: object, source: str, path: str) -> object:
    if isinstance(value, Mapping):
        return Section(value, source, path)
    if isinstance(value, list):
        return [_wrapped(each, source, f"{path[:-1]}[{index}].") for index, each in enumerate(value)]
    return value


class ConfigManager:
    """Reads a run configuration, JSON or TOML by its suffix.

    Args:
        path: the file.

    Raises:
        ConfigError: the file is missing, malformed (with line and column), or not a table.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = user_path(path)
        self.data = Section(_read(self.path), str(self.path))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: must be UTF-8 text, got an invalid byte at offset {error.start}"
        ) from error
    try:
        values = tomli.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (json.JSONDecodeError, tomli.TOMLDecodeError) as error:
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: {error.msg}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: must be a table of sections, got {type_name(values)}")
    return values
