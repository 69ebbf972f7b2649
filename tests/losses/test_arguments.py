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
        (lambda: losses.SSIMLoss(padding="zero"), "unknown padding `zero`: .*: `zeros`"),
        (lambda: losses.ScaleInvariantLogLoss(over="images"), "unknown over `images`: .*: `image`"),
        (lambda: losses.GaussianPairKLLoss("samples"), "unknown first `samples`: .*: `sample`"),
        (lambda: losses.PolicyKLLoss("k4"), "unknown estimator `k4`"),
        (lambda: losses.MelSpectrogramLoss(8000, mel="slanei"), "unknown mel `slanei`: .*: `slaney`"),
        (lambda: losses.MelSpectrogramLoss(8000, padding="centre"), "unknown padding `centre`: .*: `center`"),
        (lambda: losses.MelSpectrogramLoss(8000, compare="l3"), "unknown compare `l3`"),
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
        (lambda: losses.DPOLoss(beta=0.0), "DPOLoss needs beta > 0"),
        (lambda: losses.DPOLoss(label_smoothing=0.5), "needs 0 <= label_smoothing < 0.5"),
        (lambda: losses.IPOLoss(beta=-1.0), "IPOLoss needs beta > 0"),
        (lambda: losses.SimPOLoss(beta=0.0), "SimPOLoss needs beta > 0"),
        (lambda: losses.KTOLoss(beta=NAN), "KTOLoss needs beta > 0"),
        (lambda: losses.ClippedSurrogateLoss(clip=1.5), "needs 0 <= clip <= 1, got clip = 1.5"),
        (lambda: losses.ClippedSurrogateLoss(clip_high=-0.1), "needs clip_high >= 0"),
        (lambda: losses.ClippedValueLoss(clip=-0.1), "ClippedValueLoss needs clip >= 0"),
        (lambda: losses.InfoNCELoss(temperature=0.0), "InfoNCELoss needs temperature > 0"),
        (lambda: losses.SSIMLoss(window_size=4), "needs an odd window_size, got window_size = 4"),
        (lambda: losses.SSIMLoss(sigma=0.0), "SSIMLoss needs sigma > 0"),
        (lambda: losses.PhotometricLoss(alpha=1.5), "needs 0 <= alpha <= 1, got alpha = 1.5"),
        (lambda: losses.ScaleInvariantLogLoss(lambd=2.0), "needs 0 <= lambd <= 1, got lambd = 2.0"),
        (lambda: losses.SelfDistillationLoss(3, momentum=1.0), "needs 0 <= momentum < 1"),
        (lambda: losses.SelfDistillationLoss(3, teacher_temperature=0.0), "needs teacher_temperature > 0"),
        (lambda: losses.MelSpectrogramLoss(0), "needs sample_rate > 0"),
        (lambda: losses.MelSpectrogramLoss(8000, power=3), "needs power = 1 or 2, got power = 3"),
        (
            lambda: losses.MelSpectrogramLoss(8000, windows=[64, 32]),
            "needs as many windows as bands and hops, got 2, 1 and 2",
        ),
    ],
)
def test_a_number_out_of_bounds_is_an_error(build, message):
    with pytest.raises(LossInputError, match=message):
        build()


LIVE = [(entry, name) for entry in types("lossspec").values() for name, arg in entry.args.items() if arg.live]


@pytest.mark.parametrize(("entry", "name"), LIVE, ids=lambda value: getattr(value, "name", value))
def test_a_live_argument_set_later_is_one_given_at_first(entry, name, rows):
    """A schedule moves it by setting the attribute; the next call takes it, as a number or as a tensor."""
    row = rows[entry.name.partition(".")[2]]
    moved, inputs = row.build(), row.inputs()
    before = moved(*inputs)
    setattr(moved, name, 0.3)
    found = moved(*inputs)
    assert found != before
    setattr(moved, name, torch.tensor(0.3))
    torch.testing.assert_close(moved(*inputs), found)


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
