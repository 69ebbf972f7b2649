"""Reads a configuration file into plain tables, arrays and scalars, within limits."""

from __future__ import annotations

import json
import zipfile
import zlib
from typing import TYPE_CHECKING

import tomli

from lossspec.errors import ConfigError
from lossspec.wording import kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Table = dict[str, object]

#: The largest file that is read, in bytes: an option file has a few thousand.
LARGEST = 1 << 20
#: How deep tables and arrays may lie in each other.
DEEPEST = 64


def read_config(path: Path) -> Table:
    """Read a file by its suffix: ``.json``, ``.toml``, ``.yml``, ``.yaml`` or ``.keras``.

    Raises:
        ConfigError: it is missing, larger than 1 MiB, malformed, nested too deeply, or holds no table.
        MissingExtraError: it is YAML, and PyYAML is not installed.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        advice = f"; for code, write `{path.stem}:FUNCTION`" if path.suffix == ".py" else ""
        raise ConfigError(f"{path}: its name must end in {', '.join(_READERS)}{advice}")
    try:
        document = reader(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the file: {error.strerror or error}") from error
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply, at most {DEEPEST} levels are read") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: must hold a table, got {kind(document)}")
    _check_depth(document, path)
    return document


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    return _decoded(data, path)


def _decoded(data: bytes, path: Path) -> str:
    if len(data) > LARGEST:
        raise ConfigError(f"{path}: is larger than {LARGEST} bytes, the most that is read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: must be UTF-8 text, got other bytes at {error.start}") from error


def _json(path: Path) -> object:
    return _parsed_json(_text(path), path)


def _parsed_json(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: {error.msg}") from error
    except ValueError as error:  # a number of thousands of digits
        raise ConfigError(f"{path}: {error}") from error


def _toml(path: Path) -> object:
    try:
        return tomli.loads(_text(path))
    except tomli.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error


def _yaml(path: Path) -> object:
    from lossspec.convert.files.yaml import parse  # an extra

    return parse(_text(path), path)


def _keras(path: Path) -> object:
    """Read ``config.json`` of a model that Keras saved: a zip file; nothing else in it is opened."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
            data = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ConfigError(
            f"{path}: must be a model that Keras 3 saved, a zip file with config.json"
        ) from error
    return _parsed_json(_decoded(data, path), path)


_READERS: dict[str, Callable[[Path], object]] = {
    ".json": _json,
    ".toml": _toml,
    ".yml": _yaml,
    ".yaml": _yaml,
    ".keras": _keras,
}


def _check_depth(document: object, path: Path) -> None:
    level: list[object] = [document]
    for _ in range(DEEPEST):
        inner: list[object] = []
        for each in level:
            inner += each.values() if isinstance(each, dict) else each if isinstance(each, list) else []
        level = [each for each in inner if isinstance(each, dict | list)]
        if not level:
            return
    raise ConfigError(f"{path}: is nested too deeply, at most {DEEPEST} levels are read")
