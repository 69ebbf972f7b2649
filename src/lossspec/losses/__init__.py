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

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lossspec.extras import torch_for

if TYPE_CHECKING:
    from lossspec.losses.bernoulli import BernoulliReconstructionLoss as BernoulliReconstructionLoss
    from lossspec.losses.charbonnier import CharbonnierLoss as CharbonnierLoss
    from lossspec.losses.distillation import DistillationKLLoss as DistillationKLLoss
    from lossspec.losses.feature_matching import FeatureMatchingLoss as FeatureMatchingLoss
    from lossspec.losses.focal_frequency import FocalFrequencyLoss as FocalFrequencyLoss
    from lossspec.losses.gan import GANLoss as GANLoss
    from lossspec.losses.gaussian_kl import GaussianKLLoss as GaussianKLLoss
    from lossspec.losses.gradient_difference import GradientDifferenceLoss as GradientDifferenceLoss
    from lossspec.losses.gradient_penalty import GradientPenalty as GradientPenalty
    from lossspec.losses.gradient_ratio import GradientRatio as GradientRatio
    from lossspec.losses.laplacian import LaplacianLoss as LaplacianLoss
    from lossspec.losses.masked_l1 import MaskedL1Loss as MaskedL1Loss
    from lossspec.losses.output_balancer import OutputBalancer as OutputBalancer
    from lossspec.losses.path_length import PathLengthPenalty as PathLengthPenalty
    from lossspec.losses.perceptual import VGGPerceptualLoss as VGGPerceptualLoss
    from lossspec.losses.precomputed import Precomputed as Precomputed
    from lossspec.losses.redundancy import BarlowTwinsLoss as BarlowTwinsLoss
    from lossspec.losses.redundancy import CovarianceLoss as CovarianceLoss
    from lossspec.losses.redundancy import VarianceLoss as VarianceLoss
    from lossspec.losses.relativistic import RelativisticAverageLoss as RelativisticAverageLoss
    from lossspec.losses.score_gradient import R1Penalty as R1Penalty
    from lossspec.losses.score_gradient import R2Penalty as R2Penalty
    from lossspec.losses.sobel import SobelLoss as SobelLoss
    from lossspec.losses.spectrogram import SpectrogramL1L2Loss as SpectrogramL1L2Loss
    from lossspec.losses.spectrogram import SpectrogramL1Loss as SpectrogramL1Loss
    from lossspec.losses.spectrogram import SpectrogramL2Loss as SpectrogramL2Loss
    from lossspec.losses.style import VGGStyleLoss as VGGStyleLoss
    from lossspec.losses.vector_quantization import CodebookLoss as CodebookLoss
    from lossspec.losses.vector_quantization import CommitmentLoss as CommitmentLoss

#: Where each lives: a loss is imported when it is first used.
_HOMES = {
    "BarlowTwinsLoss": "redundancy",
    "BernoulliReconstructionLoss": "bernoulli",
    "CharbonnierLoss": "charbonnier",
    "CodebookLoss": "vector_quantization",
    "CommitmentLoss": "vector_quantization",
    "CovarianceLoss": "redundancy",
    "DistillationKLLoss": "distillation",
    "FeatureMatchingLoss": "feature_matching",
    "FocalFrequencyLoss": "focal_frequency",
    "GANLoss": "gan",
    "GaussianKLLoss": "gaussian_kl",
    "GradientDifferenceLoss": "gradient_difference",
    "GradientPenalty": "gradient_penalty",
    "GradientRatio": "gradient_ratio",
    "LaplacianLoss": "laplacian",
    "MaskedL1Loss": "masked_l1",
    "OutputBalancer": "output_balancer",
    "PathLengthPenalty": "path_length",
    "Precomputed": "precomputed",
    "R1Penalty": "score_gradient",
    "R2Penalty": "score_gradient",
    "RelativisticAverageLoss": "relativistic",
    "SobelLoss": "sobel",
    "SpectrogramL1L2Loss": "spectrogram",
    "SpectrogramL1Loss": "spectrogram",
    "SpectrogramL2Loss": "spectrogram",
    "VGGPerceptualLoss": "perceptual",
    "VGGStyleLoss": "style",
    "VarianceLoss": "redundancy",
}

__all__ = [*_HOMES]  # noqa: PLE0604 - they are strings


def __getattr__(name: str) -> object:
    if name in _HOMES:
        with torch_for(f"`lossspec.losses.{name}`"):
            return getattr(import_module(f"lossspec.losses.{_HOMES[name]}"), name)
    raise AttributeError(f"module `lossspec.losses` has no `{name}`")


def __dir__() -> list[str]:
    return sorted(__all__)
