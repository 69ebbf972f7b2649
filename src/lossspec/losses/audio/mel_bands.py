"""Filters that sum a spectrum to mel bands."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Mel = Literal["slaney", "htk"]


def mel_bands(
    sample_rate: int, window: int, bands: int, *, f_min: float, f_max: float | None, mel: Mel
) -> Tensor:
    """Return triangular filters, as a matrix ``(window // 2 + 1, bands)``, in float32.

    ``"slaney"`` has librosa's defaults: a scale that is linear up to 1 kHz, and filters of equal area.
    ``"htk"`` has torchaudio's: a logarithmic scale, and filters of height 1.

    >>> mel_bands(8000, 8, 2, f_min=0.0, f_max=None, mel="htk").shape
    torch.Size([5, 2])
    """
    nyquist = sample_rate / 2
    frequencies = torch.linspace(0, nyquist, window // 2 + 1, dtype=torch.float64)
    ends = torch.tensor([f_min, nyquist if f_max is None else f_max], dtype=torch.float64)
    low, high = _to_mel(ends, mel)
    edges = _to_hertz(torch.linspace(float(low), float(high), bands + 2, dtype=torch.float64), mel)
    widths = edges.diff()
    rising = (frequencies[:, None] - edges[:-2]) / widths[:-1]
    falling = (edges[2:] - frequencies[:, None]) / widths[1:]
    filters = torch.minimum(rising, falling).clamp(min=0).float()
    if mel == "slaney":  # rounded before and after, as librosa does, to give the same bits
        filters = (filters.double() * (2 / (edges[2:] - edges[:-2]))).float()
    return filters


#: Slaney's scale: 15 mel a kHz below 1 kHz, 27 mel for each factor of 6.4 above.
_PER_HERTZ, _BREAK, _PER_LOG = 3 / 200, 1000.0, 27 / torch.log(torch.tensor(6.4, dtype=torch.float64)).item()


def _to_mel(hertz: Tensor, mel: Mel) -> Tensor:
    if mel == "htk":
        return 2595 * (1 + hertz / 700).log10()
    above = _PER_HERTZ * _BREAK + (hertz.clamp(min=_BREAK) / _BREAK).log() * _PER_LOG
    return torch.where(hertz < _BREAK, _PER_HERTZ * hertz, above)


def _to_hertz(mels: Tensor, mel: Mel) -> Tensor:
    if mel == "htk":
        return 700 * (10 ** (mels / 2595) - 1)
    above = _BREAK * ((mels - _PER_HERTZ * _BREAK) / _PER_LOG).exp()
    return torch.where(mels < _PER_HERTZ * _BREAK, mels / _PER_HERTZ, above)
