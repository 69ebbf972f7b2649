"""The data of the HTML report: packed numbers of the log, and the spec of the run."""

from __future__ import annotations

import base64
import json
import math
import struct
from array import array

import pytest
import torch

import lossspec
from lossspec import LossManager, read_log
from lossspec.log.reading.columns import LossColumns
from lossspec.log.reading.reader import LossLogData
from lossspec.report.run.logged_spec import spec_of_run
from lossspec.report.run.page import report
from lossspec.report.run.page_data import NamedLog, page_data

SPEC = """
[losses.a]
type = "lossspec.Precomputed"
inputs = ["a"]
weight = { type = "step", unit = "epoch", start_value = 8.0, gamma = 0.5, period = 1 }

[losses.b]
type = "lossspec.Precomputed"
inputs = ["b"]
weight = 3.0
"""


def unpacked(text):
    data = base64.b64decode(text)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def test_few_values_are_kept_as_they_are(spec_of, log_of):
    log = log_of(spec_of(SPEC), {"a": lambda _, step: 1.5 * step, "b": lambda *_: 0.25}, epochs=2, steps=3)
    data = page_data([NamedLog("r", log)])
    assert (data["unit"], data["begin"], data["end"]) == ("epoch", 0, 2)
    a, b = data["runs"][0]["losses"]
    assert unpacked(a["x"]) == pytest.approx([0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3])
    assert unpacked(a["raw"]["mean"]) == [0.0, 1.5, 3.0, 4.5, 6.0, 7.5]
    assert unpacked(a["weight"]["mean"]) == [8.0] * 3 + [4.0] * 3
    assert unpacked(a["weighted"]["mean"]) == [0.0, 12.0, 24.0, 18.0, 24.0, 30.0]
    assert (a["count"], a["broken"], a["validation"]) == (None, [], {})
    assert (b["raw"], b["weighted"], b["weight"]) == (
        {"constant": 0.25},
        {"constant": 0.75},
        {"constant": 3.0},
    )


def test_many_values_keep_their_lowest_highest_and_mean(spec_of, log_of):
    values = [math.sin(step * 12.9898) * 43758.5453 % 1 for step in range(60)]
    values[17] = 1e6
    values[41] = math.nan
    log = log_of(spec_of(SPEC), {"a": lambda _, step: values[step], "b": lambda *_: 1.0}, epochs=6, steps=10)
    a = page_data([NamedLog("r", log)], stretches=6)["runs"][0]["losses"][0]
    assert unpacked(a["count"]) == [10.0] * 6
    low, mean, high = (unpacked(a["raw"][name]) for name in ("low", "mean", "high"))
    for stretch in range(6):
        inside = [value for value in values[10 * stretch : 10 * stretch + 10] if not math.isnan(value)]
        assert (low[stretch], high[stretch]) == pytest.approx((min(inside), max(inside)), rel=1e-6)
        assert mean[stretch] == pytest.approx(sum(inside) / len(inside), rel=1e-5)
    assert a["broken"] == [[pytest.approx(4.45), 1]]


@pytest.mark.slow
def test_the_page_of_a_long_run_is_small():
    rows = 400_000
    steps = array("q", range(rows))
    noise = array("f", (step * 0.618034 % 1 for step in range(rows)))
    columns = LossColumns(
        noise, array("d", [2.0]) * rows, array("d", [1.0]) * rows, noise, array("d", [0.0]) * rows, steps
    )
    log = LossLogData("unused", {"losses": {}}, {"a": columns, "b": columns})
    page = report([NamedLog("long", log)])
    assert len(page) < 300_000
    found = json.loads(page[page.index('id="data">') + 10 : page.index("</script>")])
    assert len(unpacked(found["runs"][0]["losses"][0]["raw"]["mean"])) == 2000
    assert f"{2 * rows:,} values" in page


def test_runs_in_other_units_share_an_axis(tmp_path):
    def run(name, *, epochs):
        with LossManager(experiment_dir=tmp_path / name) as manager:
            manager.register_loss_fn("l", lambda x: x)
            for step in range(6):
                if epochs:
                    manager.set_progress(epoch=step // 3)
                manager.compute_loss("l", torch.tensor(1.0))
                manager.step()
        return NamedLog(name, read_log(tmp_path / name))

    data = page_data([run("a", epochs=True), run("b", epochs=False)])
    assert (data["unit"], data["begin"], data["end"]) == ("step", 0, 6)
    assert [unpacked(each["losses"][0]["x"]) for each in data["runs"]] == [[0, 1, 2, 3, 4, 5]] * 2


def test_validation_and_resumes(tmp_path):
    def train(begin, end):
        with LossManager(experiment_dir=tmp_path) as manager:
            manager.register_loss_fn("l", lambda x: x)
            for epoch in range(begin, end):
                manager.set_progress(epoch=epoch)
                manager.compute_loss("l", torch.tensor(float(epoch)))
                with manager.validating():
                    manager.compute_loss("l", torch.tensor(10.0 * epoch))

    train(0, 3)
    train(3, 5)
    (run,) = page_data([NamedLog("r", read_log(tmp_path))])["runs"]
    assert run["resumes"] == [3.0]
    assert unpacked(run["losses"][0]["raw"]["mean"]) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert unpacked(run["losses"][0]["validation"]["validation"]["raw"]["mean"]) == [
        0.0,
        10.0,
        20.0,
        30.0,
        40.0,
    ]


def test_the_spec_of_a_run_is_the_one_that_was_trained(spec_of, log_of):
    spec = spec_of(SPEC)
    overlaid = lossspec.load(spec.folder + "/tiny.loss.toml", overlay={"losses": {"b": {"weight": 7.0}}})
    found = spec_of_run(log_of(overlaid, {"a": lambda *_: 1.0, "b": lambda *_: 1.0}))
    assert found.spec.digest == overlaid.digest == found.digest != spec.digest
    assert found.reference == found.spec.reference == "tiny"
    assert "weight = 7.0" in found.text


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ({"spec": None, "digest": None}, "the losses were registered in code"),
        ({"spec": "s", "digest": "d"}, "the log does not contain the spec"),
        (
            {
                "spec": "s",
                "digest": "d",
                "document": {"losses": {"a": {"type": "mine.Loss", "inputs": ["x"]}}},
            },
            "mine",
        ),
    ],
)
def test_a_run_whose_spec_is_not_known_here(header, problem):
    log = LossLogData("unused", {"losses": {}, **header}, {"a": LossColumns()})
    found = spec_of_run(log)
    assert found.spec is None
    assert problem in found.problem
    assert "No formula" in report([NamedLog("r", log)])
