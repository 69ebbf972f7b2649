import json
import math
import os
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossspec import LossManager, read_log
from lossspec.errors import LogError, NonFiniteError
from lossspec.log.format import chunk_line, numbers
from lossspec.log.reading.columns import COLUMNS
from lossspec.log.rows import WIDTH

ZERO = torch.tensor(0.0)


def run(manager, values, name="a"):
    for value in values:
        manager.compute_loss_xy(name, torch.tensor(value), ZERO)
        manager.step()


def plain(folder, **options):
    manager = LossManager(experiment_dir=folder, **options)
    manager.register_loss_fn("a", lambda x, y: x - y, 2.0)
    return manager


def records(folder):
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    lines = (folder / "loss_log.jsonl").read_text().splitlines()
    return [json.loads(line, parse_constant=refuse) for line in lines]


def test_the_file_is_a_header_and_chunks_of_columns(tmp_path, monkeypatch):
    seconds = iter(range(1000, 2000))
    monkeypatch.setattr("lossspec.manager.record.host.time", lambda: next(seconds))
    manager = LossManager.from_spec("pix2pix", experiment_dir=tmp_path, device="cpu")
    pred, image = torch.zeros(1, 1, 2, 2), torch.ones(1, 3, 4, 4)
    for epoch in range(2):
        manager.set_progress(epoch=epoch)
        for _ in range(2):
            manager.objective("G")(y_fake=image, y=image * epoch, pred_fake=pred)
            manager.step()
        manager.update_loss_log()
    header, first, second = records(tmp_path)
    assert header["time"] <= first["time"] <= second["time"]
    assert {key: header[key] for key in ("record", "format", "spec", "digest", "device", "ranks")} == {
        "record": "header",
        "format": 1,
        "spec": "pix2pix",
        "digest": manager.spec.digest,
        "device": "cpu",
        "ranks": 1,
    }
    assert header["params"] == {"lambda_gan": 1.0, "lambda_l1": 100.0}
    assert header["losses"]["G_L1"] == {"objective": "G", "tags": ["G", "pixel"]}
    assert header["versions"].keys() == {"lossspec", "torch", "python"}
    written = first.pop("time")
    for columns in (*first["losses"].values(), first["totals"]["training"]["G"]):
        assert [round(written - age, 3) for age in columns.pop("age")] == [1000.0, 1001.0]
    assert first == {
        "record": "chunk",
        "chunk": 0,
        "ranks": 1,
        "losses": {
            "G_GAN": {
                "rows": 2,
                "raw": 0.693147182,
                "term_weight": 1,
                "objective_weight": 1,
                "weighted": 0.693147182,
                "epoch": 0,
                "step": [0, 1],
                "batch_size": 1,
            },
            "G_L1": {
                "rows": 2,
                "raw": 1,
                "term_weight": 100,
                "objective_weight": 1,
                "weighted": 100,
                "epoch": 0,
                "step": [0, 1],
                "batch_size": 1,
            },
        },
        "validation": {},
        "totals": {
            "training": {
                "G": {
                    "rows": 2,
                    "raw": 100.693146,
                    "term_weight": 1,
                    "objective_weight": 1,
                    "weighted": 100.693146,
                    "epoch": 0,
                    "step": [0, 1],
                    "batch_size": 1,
                }
            }
        },
    }
    assert (second["chunk"], second["losses"]["G_L1"]["epoch"], second["losses"]["G_L1"]["step"]) == (
        1,
        1,
        [2, 3],
    )


