"""Mel spectrograms against torchaudio and librosa, and waveforms that are too short."""

from __future__ import annotations

import json
from pathlib import Path

import librosa
import pytest
import torch

from lossspec import losses
from lossspec.errors import LossInputError
from lossspec.losses.audio.mel_bands import mel_bands

DATA = json.loads((Path(__file__).parent / "data" / "torchaudio_mel.json").read_text())
STEPS = torch.arange(200, dtype=torch.float64)
WAVE = (torch.sin(0.003 * STEPS**2) + 0.3 * torch.cos(1.9 * STEPS)).float()


@pytest.mark.parametrize("row", DATA["cases"], ids=lambda row: row["args"]["mel_scale"])
def test_it_is_the_spectrogram_of_torchaudio(row):
    """The values were computed once by its MelSpectrogram, of the waveform mirrored as `same` says."""
    args = row["args"]
    loss = losses.MelSpectrogramLoss(
        args["sample_rate"],
        windows=[args["n_fft"]],
        bands=[args["n_mels"]],
        hops=[args["hop_length"]],
        f_min=args["f_min"],
        f_max=args.get("f_max"),
        mel=args["mel_scale"],
        power=int(args["power"]),
        normalized=args["normalized"],
        padding="center" if args["center"] else "same",
    )
    expected = torch.tensor(row["mel"])
    torch.testing.assert_close(loss.spectrogram(0, WAVE[None])[0], expected, rtol=2e-5, atol=1e-6)


def test_it_is_the_spectrogram_of_librosa():
    loss = losses.MelSpectrogramLoss(16000, windows=[64], bands=[8], hops=[20], f_min=100.0, f_max=7000.0)
    expected = librosa.feature.melspectrogram(
        y=WAVE.numpy(),
        sr=16000,
        n_fft=64,
        hop_length=20,
        n_mels=8,
        fmin=100.0,
        fmax=7000.0,
        power=1.0,
        pad_mode="reflect",
    )
    torch.testing.assert_close(
        loss.spectrogram(0, WAVE[None])[0], torch.from_numpy(expected).T, rtol=2e-5, atol=1e-6
    )


@pytest.mark.parametrize(("rate", "window", "bands"), [(22050, 1024, 80), (44100, 2048, 128), (24000, 64, 5)])
def test_filters_are_librosas_to_the_last_bit(rate, window, bands):
    for mel, options in (("slaney", {}), ("htk", {"htk": True, "norm": None})):
        found = mel_bands(rate, window, bands, f_min=40.0, f_max=8000.0, mel=mel)
        expected = librosa.filters.mel(sr=rate, n_fft=window, n_mels=bands, fmin=40.0, fmax=8000.0, **options)
        assert found.T.eq(torch.from_numpy(expected)).float().mean() > 0.999
        torch.testing.assert_close(found.T, torch.from_numpy(expected), rtol=2e-7, atol=1e-9)


def test_channels_are_compared_like_items():
    loss = losses.MelSpectrogramLoss(8000, windows=[32], bands=[6])
    x, y = torch.randn(4, 100), torch.randn(4, 100)
    torch.testing.assert_close(loss(x, y), loss(x.view(2, 2, 100), y.view(2, 2, 100)))


def test_silence_has_no_gradient_and_no_nan():
    silence = torch.zeros(1, 100, requires_grad=True)
    losses.MelSpectrogramLoss(8000, windows=[32], bands=[6], scale="linear")(
        silence, torch.randn(1, 100)
    ).backward()
    assert not silence.grad.any()


@pytest.mark.parametrize(("padding", "samples"), [("center", 33), ("same", 25), ("full", 25)])
def test_a_waveform_that_is_too_short_is_an_error(padding, samples):
    loss = losses.MelSpectrogramLoss(8000, windows=[64], bands=[4], padding=padding)
    assert loss(torch.randn(1, samples), torch.randn(1, samples)).isfinite()
    with pytest.raises(
        LossInputError, match=f"at least {samples} samples for a window of 64, got {samples - 1}"
    ):
        loss(torch.randn(1, samples - 1), torch.randn(1, samples - 1))
