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
    from lossspec.losses.audio.spectrogram import SpectrogramL1L2Loss as SpectrogramL1L2Loss
    from lossspec.losses.audio.spectrogram import SpectrogramL1Loss as SpectrogramL1Loss
    from lossspec.losses.audio.spectrogram import SpectrogramL2Loss as SpectrogramL2Loss
    from lossspec.losses.balancing.gradient_ratio import GradientRatio as GradientRatio
    from lossspec.losses.balancing.output_balancer import OutputBalancer as OutputBalancer
    from lossspec.losses.distillation.predictions import DistillationKLLoss as DistillationKLLoss
    from lossspec.losses.embeddings.redundancy import BarlowTwinsLoss as BarlowTwinsLoss
    from lossspec.losses.embeddings.redundancy import CovarianceLoss as CovarianceLoss
    from lossspec.losses.embeddings.redundancy import VarianceLoss as VarianceLoss
    from lossspec.losses.gan.adversarial import GANLoss as GANLoss
    from lossspec.losses.gan.feature_matching import FeatureMatchingLoss as FeatureMatchingLoss
    from lossspec.losses.gan.gradient_penalty import GradientPenalty as GradientPenalty
    from lossspec.losses.gan.path_length import PathLengthPenalty as PathLengthPenalty
    from lossspec.losses.gan.relativistic import RelativisticAverageLoss as RelativisticAverageLoss
    from lossspec.losses.gan.score_gradient import R1Penalty as R1Penalty
    from lossspec.losses.gan.score_gradient import R2Penalty as R2Penalty
    from lossspec.losses.images.charbonnier import CharbonnierLoss as CharbonnierLoss
    from lossspec.losses.images.focal_frequency import FocalFrequencyLoss as FocalFrequencyLoss
    from lossspec.losses.images.gradient_difference import GradientDifferenceLoss as GradientDifferenceLoss
    from lossspec.losses.images.laplacian import LaplacianLoss as LaplacianLoss
    from lossspec.losses.images.masked_l1 import MaskedL1Loss as MaskedL1Loss
    from lossspec.losses.images.sobel import SobelLoss as SobelLoss
    from lossspec.losses.latents.bernoulli import BernoulliReconstructionLoss as BernoulliReconstructionLoss
    from lossspec.losses.latents.gaussian_kl import GaussianKLLoss as GaussianKLLoss
    from lossspec.losses.latents.vector_quantization import CodebookLoss as CodebookLoss
    from lossspec.losses.latents.vector_quantization import CommitmentLoss as CommitmentLoss
    from lossspec.losses.perceptual.content import VGGPerceptualLoss as VGGPerceptualLoss
    from lossspec.losses.perceptual.style import VGGStyleLoss as VGGStyleLoss
    from lossspec.losses.precomputed import Precomputed as Precomputed

#: Where each lives: a loss is imported when it is first used.
_HOMES = {
    "BarlowTwinsLoss": "embeddings.redundancy",
    "BernoulliReconstructionLoss": "latents.bernoulli",
    "CharbonnierLoss": "images.charbonnier",
    "CodebookLoss": "latents.vector_quantization",
    "CommitmentLoss": "latents.vector_quantization",
    "CovarianceLoss": "embeddings.redundancy",
    "DistillationKLLoss": "distillation.predictions",
    "FeatureMatchingLoss": "gan.feature_matching",
    "FocalFrequencyLoss": "images.focal_frequency",
    "GANLoss": "gan.adversarial",
    "GaussianKLLoss": "latents.gaussian_kl",
    "GradientDifferenceLoss": "images.gradient_difference",
    "GradientPenalty": "gan.gradient_penalty",
    "GradientRatio": "balancing.gradient_ratio",
    "LaplacianLoss": "images.laplacian",
    "MaskedL1Loss": "images.masked_l1",
    "OutputBalancer": "balancing.output_balancer",
    "PathLengthPenalty": "gan.path_length",
    "Precomputed": "precomputed",
    "R1Penalty": "gan.score_gradient",
    "R2Penalty": "gan.score_gradient",
    "RelativisticAverageLoss": "gan.relativistic",
    "SobelLoss": "images.sobel",
    "SpectrogramL1L2Loss": "audio.spectrogram",
    "SpectrogramL1Loss": "audio.spectrogram",
    "SpectrogramL2Loss": "audio.spectrogram",
    "VGGPerceptualLoss": "perceptual.content",
    "VGGStyleLoss": "perceptual.style",
    "VarianceLoss": "embeddings.redundancy",
}

__all__ = [*_HOMES]  # noqa: PLE0604 - they are strings


def __getattr__(name: str) -> object:
    if name in _HOMES:
        with torch_for(f"`lossspec.losses.{name}`"):
            return getattr(import_module(f"lossspec.losses.{_HOMES[name]}"), name)
    raise AttributeError(f"module `lossspec.losses` has no `{name}`")


def __dir__() -> list[str]:
    return sorted(__all__)
