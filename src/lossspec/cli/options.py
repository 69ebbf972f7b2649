"""Options that several commands share: format, parameters, overlays, user modules, length of the run."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import TYPE_CHECKING, Any, cast

import click
import tomli

from lossspec.extras import torch_for
from lossspec.paths import user_path

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    Command = Callable[..., None]


#: The most epochs of a run, and steps of an epoch.
_MOST = 10**9


class FilePath(click.Path):
    """A path, with the home folder for ``~``, which the shell leaves in ``--output=~/file``."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Return the value as a ``Path``."""
        return super().convert(user_path(value), param, ctx)


_PICTURES = (".svg", ".png", ".pdf")


def check_picture(output: Path | None) -> None:
    """Check that a file is that of a picture, if one is given.

    Raises:
        click.UsageError: its suffix is that of something else.
    """
    if output is not None and output.suffix.lower() not in _PICTURES:
        raise click.UsageError(f"-o must end in one of {', '.join(_PICTURES)}, got `{output}`")


def format_option(*formats: str, names: tuple[str, ...] = ("--format",)) -> Callable[[Command], Command]:
    """Add ``--format``, one of ``formats``, the first by default: the command gets ``format_``."""
    choice = click.Choice(formats)
    return click.option(
        *names, "format_", type=choice, default=formats[0], show_default=True, help="Output format."
    )


def overlay_options(command: Command) -> Command:
    """Add ``--param NAME=VALUE`` and ``--set PATH=VALUE``: the command gets ``params`` and ``overlay``."""

    @click.option(
        "--param",
        "param_texts",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a parameter, such as lambda_l1=50. Can be repeated.",
    )
    @click.option(
        "--set",
        "set_texts",
        multiple=True,
        metavar="PATH=VALUE",
        help="Override a value of the spec with TOML, such as losses.G_L1.weight=50. Can be repeated.",
    )
    @functools.wraps(command)
    def with_overlay(
        *args: object, param_texts: tuple[str, ...], set_texts: tuple[str, ...], **kwargs: object
    ) -> None:
        params = {}
        for text in param_texts:
            name, value = _assignment("--param", text)
            params[name] = value
        overlay: dict[str, object] = {}
        for text in set_texts:
            path, value = _assignment("--set", text)
            _put(overlay, path, value)
        command(*args, params=params, overlay=overlay, **kwargs)

    return with_overlay


def load_option(command: Command) -> Command:
    """Add ``--load MODULE``: import a user module that registers losses or schedules before the command."""

    @click.option(
        "--load",
        "modules",
        multiple=True,
        metavar="MODULE",
        help="Import your module that registers losses or schedules. Can be repeated.",
    )
    @functools.wraps(command)
    def with_modules(*args: object, modules: tuple[str, ...], **kwargs: object) -> None:
        for module in modules:
            import_user_module(module)
        command(*args, **kwargs)

    return with_modules


def _assignment(option: str, text: str) -> tuple[str, object]:
    """Read ``NAME=VALUE``, the value as TOML, or as a string if it is not TOML: quotes are optional."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"{option} must be NAME=VALUE, got `{text}`")
    try:
        table = tomli.loads(f"value = {value}")
    except tomli.TOMLDecodeError:
        return name.strip(), value
    return name.strip(), table["value"] if len(table) == 1 else value


def _put(overlay: dict[str, object], path: str, value: object) -> None:
    *parents, last = path.split(".")
    table = overlay
    for part in parents:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise click.UsageError(f"--set {path}: another --set already gives `{part}` a value")
        table = inner
    table[last] = value


def import_user_module(name: str) -> ModuleType:
    """Import a module that the user named on the command line, from where ``python -m`` would find it.

    Raises:
        click.UsageError: the module does not exist, or the name is not that of a module.
        MissingExtraError: it imports torch, which is not installed.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise click.UsageError(f"a module must be a name such as `my_losses`, got `{name}`")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        with torch_for(f"module `{name}`"):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module exists, but something that it imports does not
        raise click.UsageError(f"module `{name}` not found") from error


def import_user_function(text: str) -> Callable[..., object]:
    """Import ``MODULE:FUNCTION``: code runs because the user named it here, never because a file did.

    Raises:
        click.UsageError: the module or the function does not exist.
        MissingExtraError: it imports torch, which is not installed.
    """
    module_name, colon, name = text.partition(":")
    if not colon or not module_name or not name:
        raise click.UsageError(f"`{text}` must be MODULE:FUNCTION, such as my_losses:denoise")
    found = getattr(import_user_module(module_name), name, None)
    if not callable(found):
        raise click.UsageError(f"`{module_name}` has no function `{name}`")
    return cast("Callable[..., object]", found)


def run_length_options(command: Command) -> Command:
    """Add ``--epochs`` and ``--steps-per-epoch``: the command gets ``run``."""

    @click.option(
        "--epochs",
        type=click.IntRange(1, _MOST),
        default=200,
        show_default=True,
        help="Length of the run.",
    )
    @click.option(
        "--steps-per-epoch",
        type=click.IntRange(1, _MOST),
        help="Optimiser steps per epoch, for schedules that count steps.",
    )
    @functools.wraps(command)
    def with_run(*args: object, epochs: int, steps_per_epoch: int | None, **kwargs: object) -> None:
        from lossspec.report.forecast.weights import RunLength

        command(*args, run=RunLength(epochs, steps_per_epoch), **kwargs)

    return with_run
