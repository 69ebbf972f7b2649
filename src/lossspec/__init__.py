"""Training objectives as data.

A spec says the terms of a loss; ``validate`` proves it, ``load`` resolves it, ``build`` makes its
losses, and a ``LossManager`` weighs, schedules, records and logs them:

>>> import lossspec
>>> sorted(name for name in dir(lossspec) if name.startswith("Loss"))
['LossManager', 'LossSpecError']

Importing this package imports neither torch nor anything else that is slow: a name is looked up where
it lives when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lossspec._version import __version__
from lossspec.errors import LossSpecError, MissingExtraError, RegistrationError, UnknownNameError

if TYPE_CHECKING:
    from lossspec import schedules as schedules
    from lossspec.language.diagnostics.diagnostic import Diagnostic as Diagnostic
    from lossspec.language.diagnostics.error import SpecError as SpecError
    from lossspec.language.function import spec as spec
    from lossspec.language.load import load as load
    from lossspec.language.load import validate as validate
    from lossspec.language.model import Spec as Spec
    from lossspec.log.reader import read_log as read_log
    from lossspec.log.rows import LMHistory as LMHistory
    from lossspec.manager import ConfigManager as ConfigManager
    from lossspec.manager import LMLoss as LMLoss
    from lossspec.manager import LossManager as LossManager
    from lossspec.manager import Objective as Objective
    from lossspec.manager import build as build
    from lossspec.registry import register_balancer as register_balancer
    from lossspec.registry import register_loss as register_loss
    from lossspec.schedules import register_schedule as register_schedule

_HOMES = {
    "ConfigManager": "lossspec.manager",
    "Diagnostic": "lossspec.language.diagnostics.diagnostic",
    "LMHistory": "lossspec.log.rows",
    "LMLoss": "lossspec.manager",
    "LossManager": "lossspec.manager",
    "Objective": "lossspec.manager",
    "Spec": "lossspec.language.model",
    "SpecError": "lossspec.language.diagnostics.error",
    "build": "lossspec.manager",
    "load": "lossspec.language.load",
    "read_log": "lossspec.log.reader",
    "register_balancer": "lossspec.registry",
    "register_loss": "lossspec.registry",
    "register_schedule": "lossspec.schedules",
    "spec": "lossspec.language.function",
    "validate": "lossspec.language.load",
}
_PACKAGES = ("schedules",)

__all__ = [  # noqa: PLE0604 - the names that are here, then those that are looked up
    "LossSpecError",
    "MissingExtraError",
    "RegistrationError",
    "UnknownNameError",
    "__version__",
    *_HOMES,
    *_PACKAGES,
]


def __getattr__(name: str) -> object:
    if name in _PACKAGES:
        return import_module(f"lossspec.{name}")
    if name in _HOMES:
        from lossspec.extras import torch_for

        with torch_for(f"`lossspec.{name}`"):
            return getattr(import_module(_HOMES[name]), name)
    from lossspec.names import unknown

    raise AttributeError(unknown("name", name, __all__, " in `lossspec`"))


def __dir__() -> list[str]:
    return sorted(__all__)
