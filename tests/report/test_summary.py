"""The table of first and last values of a run."""

from __future__ import annotations

import math

import torch

from lossspec import LossManager, read_log
from lossspec.report import first_and_last

SPEC = """
[losses.rec]
type = "lossspec.Precomputed"
inputs = ["rec"]
weight = 100.0
objective = "G"

[losses.gan]
type = "lossspec.Precomputed"
inputs = ["gan"]
weight = { type = "window", unit = "epoch", value = 2.0, start = 1 }
objective = "G"

[losses.r1]
type = "lossspec.Precomputed"
inputs = ["r1"]
every = { steps = 2, gain = 2.0 }
objective = "D"

[objectives.D]
weight = 0.5
"""


def test_first_and_last_epoch(spec_of, log_of):
    log = log_of(
        spec_of(SPEC),
        {
            "rec": lambda epoch, step: 4.0 - epoch + 0.5 * (step % 2),  # means 4.25 and 2.25
            "gan": lambda epoch, _: 0.25 * epoch,
            "r1": lambda _, step: step + 1.0,  # even steps only: 1 and 3, 9 and 11
        },
        epochs=3,
        steps=4,
    )
    assert first_and_last(log).splitlines() == [
        "                   weight                 raw             weighted",
        "term     epoch 0  epoch 2    epoch 0  epoch 2    epoch 0   epoch 2",
        "",
        "objective G",
        "  rec        100      100       4.25     2.25        425       225",
        "  gan          -        2          -      0.5          -         1",
        "  total                                              425       226",
        "",
        "objective D",
        "  r1           1        1          2       10          2        10",
    ]


def test_a_total_counts_a_term_for_the_calls_that_had_it(spec_of, log_of):
    text = SPEC.replace('objective = "D"', 'objective = "G"').replace("[objectives.D]\nweight = 0.5", "")
    log = log_of(
        spec_of(text), {"rec": lambda *_: 1.0, "gan": lambda *_: 1.0, "r1": lambda *_: 3.0}, epochs=2, steps=4
    )
    total = first_and_last(log).splitlines()[-1]
    # 100 in all four calls, 6 in two of them; then 2 more in all
    assert total.split() == ["total", "103", "105"]


def run(folder, values, **clock):
    with LossManager(experiment_dir=folder) as manager:
        manager.register_loss_fn("l", lambda x: x)
        for step, value in enumerate(values):
            if clock.get("epoch"):
                manager.set_progress(epoch=clock["epoch"](step))
            manager.compute_loss("l", torch.tensor(value))
            if clock.get("steps", True):
                manager.step()
    return first_and_last(read_log(folder)).splitlines()


def test_a_run_without_epochs_shows_the_first_and_last_tenth(tmp_path):
    _heading, columns, row = run(tmp_path, [float(step) for step in range(50)])
    assert columns.split("  ")[1:3] == ["steps 0-4", "steps 45-49"]
    assert row.split() == ["l", "1", "1", "2", "47", "2", "47"]


def test_a_run_without_a_clock_shows_one_mean(tmp_path):
    assert run(tmp_path, [1.0, 2.0, 6.0], steps=False) == [
        "      weight     raw    weighted",
        "term    mean    mean        mean",
        "  l        1       3           3",
    ]


def test_epochs_can_be_fractional(tmp_path):
    _, columns, row = run(tmp_path, [1.0, 3.0, 5.0, 7.0], epoch=lambda step: step / 2)
    assert columns.split() == ["term", *["epoch", "0", "epoch", "1"] * 3]
    assert row.split() == ["l", "1", "1", "2", "6", "2", "6"]


def test_a_value_that_is_not_finite_is_seen(tmp_path):
    *_, row = run(tmp_path, [1.0, math.nan, 5.0, math.inf], epoch=lambda step: step // 2)
    assert row.split() == ["l", "1", "1", "nan", "inf", "nan", "inf"]


def test_an_empty_log_has_an_empty_table(tmp_path):
    with LossManager(experiment_dir=tmp_path) as manager:
        manager.register_loss_fn("l", lambda x: x)
        manager.export_base_log()
    assert first_and_last(read_log(tmp_path)) == "nothing was recorded"
