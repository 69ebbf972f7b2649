"""Rows of the table of losses for fields beside image translation: their formulas, in plain operations.

conftest.py loads this file and passes it the class of a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import librosa
import numpy as np
import torch
from torch import Tensor

from lossspec import losses

if TYPE_CHECKING:
    from collections.abc import Callable

# --------------------------------------------------------------------------- formulas


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def dpo(*answers: Tensor, beta: float = 0.1, flipped: float = 0.0) -> Tensor:
    c, r, rc, rr = answers
    wins = sigmoid(beta * (c - rc) - beta * (r - rr))
    return -((1 - flipped) * wins.log() + flipped * (1 - wins).log()).mean()


def odds_ratio(c: Tensor, r: Tensor) -> Tensor:
    odds = [each.exp() / (1 - each.exp()) for each in (c, r)]
    return -sigmoid((odds[0] / odds[1]).log()).log().mean()


def kto(*given: Tensor, weights: tuple = (1.0, 1.0)) -> Tensor:
    p, q, good, pk, qk = given
    shift = max((pk - qk).mean().item(), 0.0)
    parts = [
        weights[0] * (1 - sigmoid(0.1 * (a - b - shift)))
        if g
        else weights[1] * (1 - sigmoid(0.1 * (shift - (a - b))))
        for a, b, g in zip(p, q, good, strict=True)
    ]
    return sum(parts) / len(parts)


def surrogate(new: Tensor, old: Tensor, adv: Tensor, low: float = 0.2, high: float = 0.2) -> Tensor:
    ratio = torch.exp(new) / torch.exp(old)
    kept = torch.where(adv > 0, ratio.clamp(max=1 + high), ratio.clamp(min=1 - low))
    return -(kept * adv).mean()


def value(v: Tensor, old: Tensor, returns: Tensor, clip: float = 0.2) -> Tensor:
    near = torch.minimum(torch.maximum(v, old - clip), old + clip)
    return torch.stack([(v - returns) ** 2, (near - returns) ** 2]).max(dim=0).values.mean()


def entropy(logits: Tensor) -> Tensor:
    return torch.distributions.Categorical(logits=logits).entropy().mean()


def unit(x: Tensor) -> Tensor:
    return x / (x**2).sum(dim=1, keepdim=True).sqrt()


def info_nce(q: Tensor, k: Tensor, scale: Tensor | float = 1.0) -> Tensor:
    similar = torch.exp(scale * torch.einsum("nd,md->nm", q, k))
    return -sum((similar[n, n] / similar[n].sum()).log() for n in range(len(q))) / len(q)


def siglip(x: Tensor, y: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    total = 0
    for n in range(len(x)):
        for m in range(len(y)):
            logit = scale * (x[n] * y[m]).sum() + bias
            total = total - sigmoid(logit if n == m else -logit).log()
    return total.sum() / len(x)


def ssim(x: Tensor, y: Tensor, size: int, weights: np.ndarray, border: str) -> Tensor:
    """The similarity at each pixel, from its window, cut out of the padded image."""
    half = size // 2
    weights = torch.tensor(weights, dtype=x.dtype)
    windows = []
    for each in (x, y):
        around = (half,) * 4
        padded = torch.nn.functional.pad(each, around) if border == "zeros" else each
        padded = torch.nn.functional.pad(each, around, mode="reflect") if border == "reflect" else padded
        windows.append(padded.unfold(2, size, 1).unfold(3, size, 1))
    a, b = windows

    def mean(each: Tensor) -> Tensor:
        return (each * weights).sum(dim=(-1, -2))

    ma, mb = mean(a), mean(b)
    va, vb = (mean((w - m[..., None, None]) ** 2) for w, m in ((a, ma), (b, mb)))
    cov = mean((a - ma[..., None, None]) * (b - mb[..., None, None]))
    return (2 * ma * mb + 1e-4) * (2 * cov + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))


def gaussian(size: int, sigma: float) -> np.ndarray:
    line = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    return np.outer(line, line) / line.sum() ** 2


def photometric(x: Tensor, y: Tensor, alpha: float = 0.85) -> Tensor:
    structure = ((1 - ssim(x, y, 3, np.full((3, 3), 1 / 9), "reflect")) / 2).clamp(0, 1)
    return alpha * structure.mean() + (1 - alpha) * (x - y).abs().mean()


def smoothness(disparity: Tensor, image: Tensor) -> Tensor:
    d = disparity / (disparity.mean(dim=(1, 2, 3), keepdim=True) + 1e-7)
    total = 0
    for a, b in ((np.s_[..., :, :-1], np.s_[..., :, 1:]), (np.s_[..., :-1, :], np.s_[..., 1:, :])):
        edges = (image[a] - image[b]).abs().sum(dim=1, keepdim=True) / image.shape[1]
        total = total + ((d[a] - d[b]).abs() / edges.exp()).mean()
    return total


def silog(x: Tensor, y: Tensor, m: Tensor, lambd: float, *, root: bool) -> Tensor:
    d = torch.log(x[m > 0] / y[m > 0])
    found = d.var(correction=0) + (1 - lambd) * d.mean() ** 2
    return found.sqrt() if root else found


def silog_by_image(x: Tensor, y: Tensor) -> Tensor:
    d = x.log() - y.log()
    return torch.stack([(each**2).mean() - 0.5 * each.mean() ** 2 for each in d]).mean()


def gaussian_pair(x: Tensor, s: Tensor, m: Tensor, t: Tensor) -> Tensor:
    q, p = torch.distributions.Normal(x, s.exp()), torch.distributions.Normal(m, t.exp())
    return torch.distributions.kl_divergence(q, p).sum(dim=1).mean()


def vits(z: Tensor, logs_q: Tensor, m_p: Tensor, logs_p: Tensor) -> Tensor:
    kl = logs_p - logs_q - 0.5 + 0.5 * (z - m_p) ** 2 * torch.exp(-2.0 * logs_p)
    return kl.sum() / (z.shape[0] * z.shape[2])


def dino(student: list[Tensor], teacher: list[Tensor]) -> Tensor:
    pairs = [(i, j) for i in range(len(teacher)) for j in range(len(student)) if i != j]
    total = 0
    for i, j in pairs:
        p = torch.softmax(teacher[i] / 0.5, dim=1).detach()
        total = total - (p * torch.log_softmax(student[j] / 0.25, dim=1)).sum() / len(p)
    return total / len(pairs)


def mel(waves: Tensor, size: int, hop: int, bands: int, border: int, **more: Any) -> Tensor:
    """A mel spectrogram: librosa's filters on frames, each multiplied by a window and transformed."""
    flat = torch.nn.functional.pad(waves.flatten(0, -2), (border, border), mode="reflect")
    frames = torch.nn.functional.pad(flat, (0, more.pop("zeros", 0))).unfold(-1, size, hop)
    turns = torch.arange(size, dtype=waves.dtype) / size
    window = 0.5 - 0.5 * torch.cos(2 * torch.pi * turns)
    found = torch.fft.rfft(frames * window)
    power = more.pop("power", 1)
    if more.pop("normalized", False):
        found = found / (window**2).sum().sqrt()
    filters = torch.from_numpy(librosa.filters.mel(n_fft=size, n_mels=bands, **more)).to(waves.dtype)
    return (found.abs() ** power) @ filters.T


