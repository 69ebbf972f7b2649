"""The penalties on a network's slope: against slopes known by hand, and their running state."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lossspec.errors import LossInputError
from lossspec.losses import GradientPenalty, PathLengthPenalty, R1Penalty, R2Penalty


def critic(images):
    """Per sample x^T A x / 2 + b x, so its gradient is (A x + b), to be had without autograd."""
    return 0.5 * torch.einsum("ni,ij,nj->n", images, A, images) + images @ B


A = torch.tensor([[2.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 1.0]], dtype=torch.float64)
B = torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64)


@pytest.mark.parametrize("build", [R1Penalty, R2Penalty])
def test_r1_is_the_squared_slope_at_its_images(build):
    images = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    found = build()(critic(images), images)
    expected = ((images @ A + B) ** 2).sum(dim=1).mean()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(*(torch.autograd.grad(loss, images)[0] for loss in (found, expected)))


@pytest.mark.parametrize("scores", [lambda s: s, lambda s: s.view(4, 1, 1, 1), lambda s: s.expand(2, 4) / 2])
def test_r1_takes_scores_of_any_shape_by_their_sum(scores):
    images = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    expected = ((images @ A + B) ** 2).sum(dim=1).mean()
    torch.testing.assert_close(R1Penalty()(scores(critic(images)), images), expected)


def test_gradient_penalty_is_the_slope_between_real_and_fake(monkeypatch):
    shares = torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64).view(3, 1)
    monkeypatch.setattr(torch, "rand", lambda shape, **_: shares.expand(shape))
    real, fake = (torch.randn(3, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    found = GradientPenalty()(critic, real, fake)
    between = (1 - shares) * real + shares * fake
    expected = ((((between @ A + B) ** 2).sum(dim=1)) ** 0.5 - 1).pow(2).mean()
    torch.testing.assert_close(found, expected)


def test_pixel_gradient_penalty_takes_norms_over_channels():
    slopes = torch.tensor([3.0, 4.0])[:, None, None] * torch.tensor([[0.0, 1.0], [0.2, 2.0]])

    def linear(images):
        return (images * slopes).sum()

    real, fake = torch.randn(2, 2, 2, 2), torch.randn(2, 2, 2, 2)
    expected = (1.0 + 16.0 + 0.0 + 81.0) / 4  # lengths 0, 5, 1 and 10
    torch.testing.assert_close(GradientPenalty("pixel")(linear, real, fake), torch.tensor(expected))


def test_gradient_penalty_draws_one_share_a_sample():
    """One share for all, or one a pixel, would leave the segment between a pair or tie the pairs together."""
    seen = []

    def spy(images):
        seen.append(images)
        return images.square().sum(dim=(1, 2, 3))

    GradientPenalty()(spy, torch.zeros(64, 1, 2, 2), torch.ones(64, 1, 2, 2))
    shares = seen[0].flatten(1)
    assert torch.equal(shares, shares[:, :1].expand_as(shares))
    assert shares.unique().numel() == 64
    assert 0 <= shares.min() < 0.2
    assert 0.8 < shares.max() <= 1


def test_gradient_penalty_trains_the_critic_and_nothing_else():
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    real, fake = torch.randn(2, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    GradientPenalty()(network, real, fake).backward()
    assert network[0].weight.grad.any()
    assert real.grad is None
    assert fake.grad is None


@pytest.mark.parametrize("grad", [True, False])
def test_penalties_work_without_a_graph(grad):
    """A monitor runs under no_grad: the penalty is still a number, and the scores' graph lives on."""
    images = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    pred = critic(images)
    with torch.set_grad_enabled(grad):
        assert R1Penalty()(pred, images).requires_grad is grad
        assert GradientPenalty()(critic, images.detach(), images.detach() + 1) >= 0
    pred.sum().backward()
    assert images.grad.any()


# --------------------------------------------------------------------------- path length


def generate(latents, slope):
    """Images whose Jacobian by each latent is ``slope`` times a fixed matrix with orthonormal columns."""
    return slope * latents.sum(dim=1).view(-1, 1, 2, 2)