@given(
    st.lists(
        st.tuples(
            st.floats(width=32),
            st.floats(allow_nan=False, allow_infinity=False, width=32),
            st.sampled_from([1.0, 0.5, -2.25]),
            st.one_of(st.integers(0, 10**6), st.floats(0, 1e6)),
            st.integers(0, 2**53),
        ),
        min_size=1,
    )
)
def test_written_specs_are_read_back(rows):
    from array import array

    flat = array("d", [value for row in rows for value in (*row, 1.0, 60.0)])
    text = chunk_line(3, 60.0, {"losses": {"a": flat}, "validation": {}}, {}, {"more": "ü"})
    assert text.endswith(b"\n")
    assert text.count(b"\n") == 1
    found = json.loads(text, parse_constant=pytest.fail)
    columns = found["losses"]["a"]
    read = {
        name: list(array(COLUMNS[name], numbers(column, len(rows))))
        for name, column in columns.items()
        if name in COLUMNS
    }
    expected = [flat[index::WIDTH] for index in range(5)]
    for name, values in zip(
        ["raw", "term_weight", "objective_weight", "epoch", "step"], expected, strict=True
    ):
        assert all(same(x, y) for x, y in zip(read[name], values, strict=True)), name


def same(x, y):
    return x == y or (math.isnan(x) and math.isnan(y))


def test_a_flush_is_one_write_however_many_losses(tmp_path, monkeypatch):
    manager = plain(tmp_path)
    for index in range(20):
        manager.register_loss_fn(f"l{index}", torch.nn.L1Loss())
        run(manager, [1.0, 2.0], f"l{index}")
    writes, syncs = [], []
    real = os.write
    monkeypatch.setattr(os, "write", lambda to, data: writes.append(len(data)) or real(to, data))
    monkeypatch.setattr(os, "fsync", syncs.append)
    manager.update_loss_log()
    manager.update_loss_log()  # nothing new: nothing written
    assert len(writes) == 1
    assert syncs == []


def test_durable_synchronises_each_write(tmp_path, monkeypatch):
    syncs = []
    monkeypatch.setattr(os, "fsync", syncs.append)
    manager = plain(tmp_path, durable=True)
    for value in (1.0, 2.0):
        run(manager, [value])
        manager.update_loss_log()
    assert len(syncs) == 3  # the folder has a new entry, then two writes


def test_the_first_flush_writes_the_header(tmp_path):
    manager = plain(tmp_path)
    run(manager, [1.0])
    manager.update_loss_log()
    assert [record["record"] for record in records(tmp_path)] == ["header", "chunk"]


