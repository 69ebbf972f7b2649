"""Event files of a run, read back by TensorBoard's own reader."""

import math
import resource
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lossspec import LossManager
from lossspec.cli.log import log_command
from lossspec.errors import MissingExtraError
from lossspec.report.formula import unicode
from lossspec.writers import TensorBoardWriter


def read(folder):
    """Return the scalars of a folder as (step, value, time), by tag."""
    board = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {
        tag: [(event.step, event.value, event.wall_time) for event in board.Scalars(tag)]
        for tag in board.Tags()["scalars"]
    }


def test_the_events_are_those_of_an_export(make, train, tmp_path):
    run, live = tmp_path / "run", tmp_path / "live"
    train(make(TensorBoardWriter(live), experiment_dir=run), range(8))
    found = CliRunner().invoke(
        log_command, ["export", str(run), "--format", "tensorboard", "-o", str(tmp_path / "later")]
    )
    assert found.exit_code == 0, found.output
    assert set(read(live)) == {
        *(
            f"{quantity}/{name}"
            for quantity in ("raw", "weight", "weighted")
            for name in ("l1", "mse", "late")
        ),
        *(
            f"unseen/{quantity}/{name}"
            for quantity in ("raw", "weight", "weighted")
            for name in ("l1", "late")
        ),
        "total/G",
        "total/D",
        "unseen/total/G",
    }
    assert read(live) == read(tmp_path / "later")


def test_the_file_is_directly_in_the_folder_and_live(make, tmp_path):
    manager = make(TensorBoardWriter(tmp_path / "a" / "b"))
    assert not (tmp_path / "a").exists()
    manager.objective("D")(x=torch.full((4,), 3.0), y=torch.zeros(4))
    manager.step()
    manager.update_loss_log()
    (file,) = (tmp_path / "a" / "b").iterdir()
    assert file.name.startswith("events.out.tfevents.")
    ((step, value, _),) = read(tmp_path / "a" / "b")["raw/mse"]  # before it is closed
    assert (step, value) == (0, 9.0)


def test_the_formula_and_the_spec_are_texts(make, train, tmp_path):
    manager = make(TensorBoardWriter(tmp_path))
    train(manager, range(2))
    board = EventAccumulator(str(tmp_path)).Reload()
    texts = {
        tag: board.Tensors(tag)[0].tensor_proto.string_val[0].decode()
        for tag in board.summary_metadata
        if board.summary_metadata[tag].plugin_data.plugin_name == "text"
    }
    assert texts["lossspec/formula"] == f"```\n{unicode(manager.spec)}\n```\n"
    assert manager.spec.digest in texts["lossspec/spec"]
    assert "[losses.l1]\ntype = " in texts["lossspec/spec"]


def test_losses_registered_in_code_have_scalars_only(tmp_path):
    with LossManager(writers=[TensorBoardWriter(str(tmp_path))]) as manager:
        manager.register_loss_fn("a", lambda x: x)
        for value in (math.nan, -math.inf, 0.1):
            manager.compute_loss("a", torch.tensor(value))
            manager.step()
    (_, first, _), (_, second, _), (_, third, _) = read(tmp_path)["raw/a"]
    assert math.isnan(first)
    assert (second, third) == (-math.inf, np.float32(0.1).item())
    assert EventAccumulator(str(tmp_path)).Reload().Tags()["tensors"] == []


def test_a_resumed_run_continues_the_curves(make, train, tmp_path):
    """The first process dies at step 8, its checkpoint is of step 3; a second one replaces it."""
    run, live = tmp_path / "run", tmp_path / "live"
    first = make(TensorBoardWriter(live), experiment_dir=run)
    train(first, range(3), ends=False)
    state = first.state_dict()
    train(first, range(3, 8))
    again = make(TensorBoardWriter(live), experiment_dir=run)
    again.load_state_dict(state)
    train(again, range(3, 12))
    assert len(list(live.iterdir())) == 2
    found = read(live)
    assert [(step, value) for step, value, _ in found["raw/l1"]] == [(s, s + 1.0) for s in range(12)]
    assert [step for step, *_ in found["total/G"]] == list(range(12))
    assert [step for step, *_ in found["unseen/raw/l1"]] == [3, 6, 9, 12]
    train(make(TensorBoardWriter(tmp_path / "whole")), range(12))
    whole = read(tmp_path / "whole")
    assert {tag: [event[:2] for event in events] for tag, events in found.items()} == {
        tag: [event[:2] for event in events] for tag, events in whole.items()
    }


def test_a_full_disk_leaves_a_readable_file(tmp_path):
    def flush(value):
        manager.compute_loss("a", torch.tensor(value))
        manager.step()
        manager.update_loss_log()

    with LossManager(writers=[TensorBoardWriter(tmp_path)]) as manager:
        manager.register_loss_fn("a", lambda x: x)
        flush(1.0)
        (file,) = tmp_path.iterdir()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 10, limits[1]))
        try:
            with pytest.warns(RuntimeWarning, match="TensorBoardWriter failed: OSError: .*File too large"):
                flush(2.0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        flush(3.0)
    assert [(step, value) for step, value, _ in read(tmp_path)["raw/a"]] == [(0, 1.0), (2, 3.0)]


def test_without_tensorboard_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    with pytest.raises(MissingExtraError, match=r'pip install "lossspec\[tensorboard\]"'):
        TensorBoardWriter(tmp_path)


def test_a_tilde_is_the_home_folder(make, train, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    train(make(TensorBoardWriter("~/events")), range(1))
    assert len(list(Path(tmp_path, "events").iterdir())) == 1
