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

from lossspec.losses.bernoulli import BernoulliReconstructionLoss
from lossspec.losses.charbonnier import CharbonnierLoss
from lossspec.losses.distillation import DistillationKLLoss
from lossspec.losses.feature_matching import FeatureMatchingLoss
from lossspec.losses.focal_frequency import FocalFrequencyLoss
from lossspec.losses.gan import GANLoss
from lossspec.losses.gaussian_kl import GaussianKLLoss
from lossspec.losses.gradient_difference import GradientDifferenceLoss
from lossspec.losses.gradient_penalty import GradientPenalty
from lossspec.losses.gradient_ratio import GradientRatio
from lossspec.losses.laplacian import LaplacianLoss
from lossspec.losses.masked_l1 import MaskedL1Loss
from lossspec.losses.output_balancer import OutputBalancer
from lossspec.losses.path_length import PathLengthPenalty
from lossspec.losses.perceptual import VGGPerceptualLoss
from lossspec.losses.precomputed import Precomputed
from lossspec.losses.redundancy import BarlowTwinsLoss, CovarianceLoss, VarianceLoss
from lossspec.losses.relativistic import RelativisticAverageLoss
from lossspec.losses.score_gradient import R1Penalty, R2Penalty
from lossspec.losses.sobel import SobelLoss
from lossspec.losses.spectrogram import SpectrogramL1L2Loss, SpectrogramL1Loss, SpectrogramL2Loss
from lossspec.losses.style import VGGStyleLoss
from lossspec.losses.vector_quantization import CodebookLoss, CommitmentLoss

__all__ = [
    "BarlowTwinsLoss",
    "BernoulliReconstructionLoss",
    "CharbonnierLoss",
    "CodebookLoss",
    "CommitmentLoss",
    "CovarianceLoss",
    "DistillationKLLoss",
    "FeatureMatchingLoss",
    "FocalFrequencyLoss",
    "GANLoss",
    "GaussianKLLoss",
    "GradientDifferenceLoss",
    "GradientPenalty",
    "GradientRatio",
    "LaplacianLoss",
    "MaskedL1Loss",
    "OutputBalancer",
    "PathLengthPenalty",
    "Precomputed",
    "R1Penalty",
    "R2Penalty",
    "RelativisticAverageLoss",
    "SobelLoss",
    "SpectrogramL1L2Loss",
    "SpectrogramL1Loss",
    "SpectrogramL2Loss",
    "VGGPerceptualLoss",
    "VGGStyleLoss",
    "VarianceLoss",
]
