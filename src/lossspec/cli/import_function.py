"""``lossspec import MODULE:FUNCTION``: call a user function and import the losses that it returns."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click
import tomli

from lossspec.cli.options import import_user_function
from lossspec.paths import user_path

if TYPE_CHECKING:
    from lossspec.convert import Imported


def import_function(text: str, arg_texts: tuple[str, ...]) -> Imported:
    """Import the losses that a function returns."""
    from lossspec.convert.code.call import import_callable  # `--help` does not pay

    function = import_user_function(text)
    arguments = dict(map(_argument, arg_texts))
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise click.UsageError(
            f"`{text}`: {error}; pass it with `--arg NAME=VALUE` or `--arg NAME=@FILE`. The function "
            "must make losses: one that computes a loss is registered with `@lossspec.register_loss`"
        ) from error
    return import_callable(function, arguments, text)


def _argument(text: str) -> tuple[str, object]:
    """Read ``NAME=VALUE``, the value as TOML or else a string, or ``NAME=@FILE#KEY``."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--arg must be NAME=VALUE, got `{text}`")
    if value.startswith("@"):
        return name, _config(*value[1:].partition("#")[::2])
    try:
        return name, tomli.loads(f"value = {value}")["value"]
    except (tomli.TOMLDecodeError, KeyError):
        return name, value


def _config(file: str, key: str) -> object:
    """Read a configuration whose keys are attributes too: ``config.train.loss.lambda_l1``."""
    from lossspec.convert.files.read import read_config
    from lossspec.manager.config import Section

    section = Section(read_config(user_path(file)), file)
    return getattr(section, key) if key else section
