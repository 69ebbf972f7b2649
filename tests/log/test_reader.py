import json
from contextlib import nullcontext

import pytest
import torch

from lossspec import LossManager, read_log
from lossspec.errors import LogError, UnknownNameError

ZERO = torch.tensor(0.0)


def write(folder, *flushes):
    with LossManager(experiment_dir=folder) as manager:
        manager.register_loss_fn("a", lambda x, y: x - y, 2.0)
        for epoch, values in flushes:
            manager.set_progress(epoch=epoch)
            for value in values:
                manager.compute_loss_xy("a", torch.tensor(value), ZERO)
                manager.step()
            manager.update_loss_log()
    return folder / "loss_log.jsonl"


def test_arrays_by_loss(tmp_path):
    write(tmp_path, (0, [1.0, 2.0]), (1, [3.0]))
    for path in (tmp_path, tmp_path / "loss_log.jsonl", str(tmp_path)):
        log = read_log(path)
        columns = log.losses["a"]
        assert len(columns) == 3
        assert (columns.raw.tolist(), columns.weighted.tolist()) == ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
        assert (columns.term_weight.tolist(), columns.objective_weight.tolist()) == ([2.0] * 3, [1.0] * 3)
        assert (columns.epoch.tolist(), columns.step.tolist()) == ([0.0, 0.0, 1.0], [0, 1, 2])
        assert log.header["digest"] is None
        assert (log.validation, log.lost, log.resumes) == ({}, {}, [])


def test_a_torn_last_line_is_dropped_wherever_it_is_torn(tmp_path):
    path = write(tmp_path, (0, [1.0, 2.0]), (1, [3.0]))
    data = path.read_bytes()
    ends = [index + 1 for index, byte in enumerate(data) if byte == ord("\n")]
    for cut in range(ends[0], len(data)):
        path.write_bytes(data[:cut])
        log = read_log(path)
        rows = 0 if cut < ends[1] else 2
        assert len(log.losses["a"]) == rows if rows else log.losses == {}


def test_a_resumed_run_drops_a_torn_line_and_notes_where(tmp_path):
    path = write(tmp_path, (0, [1.0, 2.0]), (1, [3.0, 4.0]))
    whole = path.read_bytes()
    for torn in (whole[:-5], whole + b'{"record":"chu', whole + b"\x00" * 70_000):
        path.write_bytes(torn)
        with pytest.warns(RuntimeWarning, match="from epoch 1") if torn.startswith(whole) else nullcontext():
            write(tmp_path, (1, [30.0]))
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert lines[-2]["record"] == "resume"
        assert lines[-2]["after"] == {"epoch": 1, "step": 0}
        log = read_log(path)
        assert log.losses["a"].raw.tolist() == [1.0, 2.0, 30.0]
        assert log.resumes == [(1.0, 0)]


def test_a_restarted_run_supersedes_the_one_before(tmp_path):
    path = write(tmp_path, (0, [1.0, 2.0]), (1, [3.0]))
    with pytest.warns(RuntimeWarning) as caught:
        write(tmp_path, (0, [10.0]))
    assert [str(each.message) for each in caught] == [
        (
            f"`{path}` already has values from epoch 0, step 0 on, which those of this run supersede: "
            "give each run its own folder, or load the checkpoint of the previous run"
        )
    ]
    with pytest.warns(RuntimeWarning, match="from epoch 0, step 0 on"):
        write(tmp_path, (0, [100.0]), (1, [200.0]))
    log = read_log(path)
    assert log.losses["a"].raw.tolist() == [100.0, 200.0]
    assert log.resumes == [(0.0, 0)]
    numbers = [json.loads(line).get("chunk") for line in path.read_text().splitlines()]
    assert numbers == [None, 0, 1, 2, 2, 3, 3, 4]


def test_a_run_taken_up_at_an_epoch_keeps_the_epochs_before(tmp_path):
    write(tmp_path, (0, [1.0]), (1, [2.0]), (2, [3.0]))
    with pytest.warns(RuntimeWarning, match="already has values from epoch 2, step 0 on"):
        write(tmp_path, (2, [30.0]), (3, [40.0]))
    log = read_log(tmp_path)
    assert log.losses["a"].raw.tolist() == [1.0, 2.0, 30.0, 40.0]
    assert log.resumes == [(2.0, 0)]


def test_a_run_resumed_at_the_end_supersedes_nothing(tmp_path):
    write(tmp_path, (0, [1.0]), (1, [2.0]))
    write(tmp_path, (2, [30.0]), (0, [40.0]), (3, [50.0]))
    assert read_log(tmp_path).losses["a"].raw.tolist() == [1.0, 2.0, 30.0, 40.0, 50.0]


