"""Reads YAML as plain data: no tags but those of JSON's types, no anchors that grow or turn in a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lossspec.errors import ConfigError, MissingExtraError
from lossspec.names import shorten

if TYPE_CHECKING:
    from pathlib import Path

_DEEPEST = 64
#: The most values that a file may hold once its aliases are filled in.
_MOST = 100_000
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")
)


def parse(text: str, path: Path) -> object:
    """Parse YAML 1.1 as PyYAML's safe loader does, whose numbers and booleans the peers read, too.

    Raises:
        ConfigError: it is malformed, holds a tag (``!!python/...``), or aliases that hold themselves or
            grow beyond 100,000 values.
        MissingExtraError: PyYAML is not installed.
    """
    try:
        import yaml  # an extra
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            'YAML files need PyYAML, which is not installed: pip install "lossspec[yaml]"'
        ) from error
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check(yaml, yaml.parse(text, Loader=loader), path)
        return yaml.load(text, Loader=loader)  # noqa: S506 - the loader is a safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {str(error).splitlines()[0]}") from error
    except (ValueError, TypeError) as error:  # a date of month 13, a table as a key
        raise ConfigError(f"{path}: {error}") from error
    except LookupError as error:  # `!!bool x`, or `!!float` without a number
        raise ConfigError(f"{path}: a value does not fit its tag, such as `!!bool x`") from error


def _check(yaml: Any, events: Any, path: Path) -> None:
    """Read the events of a file and raise before anything is made of them.

    An alias counts as many values as what it stands for, so that a few lines can't become billions.
    """
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []  # the anchor of what is open, and how many values came before
    count = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in opened):
                raise _error(path, event, f"`*{shorten(event.anchor)}` holds itself")
            count += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor is not None:
                sizes[anchor] = count - before
        elif isinstance(event, yaml.NodeEvent):
            if event.tag not in (None, "!") and event.tag not in _TAGS:
                raise _error(
                    path, event, f"the tag `{shorten(event.tag)}` is refused: only plain data is read"
                )
            count += 1
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((event.anchor, count - 1))
            elif event.anchor is not None:
                sizes[event.anchor] = 1
        if len(opened) > _DEEPEST:
            raise _error(path, event, f"is nested too deeply, at most {_DEEPEST} levels are read")
        if count > _MOST:
            raise _error(path, event, f"holds more than {_MOST:,} values once its aliases are filled in")


def _error(path: Path, event: Any, message: str) -> ConfigError:
    return ConfigError(f"{path}:{event.start_mark.line + 1}:{event.start_mark.column + 1}: {message}")
