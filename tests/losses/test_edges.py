"""The edge losses: equal to the plain filters at full size; at borders, in flat and in tiny images."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossspec.errors import LossInputError
from lossspec.losses import LaplacianLoss, SobelLoss


@pytest.mark.parametrize("build", [SobelLoss, LaplacianLoss])
def test_equals_the_plain_filters_at_full_size(build, formulas):
    x, y = torch.rand(4, 3, 256, 256, requires_grad=True), torch.rand(4, 3, 256, 256)
    ours, plain = build()(x, y), formulas[build.__name__](x, y)
    torch.testing.assert_close(ours, plain, rtol=1e-6, atol=0)
    (ours_gradient,), (plain_gradient,) = torch.autograd.grad(ours, x), torch.autograd.grad(plain, x)
    # Where the absolute value has its corner one rounding turns a pixel's sign, so not the largest but the
    # usual difference is what is small.
    assert (ours_gradient - plain_gradient).norm() < 1e-3 * plain_gradient.norm()


@pytest.mark.slow
@given(
    shape=st.tuples(st.integers(1, 3), st.just(3), st.integers(1, 6), st.integers(1, 6)),
    seed=st.integers(0, 2**31),
    name=st.sampled_from(["SobelLoss", "LaplacianLoss"]),
)
def test_equals_the_plain_filters_at_every_size(formulas, shape, seed, name):
    """The hand-written transposes have borders of their own: every size has them elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.rand(shape, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2))
    build = {"SobelLoss": SobelLoss, "LaplacianLoss": LaplacianLoss}[name]
    ours, plain = build()(x, y), formulas[name](x, y)
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=0)
    found, expected = (torch.autograd.grad(loss, (x, y)) for loss in (ours, plain))
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("build", [SobelLoss, LaplacianLoss])
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (1, 1, 1, 7), (2, 3, 2, 1)])
def test_the_smallest_image_has_a_finite_loss(build, shape):
    x = torch.rand(shape, requires_grad=True)
    loss = build()(x, torch.zeros(shape))
    loss.backward()
    assert loss.isfinite()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("build", [SobelLoss, LaplacianLoss])
def test_brightness_is_an_edge_only_at_the_border(build):
    """Outside of the image it is zero, so a brighter image has a stronger border."""
    x = torch.rand(1, 1, 6, 6)
    apart = build(reduction="none")(x, x + 0.5)
    torch.testing.assert_close(apart[:, 1:-1, 1:-1], torch.zeros(1, 4, 4), rtol=0, atol=1e-5)
    assert (apart[:, 0] > 0.01).all()


def test_a_negative_has_the_same_edges():
    x = torch.rand(2, 3, 8, 8)
    assert SobelLoss()(x, -x) == 0
    assert LaplacianLoss()(x, -x) > 0


def test_a_flat_image_gets_a_finite_gradient():
    x = torch.zeros(1, 1, 5, 5, requires_grad=True)
    SobelLoss(eps=1e-12)(x, torch.rand(1, 1, 5, 5)).backward()
    assert torch.equal(x.grad, torch.zeros(1, 1, 5, 5))


@pytest.mark.parametrize("build", [SobelLoss, LaplacianLoss])
def test_mean_and_sum_reduce_the_map(build):
    x, y = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    apart = build(reduction="none")(x, y)
    assert apart.shape == (2, 4, 5)
    torch.testing.assert_close(apart.mean(), build()(x, y))
    torch.testing.assert_close(apart.sum(), build(reduction="sum")(x, y))


@pytest.mark.parametrize("build", [SobelLoss, LaplacianLoss])
def test_other_channel_counts_take_the_mean_or_an_error(build):
    x = torch.rand(1, 4, 5, 5)
    with pytest.raises(
        LossInputError, match=r'1 or 3 channels, got \(1, 4, 5, 5\): grayscale = "mean" takes'
    ):
        build()(x, x)
    gray = x.mean(dim=1, keepdim=True)
    torch.testing.assert_close(build(grayscale="mean")(x, 2 * x), build()(gray, 2 * gray))


@pytest.mark.parametrize("build", [SobelLoss, LaplacianLoss])
def test_gradients_of_single_samples_by_vmap(build):
    x, y = torch.rand(3, 3, 4, 5), torch.rand(3, 3, 4, 5)
    loss = build()

    def one(a, b):
        return loss(a[None], b[None])

    found = torch.func.vmap(torch.func.grad(one))(x, y)
    torch.testing.assert_close(
        found, torch.stack([torch.func.grad(one)(a, b) for a, b in zip(x, y, strict=True)])
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # inductor's own
@pytest.mark.parametrize("build", [SobelLoss, LaplacianLoss])
def test_the_compiled_kernel_gives_the_same(build):
    torch.compiler.reset()
    x, y = torch.rand(1, 3, 16, 16, requires_grad=True), torch.rand(1, 3, 16, 16)
    found = torch.compile(build(), fullgraph=True)(x, y)
    expected = build()(x, y)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(*(torch.autograd.grad(loss, x) for loss in (found, expected)))


def test_mixed_precision_compares_at_the_finer_one():
    """The output of an autocast generator against float32 truth: the filter must not fall to bfloat16."""
    truth = torch.rand(1, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert LaplacianLoss()(truth.bfloat16(), truth).dtype == torch.float32
        assert SobelLoss()(truth, truth + 1e-3) > 0
