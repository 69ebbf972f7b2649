"""The table of our losses: each with small inputs and its formula, written without the code under test.

A test that takes ``case`` runs for every row, one that takes ``distance``, say, for those rows that are one;
the properties that rows share are in test_properties.py.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from lossspec import losses

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

# --------------------------------------------------------------------------- formulas, in plain operations


def conv(images: Tensor, kernel: list[list[float]]) -> Tensor:
    return F.conv2d(images, torch.tensor(kernel, dtype=images.dtype)[None, None], padding=1)


def luma(images: Tensor) -> Tensor:
    red, green, blue = images.split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def laplacian(x: Tensor, y: Tensor) -> Tensor:
    kernel = [[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]
    return (conv(luma(x), kernel) - conv(luma(y), kernel)).abs().mean()


def magnitude(gray: Tensor, eps: float) -> Tensor:
    kernel = [[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    across, down = conv(gray, kernel), conv(gray, np.transpose(kernel).tolist())
    return (across**2 + down**2 + eps).sqrt()


def sobel(x: Tensor, y: Tensor, eps: float = 1e-6) -> Tensor:
    return (magnitude(luma(x), eps) - magnitude(luma(y), eps)).abs().mean()


def gradient_difference(x: Tensor, y: Tensor, alpha: float = 1.0) -> Tensor:
    def slopes(images: Tensor) -> tuple[Tensor, Tensor]:
        down = images[:, :, 1:] - images[:, :, :-1]
        return down.abs(), (images[:, :, :, 1:] - images[:, :, :, :-1]).abs()

    return sum(((a - b).abs() ** alpha).mean() for a, b in zip(slopes(x), slopes(y), strict=True))


def fourier(n: int) -> Tensor:
    """The orthonormal transform as a matrix."""
    k = torch.arange(n, dtype=torch.float64)
    return torch.exp(-2j * torch.pi * k[:, None] * k / n) / n**0.5


def focal_frequency(x: Tensor, y: Tensor, alpha: float = 1.0, patches: int = 1) -> Tensor:
    values = []
    for difference in (x - y).flatten(0, 1):
        for rows in difference.chunk(patches, dim=0):
            for block in rows.chunk(patches, dim=1):
                f = fourier(block.shape[0]) @ block.to(torch.complex128) @ fourier(block.shape[1])
                weight = f.detach().abs() ** alpha
                values.append((weight / weight.max() * f.abs() ** 2).mean())
    return torch.stack(values).mean()


def softplus(x: Tensor) -> Tensor:
    return torch.log(1 + torch.exp(x))


def gram(features: Tensor) -> Tensor:
    _, c, h, w = features.shape
    return torch.einsum("nahw,nbhw->nab", features, features) / (c * h * w)


def barlow(x: Tensor, y: Tensor, lambd: float = 0.0051) -> Tensor:
    def norm(z: Tensor) -> Tensor:
        return F.batch_norm(z, None, None, training=True, eps=1e-5)

    c = torch.einsum("ni,nj->ij", norm(x), norm(y)) / len(x)
    weight = torch.where(torch.eye(len(c), dtype=torch.bool), 1.0, lambd)
    return (weight * (c - torch.eye(len(c))) ** 2).sum()


def covariance(z: Tensor) -> Tensor:
    c = torch.cov(z.T)
    return sum(c[i, j] ** 2 for i in range(len(c)) for j in range(len(c)) if i != j) / len(c)


# --------------------------------------------------------------------------- inputs


def images(*shape: int, count: int = 2, low: float = 0.0) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: tuple(torch.rand(shape) * (1 - low) + low for _ in range(count))


def normal(*shapes: tuple[int, ...]) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: tuple(torch.randn(shape) for shape in shapes)


def features() -> tuple[list[Tensor], list[Tensor]]:
    return tuple([torch.randn(2, 3, 4), torch.randn(2, 5)] for _ in range(2))  # type: ignore[return-value]


# --------------------------------------------------------------------------- the table


@frozen
class Case:
    """A loss: how it is built, its inputs, and the expected value."""

    name: str
    build: Callable[[], nn.Module]
    inputs: Callable[[], tuple]
    formula: Callable[..., Tensor]
    frozen: tuple[int, ...] = ()  # inputs that get no gradient
    zero_at_equal: bool = False
    symmetric: bool = False
    one_sample: bool = True  # False: it compares samples, and one is an error
    exact_gradient: bool = True  # False: it stops a gradient on the way
    stopped: tuple[int, ...] = ()  # of the frozen inputs, those that the loss itself detaches
    any_order: bool = True  # False: items at equal positions belong together, and not all have a partner

    @property
    def type(self) -> str:
        return self.name.partition("-")[0]

    @property
    def same_shapes(self) -> bool:
        """Return whether it takes two inputs that must have the same shape."""
        one_for_all = {"RelativisticAverageLoss", "InfoNCELoss", "EdgeAwareSmoothnessLoss"}
        return len(self.inputs()) > 1 and self.type not in one_for_all


def _same(name: str, build: Callable[[], nn.Module], inputs, formula, **flags: bool) -> Case:  # type: ignore[no-untyped-def]
    """A distance: 0 between equals, and symmetric."""
    return Case(name, build, inputs, formula, zero_at_equal=True, symmetric=True, **flags)


def _gan(mode: str, **formulas: Callable[[Tensor], Tensor]) -> list[Case]:
    return [
        Case(
            f"GANLoss-{mode}-{role}",
            lambda m=mode, r=role: losses.GANLoss(m, r),
            normal((3, 1, 2, 2)),
            formula,
        )
        for role, formula in formulas.items()
    ]


LOGISTIC = {
    "G": lambda s: softplus(-s).mean(),
    "D_real": lambda s: softplus(-s).mean(),
    "D_fake": lambda s: softplus(s).mean(),
}
RELATIVE = {
    "vanilla": (lambda c: softplus(-c), softplus),
    "lsgan": (lambda c: (c - 1) ** 2, lambda c: (c + 1) ** 2),
    "hinge": (lambda c: (1 - c).clamp(min=0), lambda c: (1 + c).clamp(min=0)),
}
PICTURES = images(2, 3, 6, 5, low=-1.0)
SPECTRA = images(2, 4, 5)

CASES = [
    _same("SobelLoss", losses.SobelLoss, PICTURES, sobel),
    _same("SobelLoss-eps", lambda: losses.SobelLoss(eps=0.1), PICTURES, lambda x, y: sobel(x, y, 0.1)),
    _same(
        "SobelLoss-mean",
        lambda: losses.SobelLoss(grayscale="mean"),
        images(2, 4, 5, 3),
        lambda x, y: (magnitude(x.mean(1, True), 1e-6) - magnitude(y.mean(1, True), 1e-6)).abs().mean(),
    ),
    _same("LaplacianLoss", losses.LaplacianLoss, PICTURES, laplacian),
    _same(
        "LaplacianLoss-gray",
        lambda: losses.LaplacianLoss(reduction="sum"),
        images(2, 1, 3, 4),
        lambda x, y: conv(x - y, [[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).abs().sum(),
    ),
    Case(
        "CharbonnierLoss",
        lambda: losses.CharbonnierLoss(eps=1e-3),
        PICTURES,
        lambda x, y: torch.sqrt((x - y) ** 2 + 1e-3).mean(),
        symmetric=True,
    ),
    _same("GradientDifferenceLoss", losses.GradientDifferenceLoss, PICTURES, gradient_difference),
    _same(
        "GradientDifferenceLoss-alpha",
        lambda: losses.GradientDifferenceLoss(alpha=2.0),
        PICTURES,
        lambda x, y: gradient_difference(x, y, 2.0),
    ),
    _same("FocalFrequencyLoss", losses.FocalFrequencyLoss, PICTURES, focal_frequency, exact_gradient=False),
    _same(
        "FocalFrequencyLoss-patches",
        lambda: losses.FocalFrequencyLoss(alpha=2.0, patch_factor=2),
        images(2, 3, 6, 4),
        lambda x, y: focal_frequency(x, y, alpha=2.0, patches=2),
        exact_gradient=False,
    ),
    _same(
        "MaskedL1Loss",
        losses.MaskedL1Loss,
        lambda: (*PICTURES(), torch.rand(2, 1, 6, 5).round()),
        lambda x, y, m: sum((m[:, 0] * (x - y)[:, c].abs()).sum() for c in range(3)) / x.numel(),
        frozen=(2,),
    ),
    _same(
        "MaskedL1Loss-mask",
        lambda: losses.MaskedL1Loss(divide_by="mask"),
        lambda: (*PICTURES(), torch.rand(2, 1, 6, 5)),
        lambda x, y, m: (m * (x - y).abs()).sum() / (3 * m.sum()),
        frozen=(2,),
    ),
    _same("SpectrogramL1Loss", losses.SpectrogramL1Loss, SPECTRA, lambda x, y: (x - y).abs().mean()),
    _same(
        "SpectrogramL1Loss-ln",
        lambda: losses.SpectrogramL1Loss("ln", floor=0.2),
        SPECTRA,
        lambda x, y: (torch.log(x.clamp(min=0.2)) - torch.log(y.clamp(min=0.2))).abs().mean(),
    ),
    _same(
        "SpectrogramL2Loss-log10",
        lambda: losses.SpectrogramL2Loss("log10", floor=0.1, floor_by="add"),
        SPECTRA,
        lambda x, y: ((torch.log(x + 0.1) - torch.log(y + 0.1)) / np.log(10)).square().mean(),
    ),
    _same(
        "SpectrogramL1L2Loss",
        lambda: losses.SpectrogramL1L2Loss(alpha=0.5, floor=0.1),
        SPECTRA,
        lambda x, y: (
            (
                (x - y).abs().mean()
                + 0.5 * ((torch.log(x + 0.1) - torch.log(y + 0.1)) / np.log(10)).square().mean()
            )
            / 1.5
        ),
    ),
    *_gan("vanilla", **LOGISTIC),
    *_gan("logistic", **LOGISTIC),
    *_gan(
        "lsgan",
        G=lambda s: ((s - 1) ** 2).mean(),
        D_real=lambda s: ((s - 1) ** 2).mean(),
        D_fake=lambda s: (s**2).mean(),
    ),
    *_gan(
        "hinge",
        G=lambda s: -s.mean(),
        D_real=lambda s: (1 - s).clamp(min=0).mean(),
        D_fake=lambda s: (1 + s).clamp(min=0).mean(),
    ),
    *_gan("wgan", G=lambda s: -s.mean(), D_real=lambda s: -s.mean(), D_fake=lambda s: s.mean()),
    *[
        Case(
            f"RelativisticAverageLoss-{mode}-{target}",
            lambda m=mode, t=target: losses.RelativisticAverageLoss(t, m),
            normal((3, 1, 2, 2), (4, 1, 2, 2)),
            lambda s, o, f=formula: f(s - o.sum() / o.numel()).mean(),
        )
        for mode, formulas in RELATIVE.items()
        for target, formula in zip(("real", "fake"), formulas, strict=True)
    ],
    _same(
        "FeatureMatchingLoss",
        losses.FeatureMatchingLoss,
        features,
        lambda x, y: (x[0] - y[0]).abs().mean() + (x[1] - y[1]).abs().mean(),
    ),
    _same(
        "FeatureMatchingLoss-l2-mean",
        lambda: losses.FeatureMatchingLoss("l2", "mean"),
        features,
        lambda x, y: (((x[0] - y[0]) ** 2).mean() + ((x[1] - y[1]) ** 2).mean()) / 2,
    ),
    Case(
        "FeatureMatchingLoss-relative",
        lambda: losses.FeatureMatchingLoss(relative=True),
        features,
        lambda x, y: sum((a - b).abs().sum() / b.abs().sum() for a, b in zip(x, y, strict=True)),
        zero_at_equal=True,
    ),
    Case(
        "GaussianKLLoss",
        losses.GaussianKLLoss,
        normal((3, 4), (3, 4)),
        lambda mu, v: (
            torch.distributions.kl_divergence(
                torch.distributions.Normal(mu, (v / 2).exp()), torch.distributions.Normal(0.0, 1.0)
            )
            .sum(dim=1)
            .mean()
        ),
    ),
    Case(
        "GaussianKLLoss-capacity",
        lambda: losses.GaussianKLLoss(capacity=100.0, reduction="sum"),
        normal((3, 2, 2, 2), (3, 2, 2, 2)),
        lambda mu, v: (-0.5 * (1 + v - mu**2 - v.exp()).sum() - 100).abs(),
    ),
    Case(
        "BernoulliReconstructionLoss",
        losses.BernoulliReconstructionLoss,
        lambda: (torch.randn(3, 1, 2, 2), torch.rand(3, 1, 2, 2)),
        lambda z, x: -(x * z.sigmoid().log() + (1 - x) * (1 - z.sigmoid()).log()).flatten(1).sum(1).mean(),
    ),
    Case(
        "CommitmentLoss",
        losses.CommitmentLoss,
        normal((3, 4), (3, 4)),
        lambda z, e: ((z - e.detach()) ** 2).mean(),
        zero_at_equal=True,
        frozen=(1,),
        stopped=(1,),
    ),
    Case(
        "CodebookLoss",
        losses.CodebookLoss,
        normal((3, 4), (3, 4)),
        lambda z, e: ((z.detach() - e) ** 2).mean(),
        zero_at_equal=True,
        frozen=(0,),
        stopped=(0,),
    ),
    Case(
        "DistillationKLLoss",
        lambda: losses.DistillationKLLoss(temperature=2.0),
        normal((3, 5), (3, 5)),
        lambda s, t: torch.distributions.kl_divergence(
            torch.distributions.Categorical(logits=t / 2), torch.distributions.Categorical(logits=s / 2)
        ).mean(),
        zero_at_equal=True,
    ),
    Case(
        "VarianceLoss",
        losses.VarianceLoss,
        lambda: (torch.randn(4, 3) / 2,),
        lambda z: (1 - (((z - z.mean(0)) ** 2).sum(0) / 3 + 1e-4).sqrt()).clamp(min=0).mean(),
        one_sample=False,
    ),
    Case("CovarianceLoss", losses.CovarianceLoss, normal((4, 3)), covariance, one_sample=False),
    Case(
        "BarlowTwinsLoss",
        losses.BarlowTwinsLoss,
        normal((4, 3), (4, 3)),
        barlow,
        symmetric=True,
        one_sample=False,
    ),
    Case("Precomputed", losses.Precomputed, lambda: (torch.randn(()),), lambda value: value),
]


def _load(name: str) -> ModuleType:
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


CASES += _load("cases_by_field").rows(Case, _same)

ROWS = {
    "case": CASES,
    "distance": [case for case in CASES if case.zero_at_equal],
    "symmetric": [case for case in CASES if case.symmetric],
    "exact": [case for case in CASES if case.exact_gradient],
    "matched": [case for case in CASES if case.same_shapes],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name in ROWS.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, ROWS[name], ids=lambda case: case.name)


@pytest.fixture(scope="session")
def formulas() -> dict[str, Callable[..., Tensor]]:
    """The formula of each row, by its name."""
    return {case.name: case.formula for case in CASES}


@pytest.fixture(scope="session")
def rows() -> dict[str, Case]:
    """One row of each type, by its name."""
    return {case.type: case for case in reversed(CASES)}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