def test_path_length_by_hand():
    """The Jacobian is 2 I, so a length is |2 y|, and its mean over the latents' layers is that of each."""
    latents = torch.randn(5, 3, 4, dtype=torch.float64, requires_grad=True)
    penalty = PathLengthPenalty(decay=0.1).double()
    state = torch.random.get_rng_state()
    found = penalty(generate(latents, 2.0), latents)
    torch.random.set_rng_state(state)
    noise = torch.randn(5, 1, 2, 2, dtype=torch.float64) / 2  # sqrt(2 * 2)
    lengths = 2 * noise.flatten(1).norm(dim=1)
    torch.testing.assert_close(penalty.mean_length, 0.1 * lengths.mean())
    torch.testing.assert_close(found, ((lengths - 0.1 * lengths.mean()) ** 2).mean())


def test_path_length_mean_follows_and_is_saved():
    penalty = PathLengthPenalty(decay=0.5)
    latents = torch.randn(64, 1, 4, requires_grad=True)
    for _ in range(20):
        penalty(generate(latents, 3.0), latents)
    assert 2.4 < penalty.mean_length < 3.0  # 3 E|y|, of four dimensions: 3 * 0.94
    again = PathLengthPenalty()
    again.load_state_dict(penalty.state_dict())
    assert again.mean_length == penalty.mean_length


def test_path_length_mean_is_fixed_in_evaluation():
    penalty = PathLengthPenalty(decay=0.5).eval()
    latents = torch.randn(4, 4, requires_grad=True)
    assert penalty(generate(latents[:, None], 3.0), latents) > 0
    assert penalty.mean_length == 0


def test_path_length_gradient_flows_through_the_mean():
    """As in the authors' code: with decay 1 and one sample the length is its own mean, so nothing pulls."""
    slope = torch.tensor(3.0, requires_grad=True)
    latents = torch.randn(1, 1, 4, requires_grad=True)
    PathLengthPenalty(decay=1.0)(generate(latents, slope), latents).backward()
    assert slope.grad == 0


# --------------------------------------------------------------------------- what they refuse

IMAGES = torch.zeros(2, 3)
LEAF = torch.zeros(2, 3, requires_grad=True)
PICTURES = torch.zeros(2, 1, 2, 2)
PATH = "PathLengthPenalty differentiates `images` by `latents`"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: R1Penalty()(IMAGES.sum(1), IMAGES),
            "R1Penalty differentiates `pred` by `images`.*requires_grad_",
        ),
        (lambda: R2Penalty()(IMAGES.sum(1), LEAF), "R2Penalty differentiates `pred` by `images`"),
        (lambda: R1Penalty()(LEAF.sum(1), LEAF.clone()), "`pred` was not computed from it with gradients"),
        (
            torch.no_grad()(lambda: R1Penalty()(LEAF.sum(1), LEAF)),
            r"gradients are off here.*torch.enable_grad\(\)",
        ),
        (lambda: R1Penalty()(LEAF[:0].sum(1), LEAF[:0]), r"R1Penalty got an empty `pred`: \(0,\)"),
        (
            lambda: GradientPenalty()(IMAGES, IMAGES, IMAGES),
            "GradientPenalty expects a callable `critic`, got a Tensor",
        ),
        (
            lambda: GradientPenalty()(critic, IMAGES, IMAGES[:1]),
            r"of the same shape, got `real` \(2, 3\), `fake` \(1, 3\)",
        ),
        (
            lambda: GradientPenalty()(lambda x: x.detach(), IMAGES, IMAGES),
            r"differentiates `critic\(images\)`",
        ),
        (lambda: PathLengthPenalty()(PICTURES, LEAF), PATH),
        (lambda: PathLengthPenalty()(PICTURES, IMAGES), PATH),
        (
            lambda: PathLengthPenalty()(PICTURES[0], LEAF),
            r"expects `images` as \(N, C, H, W\), got \(1, 2, 2\)",
        ),
        (lambda: PathLengthPenalty()(PICTURES, LEAF[0]), r"expects `latents` as \(N, L, D\), got \(3,\)"),
        (lambda: PathLengthPenalty(decay=0.0), "needs 0 < decay <= 1, got decay = 0.0"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(LossInputError, match=message):
        call()


def test_compiling_one_is_refused_by_torch():
    """The docstrings say so: when torch supports it, they must be updated."""
    images = torch.ones(2, 3, requires_grad=True)
    torch.compiler.reset()

    def penalty(images):
        return R1Penalty()(images.square().sum(dim=1), images)

    assert penalty(images) == 12
    with pytest.raises(torch._dynamo.exc.Unsupported, match=r"autograd\.grad"):
        torch.compile(penalty, fullgraph=True, backend="eager")(images)
