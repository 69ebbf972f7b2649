import json
import math

import pytest
import torch
from click.testing import CliRunner

from lossspec import LossManager, read_log
from lossspec.cli.log import log_command

SPEC = """
format = 1
[objectives.G.weight]
type = "linear"
unit = "step"
start = 0
end = 10
start_value = 1.0
end_value = 0.0
[losses]
a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 4.0, objective = "G" }
b = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "G", every = { steps = 3, gain = 3.0 } }
d = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "D" }
"""


@pytest.fixture
def make(tmp_path):
    spec = tmp_path / "three.loss.toml"
    spec.write_text(SPEC)
    made = []

    def make(**options):
        made.append(LossManager.from_spec(str(spec), experiment_dir=tmp_path / "run", **options))
        return made[-1]

    yield make
    for manager in made:
        manager.close()


def train(manager, steps, first=0):
    """Return the totals of G that the objective returned."""
    found = []
    for step in range(first, first + steps):
        for call in range(2):  # two micro-batches a step
            x = torch.full((2 + call,), 1.0 + step + call)
            found.append(manager.objective("G")(x=x, y=torch.zeros_like(x)).item())
            manager.objective("D")(x=x, y=torch.zeros_like(x))
        manager.step()
    return found


@pytest.mark.parametrize("size", [50_000, 1, 2, 3])
def test_totals_are_what_the_objective_returned(make, tmp_path, size):
    manager = make(history_buffer_size=size)
    manager.set_progress(step=0)
    returned = train(manager, 7)
    manager.update_loss_log()
    totals = read_log(tmp_path / "run").totals["training"]
    assert list(totals) == ["G", "D"]
    assert totals["G"].weighted.tolist() == pytest.approx(returned)
    assert totals["G"].step.tolist() == [step for step in range(7) for _ in range(2)]
    assert totals["G"].batch_size.tolist() == [2, 3] * 7
    assert totals["G"].objective_weight.tolist() == pytest.approx(
        [1 - step / 10 for step in range(7) for _ in range(2)]
    )
    first = totals["G"]
    assert first.raw[0] * first.objective_weight[0] == pytest.approx(first.weighted[0])


def test_a_resume_supersedes_totals(make, tmp_path):
    manager = make()
    train(manager, 3)
    saved = manager.state_dict()
    train(manager, 2, 3)
    manager.close()
    again = make()
    again.load_state_dict(saved)
    train(again, 1, 3)
    again.close()
    assert read_log(tmp_path / "run").totals["training"]["G"].step.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_each_section_has_its_totals(make, tmp_path):
    manager = make()
    x = torch.full((4,), 2.0)
    with manager.validating("unseen"), torch.no_grad():
        total = manager.objective("G")(x=x, y=torch.zeros_like(x)).item()
    manager.update_loss_log()
    log = read_log(tmp_path / "run")
    assert log.totals["unseen"]["G"].weighted.tolist() == [total]
    assert "training" not in log.totals


def test_a_term_that_is_only_recorded_adds_nothing(tmp_path):
    spec = tmp_path / "zero.loss.toml"
    spec.write_text(
        "format = 1\n"
        'losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'
        'losses.b = { type = "torch.L1Loss", inputs = ["z", "y"], weight = 0.0, at_zero = "record" }\n'
    )
    with LossManager.from_spec(str(spec), experiment_dir=tmp_path / "run") as manager:
        x = torch.ones(2)
        manager.objective()(x=x, y=x - 1, z=x + math.nan)
    assert read_log(tmp_path / "run").totals["training"]["total"].weighted.tolist() == [1.0]


def test_a_log_without_totals_is_still_read(make, tmp_path):
    manager = make()
    train(manager, 1)
    manager.close()
    path = tmp_path / "run" / "loss_log.jsonl"
    header, chunk = (json.loads(line) for line in path.read_text().splitlines())
    del chunk["totals"]
    path.write_text(f"{json.dumps(header)}\n{json.dumps(chunk)}\n")
    log = read_log(path)
    assert log.totals == {}
    assert len(log.losses["a"]) == 2


def test_show_and_exports_have_totals(make, tmp_path):
    manager = make()
    returned = train(manager, 2)
    manager.close()

    def call(*arguments):
        found = CliRunner().invoke(log_command, [*arguments, str(tmp_path / "run")])
        assert found.exit_code == 0, found.output
        return found.output

    shown = json.loads(call("show", "--format", "json"))["losses"]
    assert list(shown) == ["a", "b", "d", "total/G"]  # the total of D is its only term
    assert shown["total/G"]["last"] == pytest.approx(returned[-1])
    assert json.loads(call("export"))["totals"]["training"]["G"]["weighted"] == pytest.approx(returned)
    rows = [line.split(",") for line in call("export", "--format", "csv").splitlines()]
    of_total = [float(row[6]) for row in rows if row[0] == "total/G"]
    by_step = [(2 * returned[at] + 3 * returned[at + 1]) / 5 for at in (0, 2)]
    assert of_total == pytest.approx(by_step)


def test_tensorboard_has_totals(make, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    manager = make()
    returned = train(manager, 2)
    manager.close()
    arguments = ["export", str(tmp_path / "run"), "--format", "tensorboard", "-o", str(tmp_path / "board")]
    assert CliRunner().invoke(log_command, arguments).exit_code == 0
    board = EventAccumulator(str(tmp_path / "board")).Reload()
    assert [each.value for each in board.Scalars("total/G")] == pytest.approx(
        [(2 * returned[at] + 3 * returned[at + 1]) / 5 for at in (0, 2)]
    )
