import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from lossspec import LossManager
from lossspec.cli.log import log_command
from lossspec.errors import LogError, MissingExtraError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose values were recorded a second apart."""
    seconds = iter(range(1000, 2000))
    monkeypatch.setattr("lossspec.manager.record.host.time", lambda: next(seconds))
    folder = tmp_path / "run"
    with LossManager(experiment_dir=folder, device="cpu") as manager:
        manager.register_loss_fn("G_L1", lambda x: x, 2.0)
        manager.register_loss_fn("rare", lambda x: x)
        for step, value in enumerate([4.0, 0.1, math.nan, 3.0]):
            manager.set_progress(epoch=step // 2)
            manager.compute_loss("G_L1", torch.tensor(value))
            manager.step()
        manager.compute_loss("rare", torch.tensor(math.inf))
        with manager.validating():
            manager.compute_loss("G_L1", torch.tensor(7.0))
    return folder


def call(*arguments):
    found = CliRunner().invoke(log_command, [str(each) for each in arguments])
    assert found.exit_code == 0, found.output
    return found.output


def test_show_is_a_table(run):
    assert call("show", run) == (
        f"no spec, {run}/loss_log.jsonl\n"
        "loss               values  first  last  min   mean  NaN\n"
        "G_L1                    4      8     6  0.2  4.733    1\n"
        "rare                    1      -     -    -      -    0\n"
        "G_L1 (validation)       1     14    14   14     14    0\n"
    )


def test_show_as_json(run):
    found = json.loads(call("show", run / "loss_log.jsonl", "--format", "json"))
    assert found["losses"]["G_L1"]["values"] == 4
    assert found["losses"]["G_L1"]["nan"] == 1
    assert found["losses"]["rare"]["mean"] is None


def test_export_as_one_strict_document(run, tmp_path):
    path = tmp_path / "log.json"
    assert call("export", run, "-o", path) == ""
    found = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert found["header"]["device"] == "cpu"
    assert found["losses"]["G_L1"] == {
        "raw": [4.0, 0.1, "NaN", 3.0],
        "term_weight": [2.0] * 4,
        "objective_weight": [1.0] * 4,
        "weighted": [8.0, 0.2, "NaN", 6.0],
        "epoch": [0.0, 0.0, 1.0, 1.0],
        "step": [0, 1, 2, 3],
        "batch_size": [1] * 4,
        "time": [1000.0, 1001.0, 1002.0, 1003.0],
    }
    assert found["losses"]["rare"]["raw"] == ["Infinity"]
    assert found["validation"]["G_L1"]["weighted"] == [14.0]
    assert (found["lost"], found["resumes"]) == ({}, [])


def test_export_as_csv(run):
    assert call("export", run, "--format", "csv") == (
        "loss,section,position,raw,term_weight,objective_weight,weighted,epoch,step,batch_size,time\n"
        "G_L1,training,0,4.0,2.0,1.0,8.0,0.0,0,1,1000.0\n"
        "G_L1,training,1,0.1,2.0,1.0,0.2,0.0,1,1,1001.0\n"
        "G_L1,training,2,nan,2.0,1.0,nan,1.0,2,1,1002.0\n"
        "G_L1,training,3,3.0,2.0,1.0,6.0,1.0,3,1,1003.0\n"
        "rare,training,4,inf,1.0,1.0,inf,1.0,4,1,1004.0\n"
        "G_L1,validation,4,7.0,2.0,1.0,14.0,1.0,4,1,1005.0\n"
    )


def test_export_for_nectargan(run):
    found = json.loads(call("export", run, "--format", "nectargan"))["LOSSMANAGER_LOG"]
    assert (found["device"], found["experiment"]) == ("cpu", "run")
    losses = found["loss_functions"]["G_L1"]
    assert losses["weights"] == [2.0] * 4
    assert losses["loss"][:2] == [8.0, 0.2]
    assert math.isnan(losses["loss"][2])


def test_export_as_tensorboard_events(run, tmp_path):
    folder = tmp_path / "board"
    path = call("export", run, "--format", "tensorboard", "-o", folder).strip()
    assert path.startswith(str(folder / "events.out.tfevents."))
    first, *rest = EventFileLoader(path).Load()  # checks the checksum of every record
    assert first.file_version == "brain.Event:2"
    assert len(rest) == 3 * 6
    assert sorted({event.wall_time for event in rest}) == [1000.0 + second for second in range(6)]

    board = EventAccumulator(str(folder)).Reload()

    def series(tag):
        return [(event.step, event.value) for event in board.Scalars(tag)]

    assert set(board.Tags()["scalars"]) == {
        *(f"{quantity}/{name}" for quantity in ("raw", "weight", "weighted") for name in ("G_L1", "rare")),
        *(f"validation/{quantity}/G_L1" for quantity in ("raw", "weight", "weighted")),
    }
    single = np.float32(0.1).item()
    steps, values = zip(*series("raw/G_L1"), strict=True)
    assert steps == (0, 1, 2, 3)
    assert values == pytest.approx((4.0, single, math.nan, 3.0), rel=0, abs=0, nan_ok=True)
    assert series("weight/G_L1") == [(step, 2.0) for step in range(4)]
    assert series("weighted/G_L1")[3] == (3, 6.0)
    assert series("raw/rare") == [(4, math.inf)]
    assert series("validation/weighted/G_L1") == [(4, 14.0)]


#: When the last value of each epoch of `late` was recorded.
TIMES = [1000.25, 1010.0, 1020.5, 1030.0, 1040.0]


@pytest.fixture
def late(tmp_path, monkeypatch):
    """A run that counts epochs, with a term from epoch 3 on, flushed once an epoch."""
    now = [0.0]
    monkeypatch.setattr("lossspec.manager.record.host.time", lambda: now[0])
    folder = tmp_path / "run"
    spec = tmp_path / "late.loss.toml"
    spec.write_text(
        "format = 1\n"
        'losses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'
        '[losses.adv]\ntype = "torch.MSELoss"\ninputs = ["p", 1.0]\n'
        'weight = { type = "window", unit = "epoch", start = 3, value = 0.1 }\n'
    )
    with LossManager.from_spec(str(spec), experiment_dir=folder) as manager:
        objective, zeros = manager.objective(), torch.zeros(3)
        for epoch in range(5):
            manager.set_progress(epoch=epoch)
            for value in range(4):
                now[0] = TIMES[epoch] - 3 + value
                given = {"x": zeros + epoch + value, "y": zeros, "p": zeros}
                objective(**{name: given[name] for name in objective.needed()})
            with manager.validating(), torch.no_grad():
                objective(**{name: given[name] for name in objective.needed()})
            manager.update_loss_log()
    return folder


def test_all_events_are_on_one_axis_with_their_time(late, tmp_path):
    folder = tmp_path / "board"
    call("export", late, "--format", "tensorboard", "-o", folder)
    board = EventAccumulator(str(folder)).Reload()

    def series(tag):
        return [(event.step, event.value, event.wall_time) for event in board.Scalars(tag)]

    assert series("raw/l1") == [(epoch, epoch + 1.5, TIMES[epoch]) for epoch in range(5)]
    assert series("validation/raw/l1") == [(epoch, epoch + 3.0, TIMES[epoch]) for epoch in range(5)]
    assert series("raw/adv") == [(epoch, 1.0, TIMES[epoch]) for epoch in (3, 4)]
    assert [step for step, *_ in series("weight/adv")] == [3, 4]


def test_csv_has_one_line_a_position(late):
    head, *lines = (line.split(",") for line in call("export", late, "--format", "csv").splitlines())
    found = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(each["position"], each["raw"]) for each in found if each["loss"] == "adv"] == [
        ("3.0", "1.0"),
        ("4.0", "1.0"),
    ] * 2
    training = [each for each in found if (each["loss"], each["section"]) == ("l1", "training")]
    assert [each["raw"] for each in training] == ["1.5", "2.5", "3.5", "4.5", "5.5"]
    assert [float(each["time"]) for each in training] == TIMES


def test_only_tensorboard_rounds_fractional_epochs_down(tmp_path):
    with LossManager(experiment_dir=tmp_path / "run", device="cpu") as manager:
        manager.register_loss_fn("l", lambda x: x)
        for epoch in (0, 0.5, 1):
            manager.set_progress(epoch=epoch)
            manager.compute_loss("l", torch.tensor(epoch * 4.0))
    assert [
        line.split(",")[2:4] for line in call("export", tmp_path / "run", "--format", "csv").splitlines()[1:]
    ] == [["0.0", "0.0"], ["0.5", "2.0"], ["1.0", "4.0"]]
    call("export", tmp_path / "run", "--format", "tensorboard", "-o", tmp_path / "board")
    board = EventAccumulator(str(tmp_path / "board")).Reload()
    assert [(event.step, event.value) for event in board.Scalars("raw/l")] == [(0, 1.0), (1, 4.0)]


def test_events_of_a_run_without_clock_are_at_their_call(tmp_path):
    with LossManager(experiment_dir=tmp_path, device="cpu") as manager:
        manager.register_loss_fn("l", lambda x: x, 1e300)  # its weight overflows a 32-bit float
        for value in (1.0, 0.0):
            manager.compute_loss("l", torch.tensor(value))
    call("export", tmp_path, "--format", "tensorboard", "-o", tmp_path / "board")
    board = EventAccumulator(str(tmp_path / "board")).Reload()
    assert [(event.step, event.value) for event in board.Scalars("raw/l")] == [(0, 1.0), (1, 0.0)]
    assert [event.value for event in board.Scalars("weight/l")] == [math.inf] * 2


def test_events_need_no_torch(run, tmp_path):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from lossspec.log.reading.reader import read_log\n"
        "from lossspec.log.tensorboard import write_events\n"
        "print(write_events(read_log(sys.argv[1]), Path(sys.argv[2])).stat().st_size > 0)"
    )
    command = [sys.executable, "-c", code, str(run), str(tmp_path / "board")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


def test_without_tensorboard_the_message_says_what_to_install(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    folder = tmp_path / "board"
    found = CliRunner().invoke(
        log_command, ["export", str(run), "--format", "tensorboard", "-o", str(folder)]
    )
    assert isinstance(found.exception, MissingExtraError)
    assert str(found.exception) == (
        'TensorBoard events need tensorboard, which is not installed: pip install "lossspec[tensorboard]"'
    )
    assert not folder.exists()


@pytest.mark.slow
def test_plot_draws_each_section_in_a_picture(run, tmp_path):
    found = call("plot", run, "-o", tmp_path / "pictures").split()
    assert found == [
        str(tmp_path / "pictures" / name) for name in ("losses.png", "weights.png", "losses-validation.png")
    ]
    for path in found:
        assert Path(path).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("command", ["show", "export", "plot"])
def test_a_missing_log_is_one_message(tmp_path, command):
    from lossspec.errors import LogError

    found = CliRunner().invoke(log_command, [command, str(tmp_path / "absent")])
    assert isinstance(found.exception, LogError)
    assert str(found.exception).startswith(
        f"the loss log `{tmp_path}/absent` is missing: expected the folder"
    )


def test_an_unwritable_file_is_one_message(run, tmp_path):
    found = CliRunner().invoke(log_command, ["export", str(run), "-o", str(tmp_path)])
    assert (found.exit_code, found.output) == (1, f"Error: cannot write `{tmp_path}`: Is a directory\n")


@pytest.mark.parametrize("command", [[], ["show"], ["export"], ["plot"]])
def test_help_has_an_example(command):
    assert "Example: lossspec log " in call(*command, "--help")


def test_a_run_is_plotted_from_its_first_value_on(tmp_path):
    folder = tmp_path / "run"
    with LossManager(experiment_dir=folder, device="cpu") as manager:
        manager.register_loss_fn("a", lambda x: x)
        manager.export_base_log()
        with pytest.raises(LogError, match=r"nothing is recorded in .*loss_log.jsonl`, so there is"):
            CliRunner().invoke(log_command, ["plot", str(folder)], catch_exceptions=False)
        with manager.validating("seen"):
            manager.compute_loss("a", torch.tensor(1.0))
        manager.update_loss_log()
    pictures = call("plot", folder).splitlines()
    assert [Path(each).name for each in pictures] == ["losses-seen.png"]
