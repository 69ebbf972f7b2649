"""A loss between the mel spectrograms of two waveforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.nn.functional import pad

from lossspec.errors import LossInputError
from lossspec.losses.audio.mel_bands import Mel, mel_bands
from lossspec.losses.audio.spectrogram import Scale, SpectrogramL1Loss, SpectrogramL2Loss
from lossspec.losses.check import check_alike, check_positive, chosen
from lossspec.losses.precision import full_precision, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class MelSpectrogramLoss(nn.Module):
    """Distance between the mel spectrograms of two waveforms, at one or several window sizes.

    .. math::
        mean or sum over windows of mean |c(X) - c(Y)|,  X = M |STFT(x)|^power
        c(X) = ln max(X, floor), log10 max(X, floor), or X

    with ``max`` replaced by ``X + floor`` for ``floor_by="add"``. ``compare="l2"`` squares the difference;
    ``"l1_l2"`` is ``(mean |X - Y| + mean (c(X) - c(Y))^2) / 2``. The windows are Hann windows.

    Args:
        sample_rate: in Hz.
        windows: length of each window in samples, which is also that of its Fourier transform.
        bands: number of mel bands at each window.
        hops: samples between the frames at each window; by default a quarter of it.
        f_min: lower end of the bands in Hz.
        f_max: upper end; by default half the sample rate.
        mel: ``"slaney"``, librosa's default, or ``"htk"`` without normalisation, torchaudio's default.
        power: 1 for magnitudes, 2 for powers.
        normalized: whether to divide powers by the sum of the squared window (torchaudio's
            ``normalized=True``), and magnitudes by its root.
        padding: ``"center"`` mirrors half a window at both ends, as librosa does; ``"same"`` half of what a
            window is longer than a hop, as HiFi-GAN; ``"full"`` likewise, and zeros up to a full frame, as
            EnCodec.
        magnitude_eps: added under the root of magnitudes.
        compare: ``"l1"``, ``"l2"`` or ``"l1_l2"``.
        scale: ``"ln"``, ``"log10"`` or ``"linear"``.
        floor: above 0, the smallest value in the logarithm.
        floor_by: ``"clamp"``, without a gradient below the floor, or ``"add"``.
        combine: ``"mean"`` or ``"sum"`` over the windows.

    Shape:
        input, target: waveforms ``(*, T)``, the same for both, with more samples than the padding mirrors.
        Returns a scalar.

    Raises:
        UnknownNameError: a word is unknown.
        LossInputError: an argument is out of range, or the lists have different lengths; on call: the shapes
            differ, are empty or too short.

    Reference:
        Kong et al. (HiFi-GAN), 2020, https://arxiv.org/abs/2010.05646; at several windows: Kumar et al.
        (DAC), 2023, https://arxiv.org/abs/2306.06546, and Défossez et al. (EnCodec), 2022,
        https://arxiv.org/abs/2210.13438.

    Example:
        >>> loss = MelSpectrogramLoss(sample_rate=8000, windows=[64], bands=[8], scale="log10")
        >>> wave = torch.sin(torch.arange(256.0).square()).view(1, 256)
        >>> loss(10 * wave, wave).round(decimals=3)  # ten times the magnitude
        tensor(1.)
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        windows: Sequence[int] = (1024,),
        bands: Sequence[int] = (80,),
        hops: Sequence[int] | None = None,
        f_min: float = 0.0,
        f_max: float | None = None,
        mel: Mel = "slaney",
        power: int = 1,
        normalized: bool = False,
        padding: Literal["center", "same", "full"] = "center",
        magnitude_eps: float = 0.0,
        compare: Literal["l1", "l2", "l1_l2"] = "l1",
        scale: Scale = "ln",
        floor: float = 1e-5,
        floor_by: Literal["clamp", "add"] = "clamp",
        combine: Literal["mean", "sum"] = "mean",
    ) -> None:
        super().__init__()
        hops = [window // 4 for window in windows] if hops is None else hops
        if not len(windows) == len(bands) == len(hops) > 0:
            lengths = f"{len(windows)}, {len(bands)} and {len(hops)}"
            raise LossInputError(f"MelSpectrogramLoss needs as many windows as bands and hops, got {lengths}")
        check_positive(self, sample_rate=sample_rate, **{f"hops[{i}]": hop for i, hop in enumerate(hops)})
        if power not in (1, 2):
            raise LossInputError(f"MelSpectrogramLoss needs power = 1 or 2, got power = {power}")
        self.windows, self.hops = tuple(windows), tuple(hops)
        self.power = power
        self.normalized = normalized
        self.padding = chosen("padding", padding, ("center", "same", "full"))
        self.magnitude_eps = magnitude_eps
        self.compare = chosen("compare", compare, ("l1", "l2", "l1_l2"))
        self.combine = chosen("combine", combine, ("mean", "sum"))
        self.plain = SpectrogramL1Loss()
        spectrogram = SpectrogramL1Loss if compare == "l1" else SpectrogramL2Loss
        self.scaled = spectrogram(scale, floor, floor_by)
        mel = chosen("mel", mel, ("slaney", "htk"))
        for index, (window, count) in enumerate(zip(windows, bands, strict=True)):
            filters = mel_bands(sample_rate, window, count, f_min=f_min, f_max=f_max, mel=mel)
            self.register_buffer(f"filters_{index}", filters, persistent=False)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare ``input`` with ``target``."""
        check_alike(self, "(*)", input=input, target=target)
        x, y = (widened(each).reshape(-1, each.shape[-1]) for each in (input, target))
        with full_precision(x):
            values = torch.stack([self._at(index, x, y) for index in range(len(self.windows))])
        total = values.mean() if self.combine == "mean" else values.sum()
        return total.to(torch.promote_types(input.dtype, target.dtype))

    def _at(self, index: int, x: Tensor, y: Tensor) -> Tensor:
        x, y = self.spectrogram(index, x), self.spectrogram(index, y)
        difference: Tensor = self.scaled(x, y)
        return (self.plain(x, y) + difference) / 2 if self.compare == "l1_l2" else difference

    def spectrogram(self, index: int, waves: Tensor) -> Tensor:
        """Return the mel spectrogram ``(N, frames, bands)`` of waveforms ``(N, T)`` at one of the windows."""
        size, hop = self.windows[index], self.hops[index]
        window = torch.hann_window(size, dtype=waves.dtype, device=waves.device)
        transform = torch.stft(
            self._padded(waves, size, hop), size, hop, window=window, center=False, return_complex=True
        )
        powers = transform.real.square() + transform.imag.square()
        if self.normalized:
            powers = powers / window.square().sum()
        if self.power == 1:
            powers = _root(powers + self.magnitude_eps)
        filters = self.get_buffer(f"filters_{index}")
        return powers.transpose(1, 2) @ filters.to(waves.dtype)

    def _padded(self, waves: Tensor, size: int, hop: int) -> Tensor:
        sides = size // 2 if self.padding == "center" else (size - hop) // 2
        length = waves.shape[-1]
        if length <= sides or length + 2 * sides < size:
            raise LossInputError(
                f"MelSpectrogramLoss needs at least {max(sides + 1, size - 2 * sides)} samples for a window "
                f"of {size}, got {length}"
            )
        waves = pad(waves, (sides, sides), mode="reflect")
        if self.padding == "full":
            waves = pad(waves, (0, -(waves.shape[-1] - size) % hop))
        return waves


def _root(powers: Tensor) -> Tensor:
    """Return the square root, with gradient 0 at 0 as ``abs`` of a complex number has."""
    return powers.where(powers > 0, 1).sqrt().where(powers > 0, 0)
