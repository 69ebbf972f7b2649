"""Training objectives as data.

A spec describes the terms of a loss. ``validate`` finds its mistakes, ``load`` resolves it, ``build``
makes its losses, and a ``LossManager`` weights, schedules, records and logs them:

>>> import lossspec
>>> sorted(name for name in dir(lossspec) if name.startswith("Loss"))
['LossManager', 'LossSpecError']

Importing this package does not import torch or anything else that is slow: each name is imported when it
is first used. ``__init__.pyi`` lists the names.
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
