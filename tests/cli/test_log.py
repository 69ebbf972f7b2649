import json
import math
import struct
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from lossspec import LossManager
from lossspec.cli.log import log_command


@pytest.fixture
def run(tmp_path):
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
    }
    assert found["losses"]["rare"]["raw"] == ["Infinity"]
    assert found["validation"]["G_L1"]["weighted"] == [14.0]
    assert (found["lost"], found["resumes"]) == ({}, [])


def test_export_as_csv(run):
    assert call("export", run, "--format", "csv") == (
        "loss,section,raw,term_weight,objective_weight,weighted,epoch,step\n"
        "G_L1,training,4.0,2.0,1.0,8.0,0.0,0\n"
        "G_L1,training,0.1,2.0,1.0,0.2,0.0,1\n"
        "G_L1,training,nan,2.0,1.0,nan,1.0,2\n"
        "G_L1,training,3.0,2.0,1.0,6.0,1.0,3\n"
        "rare,training,inf,1.0,1.0,inf,1.0,4\n"
        "G_L1,validation,7.0,2.0,1.0,14.0,1.0,4\n"
    )


def test_export_for_nectargan(run):
    found = json.loads(call("export", run, "--format", "nectargan"))["LOSSMANAGER_LOG"]
    assert (found["device"], found["experiment"]) == ("cpu", "run")
    losses = found["loss_functions"]["G_L1"]
    assert losses["weights"] == [2.0] * 4
    assert losses["loss"][:2] == [8.0, 0.2]
    assert math.isnan(losses["loss"][2])


def events(data):
    """Take an event file apart, by the format's description alone."""
    at, found = 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        message = data[at + 12 : at + 12 + length]
        at += 12 + length + 4
        found.append(dict(fields(message)))
    return found


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def fields(message):
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        if key & 7 == 0:
            value, at = varint(message, at)
        elif key & 7 == 2:
            length, at = varint(message, at)
            value, at = message[at : at + length], at + length
        else:
            size = 8 if key & 7 == 1 else 4
            value, at = struct.unpack("<d" if size == 8 else "<f", message[at : at + size])[0], at + size
        yield key >> 3, value


def test_export_as_tensorboard_events(run, tmp_path):
    path = call("export", run, "--format", "tensorboard", "-o", tmp_path / "board").strip()
    assert path.startswith(str(tmp_path / "board" / "events.out.tfevents."))
    first, *rest = events(Path(path).read_bytes())
    assert first[3] == b"brain.Event:2"
    scalars = [
        (event[2], *[dict(fields(dict(fields(event[5]))[1]))[key] for key in (1, 2)]) for event in rest
    ]
    assert scalars[0] == (0, b"raw/G_L1", 4.0)
    assert (3, b"weighted/G_L1", 6.0) in scalars
    assert (1, b"weight/G_L1", 2.0) in scalars
    assert (4, b"validation/weighted/G_L1", 14.0) in scalars
    assert len(scalars) == 3 * 6
    assert all(event[1] == rest[0][1] > 1.7e9 for event in rest)


def test_plot_draws_two_pictures(run, tmp_path):
    found = call("plot", run, "-o", tmp_path / "pictures").split()
    assert found == [str(tmp_path / "pictures" / name) for name in ("losses.png", "weights.png")]
    for path in found:
        assert Path(path).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("command", ["show", "export", "plot"])
def test_a_log_that_is_not_there_is_one_message(tmp_path, command):
    from lossspec.errors import LogError

    found = CliRunner().invoke(log_command, [command, str(tmp_path / "absent")])
    assert isinstance(found.exception, LogError)
    assert str(found.exception) == f"there is no loss log `{tmp_path}/absent`"


def test_a_file_that_can_not_be_written_is_a_usage_error(run, tmp_path):
    found = CliRunner().invoke(log_command, ["export", str(run), "-o", str(tmp_path)])
    assert found.exit_code == 2
    assert f"can't write {tmp_path}: Is a directory" in found.output


@pytest.mark.parametrize("command", [[], ["show"], ["export"], ["plot"]])
def test_help_has_an_example(command):
    assert "Example: lossspec log " in call(*command, "--help")