def hifigan(x: Tensor, y: Tensor) -> Tensor:
    logs = [mel(each, 32, 8, 6, 12, sr=8000).clamp(min=1e-5).log() for each in (x, y)]
    return (logs[0] - logs[1]).abs().mean()


def dac(x: Tensor, y: Tensor) -> Tensor:
    total = 0
    for size, bands in ((16, 3), (32, 6)):
        logs = [mel(each, size, size // 4, bands, size // 2, sr=8000) for each in (x, y)]
        logs = [each.clamp(min=1e-3).log() / np.log(10) for each in logs]
        total = total + (logs[0] - logs[1]).abs().mean()
    return total


def encodec(x: Tensor, y: Tensor) -> Tensor:
    options = {"sr": 8000, "fmin": 64, "htk": True, "norm": None, "power": 2, "normalized": True}
    total = 0
    for size, bands, zeros in ((16, 2, 2), (32, 4, 6)):
        mels = [mel(each, size, size // 4, bands, 3 * size // 8, zeros=zeros, **options) for each in (x, y)]
        logs = [(each + 1e-5).log10() for each in mels]
        total = total + (mels[0] - mels[1]).abs().mean() + ((logs[0] - logs[1]) ** 2).mean()
    return total / 4


# --------------------------------------------------------------------------- inputs


def normal(*shapes: tuple[int, ...]) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: tuple(torch.randn(shape) for shape in shapes)


def uniform(*shapes: tuple[int, ...]) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: tuple(torch.rand(shape) * 0.8 + 0.1 for shape in shapes)


def answers() -> tuple[Tensor, ...]:
    good = torch.tensor([1.0, 0.0, 0.0, 1.0])
    return *normal((4,), (4,))(), good, torch.tensor([0.5, 1.0]), torch.tensor([0.25, 0.75])


def actions() -> tuple[Tensor, ...]:
    old = torch.tensor([[-1.0, -2.0, -1.5], [-0.5, -3.0, -2.0]])
    moved = torch.tensor([[0.1, 0.5, -0.5], [-0.1, 0.6, -0.7]])
    return old + moved, old, torch.tensor([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])


def views() -> tuple[list[Tensor], list[Tensor]]:
    return [torch.randn(3, 5) for _ in range(3)], [torch.randn(3, 5) for _ in range(2)]


def rows(case: Any, same: Any) -> list:
    """Return the rows; ``same`` makes one of a distance, which is 0 between equals and symmetric."""
    four = normal((4,), (4,), (4,), (4,))
    pair = uniform((2, 3, 6, 5), (2, 3, 6, 5))
    waves = normal((2, 70), (2, 70))
    return [
        case("DPOLoss", losses.DPOLoss, four, dpo),
        case(
            "DPOLoss-smooth",
            lambda: losses.DPOLoss(beta=0.5, label_smoothing=0.2),
            four,
            lambda *each: dpo(*each, beta=0.5, flipped=0.2),
        ),
        case(
            "IPOLoss",
            lambda: losses.IPOLoss(beta=0.5),
            four,
            lambda c, r, rc, rr: ((c - rc - r + rr - 1) ** 2).mean(),
        ),
        case(
            "SimPOLoss",
            lambda: losses.SimPOLoss(beta=2.0, gamma=0.5),
            normal((4,), (4,)),
            lambda c, r: -sigmoid(2 * (c - r) - 0.5).log().mean(),
        ),
        case("OddsRatioLoss", losses.OddsRatioLoss, lambda: (-torch.rand(4), -torch.rand(4)), odds_ratio),
        case("KTOLoss", losses.KTOLoss, answers, kto, frozen=(2, 3, 4), stopped=(3, 4)),
        case(
            "KTOLoss-weights",
            lambda: losses.KTOLoss(desirable_weight=2.0, undesirable_weight=0.5),
            lambda: (*answers()[:3], torch.tensor([-1.0]), torch.tensor([1.0])),
            lambda *each: kto(*each, weights=(2.0, 0.5)),
            frozen=(2, 3, 4),
            stopped=(3, 4),
        ),
        case("ClippedSurrogateLoss", losses.ClippedSurrogateLoss, actions, surrogate),
        case(
            "ClippedSurrogateLoss-higher",
            lambda: losses.ClippedSurrogateLoss(clip=0.1, clip_high=0.3),
            actions,
            lambda *each: surrogate(*each, low=0.1, high=0.3),
        ),
        case("ClippedValueLoss", losses.ClippedValueLoss, normal((3, 4), (3, 4), (3, 4)), value),
        case("EntropyLoss", losses.EntropyLoss, normal((3, 2, 4)), entropy),
        case(
            "PolicyKLLoss",
            losses.PolicyKLLoss,
            normal((3, 4), (3, 4)),
            lambda p, q: (torch.exp(q - p) - (q - p) - 1).mean(),
            zero_at_equal=True,
        ),
        case(
            "PolicyKLLoss-k1",
            lambda: losses.PolicyKLLoss("k1"),
            normal((3, 4), (3, 4)),
            lambda p, q: (p - q).mean(),
        ),
        same(
            "PolicyKLLoss-k2",
            lambda: losses.PolicyKLLoss("k2"),
            normal((3, 4), (3, 4)),
            lambda p, q: ((p - q) ** 2).mean() / 2,
        ),
        case(
            "InfoNCELoss",
            lambda: losses.InfoNCELoss(temperature=0.5),
            normal((3, 4), (5, 4)),
            lambda q, k: info_nce(unit(q), unit(k), 2.0),
            any_order=False,
        ),
        case(
            "InfoNCELoss-scale",
            lambda: losses.InfoNCELoss(normalized=False),
            normal((3, 4), (3, 4), (1,)),
            info_nce,
        ),
        case(
            "SigmoidContrastiveLoss",
            losses.SigmoidContrastiveLoss,
            normal((3, 4), (3, 4), (1,), (1,)),
            lambda x, y, scale, bias: siglip(unit(x), unit(y), scale, bias),
            symmetric=True,
        ),
        case(
            "SigmoidContrastiveLoss-plain",
            lambda: losses.SigmoidContrastiveLoss(normalized=False),
            normal((3, 4), (3, 4), (1,), (1,)),
            siglip,
            symmetric=True,
        ),
        same(
            "SSIMLoss",
            losses.SSIMLoss,
            pair,
            lambda x, y: 1 - ssim(x, y, 11, gaussian(11, 1.5), "zeros").mean(),
        ),
        same(
            "SSIMLoss-reflect",
            lambda: losses.SSIMLoss(5, sigma=0.8, padding="reflect"),
            pair,
            lambda x, y: 1 - ssim(x, y, 5, gaussian(5, 0.8), "reflect").mean(),
        ),
        same(
            "SSIMLoss-inside",
            lambda: losses.SSIMLoss(3, padding="none", data_range=1.0),
            pair,
            lambda x, y: 1 - ssim(x, y, 3, gaussian(3, 1.5), "none").mean(),
        ),
        same("PhotometricLoss", losses.PhotometricLoss, pair, photometric),
        case(
            "EdgeAwareSmoothnessLoss",
            losses.EdgeAwareSmoothnessLoss,
            uniform((2, 1, 5, 4), (2, 3, 5, 4)),
            smoothness,
        ),
        same(
            "ScaleInvariantLogLoss",
            losses.ScaleInvariantLogLoss,
            lambda: (*uniform((2, 1, 4, 3), (2, 1, 4, 3))(), torch.rand(2, 1, 4, 3).round()),
            lambda x, y, m: silog(x, y, m, 0.5, root=False),
            frozen=(2,),
            stopped=(2,),
        ),
        same(
            "ScaleInvariantLogLoss-root",
            lambda: losses.ScaleInvariantLogLoss(lambd=0.85, root=True),
            uniform((2, 1, 4, 3), (2, 1, 4, 3)),
            lambda x, y: silog(x, y, torch.ones_like(x), 0.85, root=True),
        ),
        same(
            "ScaleInvariantLogLoss-image",
            lambda: losses.ScaleInvariantLogLoss(over="image"),
            uniform((3, 4, 3), (3, 4, 3)),
            silog_by_image,
        ),
        case(
            "GaussianPairKLLoss",
            losses.GaussianPairKLLoss,
            normal((2, 3, 4), (2, 3, 4), (2, 3, 4), (2, 3, 4)),
            gaussian_pair,
        ),
        case(
            "GaussianPairKLLoss-sample",
            lambda: losses.GaussianPairKLLoss("sample"),
            normal((2, 3, 4), (2, 3, 4), (2, 3, 4), (2, 3, 4)),
            vits,
        ),
        case(
            "SelfDistillationLoss",
            lambda: losses.SelfDistillationLoss(5, 0.5, 0.25).eval(),
            views,
            dino,
            frozen=(1,),
            stopped=(1,),
        ),
        same(
            "MelSpectrogramLoss",
            lambda: losses.MelSpectrogramLoss(8000, windows=[32], bands=[6], padding="same"),
            waves,
            hifigan,
        ),
        same(
            "MelSpectrogramLoss-sum",
            lambda: losses.MelSpectrogramLoss(
                8000, windows=[16, 32], bands=[3, 6], scale="log10", floor=1e-3, combine="sum"
            ),
            waves,
            dac,
        ),
        same(
            "MelSpectrogramLoss-powers",
            lambda: losses.MelSpectrogramLoss(
                8000,
                windows=[16, 32],
                bands=[2, 4],
                f_min=64.0,
                mel="htk",
                power=2,
                normalized=True,
                padding="full",
                compare="l1_l2",
                scale="log10",
                floor_by="add",
            ),
            waves,
            encodec,
        ),
    ]
