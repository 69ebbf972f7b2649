"""Losses between spectrograms, linear or logarithmic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses.check import check_alike, check_positive, chosen
from lossspec.losses.reduction import DISTANCES, Distance

if TYPE_CHECKING:
    from torch import Tensor

Scale = Literal["linear", "ln", "log10"]


class SpectrogramL1Loss(nn.Module):
    """Mean absolute difference of two spectrograms, or of their logarithms.

    .. math:: mean |c(X) - c(Y)|,  c(X) = X, ln max(X, floor), or log10 max(X, floor)

    with ``max`` replaced by ``X + floor`` for ``floor_by="add"``. It takes spectrograms of magnitudes or
    mel bands, which the model has computed; for waveforms use ``MelSpectrogramLoss``.

    Args:
        scale: ``"linear"``, ``"ln"`` or ``"log10"``.
        floor: above 0, the smallest magnitude in the logarithm.
        floor_by: ``"clamp"``, without a gradient below the floor, or ``"add"``.

    Shape:
        input, target: magnitudes, any shape, the same for both, not negative where the scale is a logarithm.
        Returns a scalar.

    Raises:
        UnknownNameError: ``scale`` or ``floor_by`` is unknown.
        LossInputError: ``floor`` is not positive; on call: the shapes differ or are empty.

    Reference:
        Kong et al. (HiFi-GAN), 2020, https://arxiv.org/abs/2010.05646; by log10: Kumar et al. (DAC), 2023,
        https://arxiv.org/abs/2306.06546.

    Example:
        >>> import torch
        >>> SpectrogramL1Loss("log10")(torch.tensor([100.0, 0.0]), torch.tensor([1.0, 0.0]))
        tensor(1.)
    """

    _distance: Distance = "l1"

    def __init__(
        self,
        scale: Scale = "linear",
        floor: float = 1e-5,
        floor_by: Literal["clamp", "add"] = "clamp",
    ) -> None:
        super().__init__()
        check_positive(self, floor=floor)
        self.scale = chosen("scale", scale, ("linear", "ln", "log10"))
        self.floor = floor
        self.floor_by = chosen("floor_by", floor_by, ("clamp", "add"))

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(*)", input=input, target=target)
        return DISTANCES[self._distance](self._scaled(input), self._scaled(target))

    def _scaled(self, spectrogram: Tensor) -> Tensor:
        if self.scale == "linear":
            return spectrogram
        clamp = self.floor_by == "clamp"
        floored = spectrogram.clamp(min=self.floor) if clamp else spectrogram + self.floor
        return floored.log() if self.scale == "ln" else floored.log10()


class SpectrogramL2Loss(SpectrogramL1Loss):
    """Mean squared difference of two spectrograms, or of their logarithms.

    .. math:: mean (c(X) - c(Y))^2

    Arguments, shapes and errors are those of ``SpectrogramL1Loss``.

    Reference:
        as half of EnCodec's loss: Défossez et al., 2022, https://arxiv.org/abs/2210.13438.

    Example:
        >>> import torch
        >>> SpectrogramL2Loss("log10")(torch.tensor([100.0, 0.0]), torch.tensor([1.0, 0.0]))
        tensor(2.)
    """

    _distance = "l2"


class SpectrogramL1L2Loss(nn.Module):
    """Absolute difference of two spectrograms and squared difference of their logarithms, in one.

    .. math:: (mean |X - Y| + alpha mean (log10(X + floor) - log10(Y + floor))^2) / (1 + alpha)

    EnCodec's spectral loss at one window size; for several, use the term's ``lists``. To weight and log the
    two parts separately, use ``SpectrogramL1Loss`` and ``SpectrogramL2Loss``.

    Args:
        alpha: the weight of the logarithmic part.
        floor: above 0.

    Shape:
        input, target: magnitudes, any shape, the same for both, not negative. Returns a scalar.

    Raises:
        LossInputError: ``floor`` is not positive or ``alpha`` is negative; on call: the shapes differ or are
            empty.

    Reference:
        Défossez et al. (EnCodec), 2022, https://arxiv.org/abs/2210.13438, section 3.4.

    Example:
        >>> import torch
        >>> SpectrogramL1L2Loss()(torch.tensor([10.0]), torch.tensor([1.0]))  # (9 + 1) / 2
        tensor(5.0000)
    """

    def __init__(self, alpha: float = 1.0, floor: float = 1e-5) -> None:
        super().__init__()
        if not alpha >= 0:
            raise LossInputError(f"SpectrogramL1L2Loss needs alpha >= 0, got alpha = {alpha}")
        self.alpha = alpha
        self.l1 = SpectrogramL1Loss()
        self.l2 = SpectrogramL2Loss("log10", floor, "add")

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(*)", input=input, target=target)
        total: Tensor = self.l1(input, target) + self.alpha * self.l2(input, target)
        return total / (1 + self.alpha)
