"""Imports the code of a loss type when the loss is built, or names the package to install."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from lossspec.errors import MissingExtraError
from lossspec.registry.lookup import registered

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.registry.entry import LossType


def missing_library(entry: LossType) -> str:
    """Return how to install the library of a loss type, or "" if it is installed; nothing is imported."""
    if entry.name in registered or find_spec(entry.library) is not None:
        return ""
    wanted = f"lossspec[{entry.extra}]" if entry.extra else entry.distribution
    return f'`{entry.name}` needs {entry.distribution}, which is not installed: pip install "{wanted}"'


def load(entry: LossType) -> Callable[..., object]:
    """Import the class or function of a loss type: no other function imports the code of a loss.

    Raises:
        MissingExtraError: the library is not installed, or too old to have the loss.
    """
    if entry.name in registered:
        return registered[entry.name][1]
    if problem := missing_library(entry):
        raise MissingExtraError(problem)
    module, _, attribute = entry.target.partition(":")
    try:
        return cast("Callable[..., object]", getattr(import_module(module), attribute))
    except AttributeError as error:
        raise MissingExtraError(
            f"`{entry.target}` is missing in the installed {entry.distribution}, for `{entry.name}`: "
            f'pip install --upgrade "{entry.distribution}"'
        ) from error
