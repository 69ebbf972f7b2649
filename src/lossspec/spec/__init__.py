"""What a spec says, and whether it is right: from text to a frozen ``Spec``.

    read ─► parse ─► check against the schema ─► lay over what it extends ─► lay variants over it
         ─► lay the caller's overlay and parameters over it ─► fill ``${}`` ─► check the meaning ─► Spec

A spec is a TOML file, or a Python function that returns a table of the same shape. This package, called,
is the decorator of such functions:

>>> import lossspec
>>> @lossspec.spec
... def denoise(lambda_l1: float = 100.0):
...     l1 = {"type": "torch.L1Loss", "inputs": ["y_fake", "y"], "weight": lambda_l1}
...     return {"format": 1, "losses": {"l1": l1}}
>>> lossspec.load(denoise, params={"lambda_l1": 50.0}).losses["l1"].weight
50.0

Nothing here imports torch: a spec is proved without paying for it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.spec.function import SpecFunction


class _Decorator(ModuleType):
    """The package as a decorator: ``lossspec.spec`` names both, as ``lossspec.schedules`` names its own."""

    def __call__(self, function: Callable[..., object]) -> SpecFunction:
        """Make a spec of a function: see ``lossspec.spec.function.spec``."""
        from lossspec.spec.function import spec  # most programs have none

        return spec(function)


sys.modules[__name__].__class__ = _Decorator
