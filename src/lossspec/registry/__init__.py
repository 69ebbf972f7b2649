"""The registry: every loss type and balancer that a spec can name, as data.

The name of a type is the import package that owns its code and the class: ``torch.L1Loss``,
``piq.SSIMLoss``. It is a key of a closed table, never an import path. The entries come from the
catalogues of lossspec, one TOML file for each library; from ``register_loss`` in the user's own code; and
from the catalogues of installed plug-ins. A lookup only reads data; the code of a loss is imported when it
is built:

>>> from lossspec.registry import find
>>> loss = find("torch.SmoothL1Loss")
>>> loss.args["beta"].default, [each.name for each in loss.inputs]
(1.0, ['input', 'target'])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lossspec.registry.code import load as load
from lossspec.registry.code import missing_library as missing_library
from lossspec.registry.entry import Argument as Argument
from lossspec.registry.entry import CallInput as CallInput
from lossspec.registry.entry import LossType as LossType
from lossspec.registry.lookup import balancers as balancers
from lossspec.registry.lookup import find as find
from lossspec.registry.lookup import find_balancer as find_balancer
from lossspec.registry.lookup import libraries as libraries
from lossspec.registry.lookup import summaries as summaries
from lossspec.registry.lookup import types as types

if TYPE_CHECKING:
    from lossspec.registry.installed import installed_spec_folders as installed_spec_folders
    from lossspec.registry.register import register_balancer as register_balancer
    from lossspec.registry.register import register_loss as register_loss

#: What is slow to import and seldom needed.
_LAZY = {
    "installed_spec_folders": "installed",
    "register_balancer": "register",
    "register_loss": "register",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(f"lossspec.registry.{_LAZY[name]}"), name)
    raise AttributeError(f"module `lossspec.registry` has no `{name}`")
