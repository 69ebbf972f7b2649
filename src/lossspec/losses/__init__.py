"""The loss modules that no well-kept library has.

Each is a ``torch.nn.Module`` that a spec names with the prefix ``lossspec.``, and that code can use without
a spec. Its docstring has the formula, the shapes and the paper. None hides a factor: what a paper puts
before a term is the term's ``weight``.

>>> import torch
>>> from lossspec.losses import SobelLoss
>>> SobelLoss()(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
tensor(0.)

A tensor that a loss can't work with is an error that names the loss and the shapes:

>>> SobelLoss()(torch.zeros(3, 8, 8), torch.zeros(3, 8, 8))
Traceback (most recent call last):
    ...
lossspec.errors.LossInputError: SobelLoss expects `input` as (N, C, H, W), found (3, 8, 8)
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
