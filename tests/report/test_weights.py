"""The forecast weights equal the weights that a manager applies."""

from __future__ import annotations

from bisect import bisect_right

import pytest

import lossspec
from lossspec.errors import ClockError
from lossspec.report.forecast.plot import weight_panels
from lossspec.report.forecast.weights import Moment, RunLength, curves

EPOCHS, STEPS = 6, 5
EVERYTHING = """
[losses.constant]
type = "lossspec.Precomputed"
inputs = ["constant"]
weight = 3.5
objective = "G"

[losses.by_epoch]
type = "lossspec.Precomputed"
inputs = ["by_epoch"]
objective = "G"
weight = { type = "cosine", unit = "epoch", start = 1, end = 5, start_value = 2.0, end_value = 0.0 }

[losses.by_step]
type = "lossspec.Precomputed"
inputs = ["by_step"]
objective = "G"
weight = { type = "piecewise_constant", unit = "step", values = [1.0, 7.0, 0.5], boundaries = [8, 9] }

[losses.by_fraction]
type = "lossspec.Precomputed"
inputs = ["by_fraction"]
objective = "D"
weight = { type = "exponential", unit = "fraction", start = 0.1, end = 1, start_value = 9, end_value = 0.01 }

[objectives.G.weight]
type = "linear"
unit = "epoch"
start = 1
end = 4
start_value = 1.0
end_value = 0.25

[losses.now_and_then]
type = "lossspec.Precomputed"
inputs = ["now_and_then"]
objective = "D"
weight = { type = "linear", unit = "epoch", start = 0, end = 6, start_value = 0.0, end_value = 6.0 }
every = { steps = 4, gain = 4.0 }
"""
NAMES = ["constant", "by_epoch", "by_step", "by_fraction", "now_and_then"]


@pytest.mark.parametrize("total_steps", [True, False], ids=["steps known", "epochs known"])
def test_the_curve_drawn_is_the_curve_applied(spec_of, log_of, total_steps):
    spec = spec_of(EVERYTHING)
    log = log_of(spec, {name: lambda *_: 1.0 for name in NAMES}, EPOCHS, STEPS, total_steps=total_steps)
    run = RunLength(EPOCHS, STEPS)
    drawn = {line.name: line for panel in weight_panels(spec, run) for line in panel.lines}
    assert list(log.losses) == NAMES
    for name, rows in log.losses.items():
        if not total_steps and name == "by_fraction":
            continue  # a run with steps counts the fraction by them
        line = drawn[name]
        applied = {
            (epoch, step): term * total
            for epoch, step, term, total in zip(
                rows.epoch, rows.step, rows.term_weight, rows.objective_weight, strict=True
            )
        }
        for step in range(EPOCHS * STEPS):
            shown = line.ys[bisect_right(line.xs, step / STEPS) - 1]
            if (step // STEPS, step) in applied:
                assert shown == pytest.approx(applied[step // STEPS, step], rel=1e-12), (name, step)
            else:  # skipped: at weight 0, or between two of `every`
                assert shown == 0 or (name == "now_and_then" and step % 4), (name, step)


def test_without_steps_the_fraction_is_made_of_epochs(spec_of, log_of):
    spec = spec_of(EVERYTHING)
    log = log_of(spec, {name: lambda *_: 1.0 for name in NAMES}, EPOCHS, STEPS)
    curve = next(curve for curve in curves(spec) if curve.name == "by_fraction")
    rows = log.losses["by_fraction"]
    for epoch, weight in zip(rows.epoch, rows.term_weight, strict=True):
        assert curve.at(RunLength(EPOCHS).moment(epoch)) == pytest.approx(weight, rel=1e-12)


def test_a_weight_that_counts_steps_needs_to_know_them(spec_of):
    with pytest.raises(ClockError) as error:
        weight_panels(spec_of(EVERYTHING), RunLength(EPOCHS))
    assert str(error.value) == (
        "the weight of `by_step` counts steps: set the steps of an epoch with --steps-per-epoch"
    )


@pytest.mark.parametrize(
    ("run", "epoch", "moment"),
    [
        (RunLength(200), 50, Moment(50, None, 0.25)),
        (RunLength(200), 50.5, Moment(50.5, None, 0.2525)),
        (RunLength(200, 10), 50, Moment(50, 500, 0.25)),
        (RunLength(200, 10), 50.55, Moment(50, 505, 0.2525)),
        (RunLength(4, 3), 8, Moment(8, 24, 2.0)),
    ],
)
def test_the_moment_of_an_epoch(run, epoch, moment):
    assert run.moment(epoch) == moment


def test_moments_begin_and_end_with_the_run():
    for run in (RunLength(1), RunLength(3), RunLength(1, 1), RunLength(3, 7), RunLength(10, 100_000)):
        moments = run.moments()
        assert moments[0] == (0.0, run.moment(0))
        steps = run.steps_per_epoch
        assert moments[-1][0] == (run.epochs - 1 if steps is None else run.epochs - 1 / steps)
        assert {moment.epoch for _, moment in moments} == set(range(run.epochs))
        assert len(moments) <= 20_000 + run.epochs + 1


def test_scheduled_arguments_are_curves_of_their_own():
    capacity = {
        "type": "linear",
        "unit": "epoch",
        "start": 0,
        "end": 10,
        "start_value": 1.0,
        "end_value": 2.0,
    }
    overlay = {"losses": {"G_L1": {"type": "torch.SmoothL1Loss", "args": {"beta": capacity}}}}
    spec = lossspec.load("pix2pix", overlay=overlay)
    (found,) = [curve for curve in curves(spec) if curve.argument]
    assert found.name == "G_L1.beta"
    assert found.at(RunLength(10).moment(5)) == 1.5
    titles = [panel.title for panel in weight_panels(spec, RunLength(10))]
    assert titles == ["objective G", "objective G, scheduled arguments", "objective D"]
