"""The loss modules of lossspec itself, which no well-maintained library has.

Each is a ``torch.nn.Module`` that a spec names with the prefix ``lossspec.``, and that can be used without
a spec. Its docstring has the formula, the shapes and the paper. None has a hidden factor: a factor of a paper
is the ``weight`` of the term.

>>> import torch
>>> from lossspec.losses import SobelLoss
>>> SobelLoss()(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
tensor(0.)

A tensor of the wrong shape is an error that names the loss and the shape:

>>> SobelLoss()(torch.zeros(3, 8, 8), torch.zeros(3, 8, 8))
Traceback (most recent call last):
    ...
lossspec.errors.LossInputError: SobelLoss expects `input` as (N, C, H, W), got (3, 8, 8)
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
