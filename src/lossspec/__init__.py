"""Training objectives as data.

A spec says the terms of a loss; ``validate`` proves it, ``load`` resolves it, ``build`` makes its
losses, and a ``LossManager`` weighs, schedules, records and logs them:

>>> import lossspec
>>> sorted(name for name in dir(lossspec) if name.startswith("Loss"))
['LossManager', 'LossSpecError']

Importing this package imports neither torch nor anything else that is slow: a name is looked up where
it lives when it is first used.
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
