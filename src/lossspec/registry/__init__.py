"""What a name means: every loss type that a spec can name, as data.

A type is named by the import package that owns its code and the class: ``torch.L1Loss``,
``piq.SSIMLoss``. The name is a key of a closed table, never an import path. The table is filled by the
catalogues that come with lossspec, one TOML file a library; by ``register_loss`` in the user's own code;
and by the catalogues of installed plug-ins. Looking a name up reads data only; its code is imported when
a loss is built:

>>> from lossspec.registry import find
>>> loss = find("torch.SmoothL1Loss")
>>> loss.args["beta"].default, [each.name for each in loss.inputs]
(1.0, ['input', 'target'])
"""

from __future__ import annotations

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
    from lossspec.registry.balancer import register_balancer as register_balancer
    from lossspec.registry.installed import installed_spec_folders as installed_spec_folders
    from lossspec.registry.register import register_loss as register_loss


def __getattr__(name: str) -> object:
    if name == "register_loss":
        from lossspec.registry.register import register_loss  # inspect is slow to import

        return register_loss
    if name == "register_balancer":
        from lossspec.registry.balancer import register_balancer

        return register_balancer
    if name == "installed_spec_folders":
        from lossspec.registry.installed import installed_spec_folders  # slow to import

        return installed_spec_folders
    raise AttributeError(name)
