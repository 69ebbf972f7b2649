"""Constructor arguments: unknown words, numbers out of bounds, and what can change in training."""

from __future__ import annotations

import pytest
import torch

from lossspec import losses
from lossspec.errors import LossInputError, UnknownNameError
from lossspec.registry import types


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: losses.GANLoss("lsgam", "G"),
            "unknown mode `lsgam`: a mode with a similar name exists: `lsgan`",
        ),
        (lambda: losses.GANLoss("hinge", "d_real"), "unknown role `d_real`: .*: `D_real`"),
        (lambda: losses.RelativisticAverageLoss("reel"), "unknown target `reel`: .*: `real`"),
        (lambda: losses.RelativisticAverageLoss("real", "wgan"), "unknown mode `wgan`"),
        (lambda: losses.SobelLoss(grayscale="luna"), "unknown grayscale `luna`: .*: `luma`"),
        (
            lambda: losses.LaplacianLoss(reduction="avg"),
            "unknown reduction `avg`: expected one of `mean`, `none`, `sum`",
        ),
        (lambda: losses.FeatureMatchingLoss("l3"), "unknown distance `l3`"),
        (lambda: losses.FeatureMatchingLoss(layers="none"), "unknown layers `none`"),
        (lambda: losses.GaussianKLLoss(reduction="none"), "unknown reduction `none`"),
        (lambda: losses.SpectrogramL1Loss("log"), "unknown scale `log`: .*: `log10`"),
        (lambda: losses.SpectrogramL1Loss(floor_by="max"), "unknown floor_by `max`"),
        (lambda: losses.GradientPenalty("pixels"), "unknown norm `pixels`: .*: `pixel`"),
        (lambda: losses.MaskedL1Loss("masks"), "unknown divide_by `masks`: .*: `mask`"),
    ],
)
def test_an_unknown_word_names_the_nearest(build, message):
    with pytest.raises(UnknownNameError, match=message):
        build()


NAN = float("nan")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: losses.SobelLoss(eps=0.0), "SobelLoss needs eps > 0"),
        (lambda: losses.CharbonnierLoss(eps=-1.0), "CharbonnierLoss needs eps > 0, got eps = -1.0"),
        (lambda: losses.CharbonnierLoss(eps=NAN), "got eps = nan"),
        (lambda: losses.GradientDifferenceLoss(alpha=0.5), "needs alpha >= 1, got alpha = 0.5"),
        (lambda: losses.FocalFrequencyLoss(patch_factor=0), "needs patch_factor >= 1, got 0"),
        (lambda: losses.DistillationKLLoss(temperature=0.0), "needs temperature > 0"),
        (lambda: losses.SpectrogramL1Loss(floor=0.0), "SpectrogramL1Loss needs floor > 0"),
        (lambda: losses.SpectrogramL2Loss(floor=0.0), "SpectrogramL2Loss needs floor > 0"),
        (lambda: losses.SpectrogramL1L2Loss(alpha=-1.0), "needs alpha >= 0, got alpha = -1.0"),
        (lambda: losses.VarianceLoss(eps=0.0), "VarianceLoss needs eps > 0"),
        (lambda: losses.BarlowTwinsLoss(eps=0.0), "BarlowTwinsLoss needs eps > 0"),
    ],
)
def test_a_number_out_of_bounds_is_an_error(build, message):
    with pytest.raises(LossInputError, match=message):
        build()


LIVE = [(entry, name) for entry in types("lossspec").values() for name, arg in entry.args.items() if arg.live]


@pytest.mark.parametrize(("entry", "name"), LIVE, ids=lambda value: getattr(value, "name", value))
def test_a_live_argument_set_later_is_one_given_at_first(entry, name):
    """A schedule moves it by setting the attribute; the next call takes it, as a number or as a tensor."""
    build = getattr(losses, entry.name.partition(".")[2])
    inputs = (torch.rand(3, 4), torch.rand(3, 4))  # what all of them take
    moved = build()
    before = moved(*inputs)
    setattr(moved, name, 0.5)
    expected = build(**{name: 0.5})(*inputs)
    assert moved(*inputs) == expected != before
    setattr(moved, name, torch.tensor(0.5))
    torch.testing.assert_close(moved(*inputs), expected)


def test_capacity_and_temperature_are_live():
    assert {f"{entry.name}.{name}" for entry, name in LIVE} >= {
        "lossspec.GaussianKLLoss.capacity",
        "lossspec.DistillationKLLoss.temperature",
    }


def test_moving_a_live_argument_as_a_tensor_does_not_recompile():
    torch.compiler.reset()
    graphs = []

    def count(graph, _):
        graphs.append(graph)
        return graph.forward

    loss = losses.GaussianKLLoss()
    loss.capacity = torch.tensor(0.0)
    compiled = torch.compile(loss, fullgraph=True, backend=count)
    inputs = (torch.ones(2, 3), torch.zeros(2, 3))
    for capacity in (0.0, 1.0, 5.0):
        loss.capacity.fill_(capacity)
        assert compiled(*inputs) == abs(1.5 - capacity)
    assert len(graphs) == 1