def test_a_chunk_that_is_damaged_does_not_stop_a_run(tmp_path):
    path = write(tmp_path, (0, [1.0]))
    path.write_text(path.read_text().replace('"rows":1,', ""))
    write(tmp_path, (0, [2.0]))
    with pytest.warns(RuntimeWarning) as caught:
        log = read_log(tmp_path)
    problem = "`losses.a.rows` must be a whole number of at least 0, got None"
    assert [str(each.message) for each in caught] == [f"{path}:2: {problem}; a damaged line is left out"]
    assert (log.losses["a"].raw.tolist(), log.damaged) == ([2.0], {2: problem})


@pytest.mark.parametrize("section", ["losses", "validation"])
def test_an_unknown_loss_gets_the_nearest_name(tmp_path, section):
    write(tmp_path, (0, [1.0]))
    columns = getattr(read_log(tmp_path), section)
    for error in (KeyError, UnknownNameError):
        with pytest.raises(error) as raised:
            columns["A"]
        known = "a loss with a similar name exists: `a`" if section == "losses" else "there are none"
        assert str(raised.value) == f"unknown loss `A` in the log: {known}"
    assert columns.get("A") is None
    assert "A" not in columns


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            None,
            (
                "the loss log `{path}` is missing: "
                "expected the folder of a run, as in `experiment_dir`, or its loss_log.jsonl"
            ),
        ),
        ("", "`{path}` is empty"),
        ('{"record":"header","format":1', "`{path}` is empty"),
        ('{"record":"header","format":2}\n', "`{path}` must be a loss log in format 1, got format 2"),
        ('{"record":"chunk"}\n', "`{path}` must be a loss log in format 1, got format None"),
        ("1,2,3\n", "`{path}` is not a loss log of lossspec: it has the line '1,2,3\\n'"),
        (b"\xff\xfe\n", "`{path}` is not a loss log of lossspec: it has the line '\ufffd\ufffd\\n'"),
        (
            '{"record":"header","format":1,"losses":{"a":{"tags":1}}}\n',
            "{path}:1: the log is damaged: `losses.a.tags` must be an array of strings",
        ),
        (
            '{"record":"header","format":1,"params":[]}\n',
            "{path}:1: the log is damaged: `params` must be a table, got []",
        ),
    ],
)
def test_a_file_that_is_not_a_log_is_named(tmp_path, text, message):
    path = tmp_path / "loss_log.jsonl"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LogError) as raised:
        read_log(path)
    assert str(raised.value) == message.format(path=path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"step":[0,1]', '"step":[0,1,2]', "`losses.a.step` must hold 2 values, got 3"),
        ('"step":[0,1]', '"step":[0,0.5]', "`losses.a.step` must hold whole numbers, got [0, 0.5]"),
        ('"raw":[1,2]', '"raw":[1,"x"]', "`losses.a.raw` must hold numbers, got [1, 'x']"),
        ('"raw":[1,2]', '"raw":[1,[2]]', "`losses.a.raw` must hold numbers, got [1, [2]]"),
        ('"raw":[1,2],', "", "`losses.a.raw` is missing"),
        ('"losses":{', '"losses":[{', "it is not a record"),
        ('"chunk":0', '"chunk":true', "`chunk` must be a whole number of at least 0, got True"),
        (
            '"rows":2',
            '"rows":2000000000',
            "`losses.a.rows` must be the length of the columns, got 2000000000",
        ),
        ('"ranks"', '"lost":{"a":-1},"ranks"', "`lost.a` must be a whole number of at least 0, got -1"),
        ('"validation":{}', '"sections":7', "`sections` must be a table, got 7"),
    ],
)
def test_a_damaged_line_is_left_out_and_named(tmp_path, old, new, problem):
    path = write(tmp_path, (0, [1.0, 2.0]), (1, [3.0]))
    header, first, last = path.read_text().splitlines()
    assert old in first
    path.write_text("\n".join([header, first.replace(old, new, 1), last, ""]))
    with pytest.warns(RuntimeWarning, match="a damaged line is left out"):
        log = read_log(path)
    assert log.damaged == {2: problem}
    assert log.losses["a"].raw.tolist() == [3.0]


def test_another_digest_is_refused(tmp_path):
    write(tmp_path, (0, [1.0]))
    with pytest.raises(LogError) as raised:
        read_log(tmp_path, digest="abc")
    path = tmp_path / "loss_log.jsonl"
    assert str(raised.value) == f"`{path}` is the log of another spec: expected digest abc, got None"


def test_members_of_later_versions_are_passed_over(tmp_path):
    path = write(tmp_path, (0, [1.0]))
    header, chunk = path.read_text().splitlines()
    path.write_text(f'{header}\n{{"record":"note","text":"hello"}}\n{chunk[:-1]},"new":1}}\n')
    assert read_log(path).losses["a"].raw.tolist() == [1.0]
