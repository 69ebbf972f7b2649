import json

import pytest
import torch
from click.testing import CliRunner

from lossspec import LossManager, read_log
from lossspec.cli.log import log_command
from lossspec.report import first_and_last

SPEC = 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'

#: The mean of these nine samples is 12; the mean of the means of two batches is 50.5.
SAMPLES = torch.cat([torch.ones(8), torch.full((1,), 100.0)])


@pytest.fixture
def run(tmp_path):
    spec = tmp_path / "plain.loss.toml"
    spec.write_text(SPEC)
    with LossManager.from_spec(str(spec), experiment_dir=tmp_path / "run") as manager:
        yield manager


def show(folder):
    found = CliRunner().invoke(log_command, ["show", str(folder), "--format", "json"])
    return json.loads(found.output)["losses"]


def test_the_batch_size_is_that_of_the_first_tensor(run, tmp_path):
    objective = run.objective()
    for x in SAMPLES.split(8):
        objective(x=x, y=torch.zeros_like(x))
    run.compute_loss("l1", torch.ones(3, 2), torch.zeros(3, 2))
    run.compute_loss("l1", torch.tensor(1.0), torch.tensor(0.0))  # no dimension: counts as one
    run.update_loss_log()
    assert read_log(tmp_path / "run").losses["l1"].batch_size.tolist() == [8, 1, 3, 1]


def test_the_caller_can_set_it(run, tmp_path):
    x = torch.ones(8)
    run.objective()(x=x, y=x)
    run.set_progress(batch_size=20)
    run.objective()(x=x, y=x)
    run.compute_loss("l1", x, x)
    run.update_loss_log()
    assert read_log(tmp_path / "run").losses["l1"].batch_size.tolist() == [8, 20, 20]


def test_a_compiled_objective_records_it_without_another_graph(run, tmp_path, compiled):
    objective, counter = compiled(run.objective())
    x = torch.ones(8)
    objective(x=x, y=x)
    for size in (5, 6):
        run.set_progress(batch_size=size)
        objective(x=x, y=x)
    run.update_loss_log()
    assert read_log(tmp_path / "run").losses["l1"].batch_size.tolist() == [8, 5, 6]
    assert counter.frame_count == 1


def test_means_over_rows_are_means_over_samples(run, tmp_path):
    objective = run.objective()
    for x in SAMPLES.split(8):
        objective(x=x, y=torch.zeros_like(x))
    with run.validating(), torch.no_grad():
        for x in SAMPLES.split(8):
            objective(x=x, y=torch.zeros_like(x))
    run.update_loss_log()
    folder = tmp_path / "run"
    assert {name: each["mean"] for name, each in show(folder).items()} == {
        "l1": pytest.approx(12.0),
        "l1 (validation)": pytest.approx(12.0),
    }
    assert first_and_last(read_log(folder)).splitlines()[-1].split() == ["l1", "1", "12", "12"]


def test_one_point_a_position_is_a_mean_over_samples(run, tmp_path):
    run.set_progress(step=3)
    for x in SAMPLES.split(8):
        run.objective()(x=x, y=torch.zeros_like(x))
    run.update_loss_log()
    found = CliRunner().invoke(log_command, ["export", str(tmp_path / "run"), "--format", "csv"]).output
    assert found.splitlines()[1].startswith("l1,training,3,12.0,1.0,1.0,12.0,0.0,3,9,")


def test_a_log_without_batch_sizes_is_still_read(run, tmp_path):
    for x in SAMPLES.split(8):
        run.objective()(x=x, y=torch.zeros_like(x))
    run.update_loss_log()
    path = tmp_path / "run" / "loss_log.jsonl"
    header, chunk = (json.loads(line) for line in path.read_text().splitlines())
    del chunk["losses"]["l1"]["batch_size"], chunk["losses"]["l1"]["age"], chunk["time"]
    old = tmp_path / "old.jsonl"
    old.write_text(f"{json.dumps(header)}\n{json.dumps(chunk)}\n")
    columns = read_log(old).losses["l1"]
    assert columns.weighted.tolist() == [1.0, 100.0]
    assert columns.batch_size.tolist() == [1, 1]
    assert columns.time.tolist() == [0.0, 0.0]
