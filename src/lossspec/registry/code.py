"""Gets the code of a loss type, at build and no sooner, and says what to install where it is missing."""

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
    """Say what is not installed and how to install it, or "" where all is there; imports nothing."""
    if entry.name in registered or find_spec(entry.library) is not None:
        return ""
    wanted = f"lossspec[{entry.extra}]" if entry.extra else entry.distribution
    return f'`{entry.name}` needs {entry.distribution}, which is not installed: pip install "{wanted}"'


def load(entry: LossType) -> Callable[..., object]:
    """Import the class or function of a loss type: the only place where a loss's code is reached.

    Raises:
        MissingExtraError: its library is not installed, or too old to have it.
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
            f"`{entry.name}` is not in the installed {entry.distribution} (no `{entry.target}`): "
            f'pip install --upgrade "{entry.distribution}"'
        ) from error