def test_export_base_log_writes_one_header(tmp_path):
    manager = plain(tmp_path)
    manager.export_base_log()
    manager.export_base_log()
    assert [record["record"] for record in records(tmp_path)] == ["header"]
    run(manager, [1.0])
    manager.update_loss_log()
    before = (tmp_path / "loss_log.jsonl").read_bytes()
    manager.export_base_log()
    manager.close()
    again = plain(tmp_path)
    again.export_base_log()
    assert (tmp_path / "loss_log.jsonl").read_bytes() == before


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_full_buffer_is_written_unasked(tmp_path, size):
    manager = plain(tmp_path, history_buffer_size=size)
    run(manager, range(size * 3 + size // 2))
    log = read_log(tmp_path)
    assert list(log.losses["a"].raw) == [float(value) for value in range(size * 3)]
    manager.update_loss_log()
    assert list(read_log(tmp_path).losses["a"].raw) == [float(value) for value in range(size * 3 + size // 2)]


def test_without_a_folder_the_newest_values_stay_in_memory():
    manager = LossManager(history_buffer_size=10)
    manager.register_loss_fn("a", lambda x, y: x - y, 2.0)
    run(manager, range(500))
    history = manager.get_registered_losses(strip=False)["a"].history
    assert list(history.raw) == [float(value) for value in range(490, 500)]
    assert manager.update_loss_log(silent=False, capture=True).startswith("0 values written to no file in ")
    assert len(history) == 10
    with pytest.raises(LogError) as raised:
        manager.export_base_log()
    assert str(raised.value) == "the manager has no folder to log to: make it with `experiment_dir=...`"


def test_without_logging_there_is_only_the_latest_value(tmp_path):
    folder = tmp_path / "run"
    manager = plain(folder, enable_logging=False)
    run(manager, range(1000))
    manager.export_base_log()
    manager.update_loss_log()
    history = manager.get_registered_losses(strip=False)["a"].history
    assert (list(history.raw), list(history.losses), list(history.weights)) == ([999.0], [1998.0], [2.0])
    assert len(history.flat) < 1000
    assert manager.get_loss_values() == {"a": 1998.0}
    assert not folder.exists()


def test_update_loss_log_says_what_it_did_if_asked(tmp_path, capsys):
    manager = plain(tmp_path)
    run(manager, [1.0, 2.0])
    assert manager.update_loss_log(silent=True, capture=True) is None
    run(manager, [1.0, 2.0, 3.0])
    text = manager.update_loss_log(silent=False, capture=True)
    assert re.fullmatch(rf"3 values written to `{tmp_path}/loss_log.jsonl` in \d+\.\d{{3}} s", text)
    assert capsys.readouterr().out == ""
    assert manager.update_loss_log(silent=False) is None
    assert capsys.readouterr().out.startswith("0 values written to ")


def test_validation_values_go_under_their_own_key(tmp_path):
    manager = plain(tmp_path)
    run(manager, [1.0, 2.0])
    with manager.validating():
        manager.register_loss_fn("late", torch.nn.L1Loss())
        manager.compute_loss_xy("a", torch.tensor(50.0), ZERO)
        manager.compute_loss_xy("late", torch.tensor(60.0), ZERO)
        assert manager.get_loss_values() == {"a": 100.0, "late": 60.0}
        with pytest.raises(Exception, match=r"`validating\(\)` is already active"), manager.validating():
            pass
    assert manager.get_loss_values()["a"] == 4.0
    run(manager, [3.0])
    manager.update_loss_log()
    log = read_log(tmp_path)
    assert {name: list(columns.raw) for name, columns in log.losses.items()} == {"a": [1.0, 2.0, 3.0]}
    assert {name: list(columns.raw) for name, columns in log.validation.items()} == {
        "a": [50.0],
        "late": [60.0],
    }


def test_validating_ends_with_the_block_even_on_an_error(tmp_path):
    manager = plain(tmp_path)
    with pytest.raises(ZeroDivisionError), manager.validating():
        raise ZeroDivisionError
    run(manager, [1.0])
    manager.update_loss_log()
    assert list(read_log(tmp_path).losses) == ["a"]


def test_the_context_manager_writes_and_closes(tmp_path):
    with plain(tmp_path) as manager:
        run(manager, [1.0])
    assert list(read_log(tmp_path).losses["a"].raw) == [1.0]
    with plain(tmp_path):  # the lock is free again
        pass


def test_the_error_that_ends_the_block_stays_the_news(tmp_path):
    def train():
        with plain(tmp_path, on_nonfinite="raise") as manager:
            run(manager, [float("nan")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        train()
    assert raised.value.__notes__ == [
        "and the loss log: `a` is nan in training (1 of 1 values, first at epoch 0, step 0)"
    ]
    assert len(read_log(tmp_path).losses["a"]) == 1


@pytest.mark.parametrize(
    ("on_nonfinite", "outcome"), [("record", None), ("warn", RuntimeWarning), ("raise", NonFiniteError)]
)
def test_non_finite_values_are_logged_and_raise_on_request(tmp_path, on_nonfinite, outcome):
    manager = plain(tmp_path, on_nonfinite=on_nonfinite)
    manager.register_loss_fn("b", torch.nn.L1Loss())
    run(manager, [1.0, 2.0], "b")
    manager.set_progress(epoch=3)
    run(manager, [1.0, math.inf, math.nan, -math.inf, 5.0])
    if outcome is None:
        manager.update_loss_log()
    else:
        context = pytest.warns if outcome is RuntimeWarning else pytest.raises
        with context(outcome, match=r"^`a` is inf in training \(3 of 5 values, first at epoch 3, step 3\)$"):
            manager.update_loss_log()
    text = (tmp_path / "loss_log.jsonl").read_text()
    assert '"raw":[1,"Infinity","NaN","-Infinity",5]' in text
    records(tmp_path)
    raw = list(read_log(tmp_path).losses["a"].raw)
    assert (raw[0], raw[1], raw[3], raw[4]) == (1.0, math.inf, -math.inf, 5.0)
    assert math.isnan(raw[2])
    run(manager, [1.0])
    manager.update_loss_log()  # warned once


def test_a_folder_has_one_manager_at_a_time(tmp_path):
    manager = plain(tmp_path)
    run(manager, [1.0])
    with pytest.raises(LogError) as raised:
        plain(tmp_path)
    assert str(raised.value) == (
        f"`{tmp_path}/loss_log.jsonl` is open in another LossManager: give each run its own folder, "
        "or `close()` the other one; if it is lost, as in a notebook, pass `take_over=True` to this one"
    )
    manager.update_loss_log()
    assert len(read_log(tmp_path).losses["a"]) == 1
    manager.close()
    second = plain(tmp_path)
    del second  # without a cycle that would keep the file open
    plain(tmp_path).close()


def test_the_folder_of_a_lost_manager_is_taken_over(tmp_path):
    lost = plain(tmp_path)
    run(lost, [1.0])
    lost.update_loss_log()
    run(lost, [2.0])
    manager = plain(tmp_path, take_over=True)
    manager.set_progress(step=1)
    run(manager, [3.0])
    manager.update_loss_log()
    assert read_log(tmp_path).losses["a"].raw.tolist() == [1.0, 3.0]
    with pytest.raises(LogError, match="is open in another LossManager"):
        lost.update_loss_log()


def test_an_objective_kept_does_not_keep_the_file(tmp_path):
    manager = LossManager.from_spec("pix2pix", experiment_dir=tmp_path)
    objective = manager.objective("D")
    del manager
    LossManager(experiment_dir=tmp_path).close()
    pred = torch.zeros(1, 1, 2, 2)
    assert objective(pred_real=pred, pred_fake=pred).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("kind", ["a file", "below a file"])
def test_an_unwritable_folder_is_named_and_nothing_is_made(tmp_path, kind):
    (tmp_path / "taken").write_text("")
    folder = tmp_path / "taken" if kind == "a file" else tmp_path / "taken" / "run"
    with pytest.raises(LogError) as raised:
        LossManager.from_spec("pix2pix", experiment_dir=folder)
    assert str(raised.value).startswith(f"cannot write a loss log in `{folder}`: ")


def test_the_log_of_another_spec_is_refused_and_stays(tmp_path):
    with LossManager.from_spec("pix2pix", experiment_dir=tmp_path) as manager:
        pred = torch.zeros(1, 1, 2, 2)
        manager.objective("D")(pred_real=pred, pred_fake=pred)
        digest = manager.spec.digest
    before = (tmp_path / "loss_log.jsonl").read_bytes()
    with pytest.raises(LogError) as raised:
        LossManager.from_spec("pix2pix+extended", experiment_dir=tmp_path)
    assert re.fullmatch(
        rf"`.*loss_log.jsonl` is the log of another spec: expected digest [0-9a-f]{{64}}, "
        rf"got {digest} \(`pix2pix`\); give each run its own folder",
        str(raised.value),
    )
    assert (tmp_path / "loss_log.jsonl").read_bytes() == before
    with LossManager.from_spec("pix2pix", experiment_dir=tmp_path):
        pass


def test_a_file_that_is_not_a_log_is_refused_and_stays(tmp_path):
    path = tmp_path / "loss_log.jsonl"
    path.write_text("epoch,loss\n1,2\n")
    with pytest.raises(LogError, match="is not a loss log of lossspec: it has the line 'epoch,loss"):
        LossManager.from_spec("pix2pix", experiment_dir=tmp_path)
    assert path.read_text() == "epoch,loss\n1,2\n"


def test_a_file_system_without_locks_is_written_all_the_same(tmp_path, monkeypatch):
    import errno
    import fcntl

    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with plain(tmp_path) as manager:
        run(manager, [1.0])
    assert len(read_log(tmp_path).losses["a"]) == 1


def test_closing_writes_what_was_recorded(tmp_path):
    manager = plain(tmp_path)
    run(manager, [1.0, 2.0])
    manager.close()
    manager.close()
    assert read_log(tmp_path).losses["a"].raw.tolist() == [1.0, 2.0]
    plain(tmp_path).close()
