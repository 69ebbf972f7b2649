"""Unusual inputs of single losses."""

from __future__ import annotations

import re

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from lossspec import losses
from lossspec.errors import LossInputError

X = torch.zeros(2, 3, 4, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: losses.SobelLoss()(X[0], X[0]),
            "SobelLoss expects `input` as (N, C, H, W), got (3, 4, 4)",
        ),
        (
            lambda: losses.FocalFrequencyLoss(patch_factor=3)(X, X),
            "cannot cut `input` (2, 3, 4, 4) into 3x3 patches",
        ),
        (lambda: losses.GradientDifferenceLoss()(X[..., :1], X[..., :1]), "needs at least 2x2 pixels, got"),
        (
            lambda: losses.MaskedL1Loss()(X, X, X[:, :2]),
            "cannot broadcast `mask` (2, 2, 4, 4) to `input` (2, 3, 4, 4)",
        ),
        (lambda: losses.FeatureMatchingLoss()(X, X), "expects `fake` as a list of tensors, got a Tensor"),
        (
            lambda: losses.FeatureMatchingLoss()([X], (X, X)),
            "two lists of the same length, got `fake` 1, `real` 2",
        ),
        (lambda: losses.FeatureMatchingLoss()([], []), "got `fake` 0, `real` 0"),
        (
            lambda: losses.FeatureMatchingLoss()([X, X], [X, X[:1]]),
            "`fake[1]` (2, 3, 4, 4), `real[1]` (1, 3, 4, 4)",
        ),
        (lambda: losses.SSIMLoss(padding="none")(X, X), "SSIMLoss needs at least 11x11 pixels, got `input`"),
        (lambda: losses.SSIMLoss(padding="reflect")(X, X), "SSIMLoss needs at least 6x6 pixels"),
        (lambda: losses.PhotometricLoss()(X[..., :1], X[..., :1]), "needs at least 2x2 pixels, got `input`"),
        (
            lambda: losses.EdgeAwareSmoothnessLoss()(X, X),
            "expects `disparity` as (2, 1, 4, 4) for `image` (2, 3, 4, 4), got (2, 3, 4, 4)",
        ),
        (
            lambda: losses.InfoNCELoss()(X[:, :, 0, 0], X[:1, :, 0, 0]),
            "expects (N, D) and (M, D) with M >= N, got `queries` (2, 3) and `keys` (1, 3)",
        ),
        (
            lambda: losses.SigmoidContrastiveLoss()(X[0, 0], X[0, 0], X[0, 0, 0], X[0, 0, 0, 0]),
            "SigmoidContrastiveLoss expects `scale` as one number, got (4,)",
        ),
        (lambda: losses.EntropyLoss()(X[0, 0, 0]), "EntropyLoss expects `logits` as (*, C), got (4,)"),
        (
            lambda: losses.GaussianPairKLLoss()(*[X[0, 0, 0]] * 4),
            "GaussianPairKLLoss expects `x` as (N, D, *), got (4,)",
        ),
        (lambda: losses.VarianceLoss()(X), "VarianceLoss expects `embeddings` as (N, D), got (2, 3, 4, 4)"),
        (lambda: losses.Precomputed()(0.5), "Precomputed expects a tensor, got a float: 0.5"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(LossInputError, match=re.escape(message)):
        call()


def test_an_empty_mask_has_no_error_and_no_gradient():
    x = torch.rand(1, 3, 2, 2, requires_grad=True)
    loss = losses.MaskedL1Loss(divide_by="mask")(
        x, torch.zeros(1, 3, 2, 2), torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    )
    loss.backward()
    assert loss == 0
    assert torch.equal(x.grad, torch.zeros_like(x))


@pytest.mark.parametrize("score", [-1e4, -50.0, 50.0, 1e4])
def test_the_logistic_loss_of_extreme_scores_is_finite(score):
    pred = torch.tensor([score], requires_grad=True)
    for role, target in (("G", 1.0), ("D_real", 1.0), ("D_fake", 0.0)):
        loss = losses.GANLoss("vanilla", role)(pred)
        torch.testing.assert_close(
            loss, F.binary_cross_entropy_with_logits(pred, torch.full_like(pred, target))
        )
        (gradient,) = torch.autograd.grad(loss, pred)
        assert gradient.isfinite().all()


def test_gaussian_kl_is_exact_near_the_standard_gaussian():
    """exp(v) - 1 - v of a small v is all cancellation in float32; the true value is v^2 / 2."""
    v = torch.full((1, 1), 1e-3)
    got = losses.GaussianKLLoss()(torch.zeros(1, 1), v)
    assert got.item() == pytest.approx(0.5 * 0.5e-6, rel=2e-3)


def test_focal_frequency_of_equal_images_has_a_finite_gradient():
    x = torch.rand(1, 3, 4, 4, requires_grad=True)
    losses.FocalFrequencyLoss()(x, x.detach().clone()).backward()
    assert torch.equal(x.grad, torch.zeros_like(x))


@pytest.mark.parametrize(
    ("option", "weight"),
    [
        ("log_matrix", lambda d: torch.log(d + 1) / torch.log(d + 1).amax(dim=(-2, -1), keepdim=True)),
        ("batch_matrix", lambda d: d / d.max()),
    ],
)
def test_focal_frequency_options(option, weight):
    x, y = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    distance = (torch.fft.fft2(x, norm="ortho") - torch.fft.fft2(y, norm="ortho")).abs()
    got = losses.FocalFrequencyLoss(**{option: True})(x, y)
    torch.testing.assert_close(got, (weight(distance) * distance**2).mean())


def test_focal_frequency_of_the_average_spectrum():
    """Two images whose errors are opposite have no error on average."""
    x = torch.rand(1, 3, 4, 4).repeat(2, 1, 1, 1)
    y = x + torch.stack([torch.ones(3, 4, 4), -torch.ones(3, 4, 4)])
    assert losses.FocalFrequencyLoss(average_spectrum=True)(x, y) < 1e-10
    assert losses.FocalFrequencyLoss()(x, y) > 0.1


def test_distillation_averages_over_all_but_the_classes():
    student, teacher = torch.randn(2, 5, 7), torch.randn(2, 5, 7)
    loss = losses.DistillationKLLoss()
    torch.testing.assert_close(loss(student, teacher), loss(student.flatten(0, 1), teacher.flatten(0, 1)))


def test_the_value_of_a_model_comes_back_with_its_graph():
    weight = torch.tensor(2.0, requires_grad=True)
    losses.Precomputed()(weight**2).backward()
    assert weight.grad == 4


def test_adversarial_modes_agree_where_they_should():
    scores = torch.randn(50)
    for role in ("G", "D_real", "D_fake"):
        assert losses.GANLoss("vanilla", role)(scores) == losses.GANLoss("logistic", role)(scores)
    assert losses.GANLoss("hinge", "G")(scores) == losses.GANLoss("wgan", "G")(scores)


def test_depths_that_do_not_count_spread_no_nan():
    depth = torch.tensor([[2.0, 0.0]], requires_grad=True)
    loss = losses.ScaleInvariantLogLoss(root=True)(depth, torch.tensor([[1.0, 0.0]]), torch.tensor([[1, 0]]))
    loss.backward()
    assert depth.grad.isfinite().all()
    nothing = losses.ScaleInvariantLogLoss(root=True)(depth, depth, torch.zeros(1, 2))
    assert nothing == 0


def test_the_entropy_of_logits_with_a_forbidden_class():
    """A masked action has a logit of minus infinity, and must not turn the entropy into NaN."""
    logits = torch.tensor([[0.0, 0.0, -1e9]], requires_grad=True)
    found = losses.EntropyLoss()(logits)
    torch.testing.assert_close(found, torch.tensor(2.0).log())
    found.backward()
    assert logits.grad.isfinite().all()
