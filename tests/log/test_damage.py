"""Logs of any wrong shape: an error or a warning that says what and where, never an error of Python."""

import json
import warnings

import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.mutation import changed, places

from lossspec import LossManager, read_log
from lossspec.cli.log import log_command
from lossspec.cli.report import report_command
from lossspec.errors import LossSpecError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=3),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=2), each, max_size=2),
    max_leaves=3,
)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """The lines of a log with sections, totals and a resume."""
    folder = tmp_path_factory.mktemp("run")
    for epoch in range(2):
        with LossManager.from_spec("pix2pix", experiment_dir=folder, device="cpu") as manager:
            objective = manager.objective("D")
            manager.set_progress(epoch=epoch)
            logits = torch.zeros(1, 1, 2, 2)
            objective(pred_real=logits, pred_fake=logits)
            with manager.validating("seen"):
                objective(pred_real=logits, pred_fake=logits + epoch)
    return (folder / "loss_log.jsonl").read_text().splitlines()


@given(st.data())
def test_a_member_of_another_shape(records, tmp_path_factory, data):
    lines = list(records)
    number = data.draw(st.integers(0, len(lines) - 1), label="line")
    record = json.loads(lines[number])
    at = data.draw(st.sampled_from([*places(record)]), label="member")
    lines[number] = json.dumps(changed(record, at, data.draw(VALUES, label="value")))
    use("\n".join([*lines, ""]).encode(errors="surrogatepass"), tmp_path_factory)


@given(st.data())
def test_a_file_with_other_bytes(records, tmp_path_factory, data):
    text = bytearray("\n".join([*records, ""]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=5))
    use(bytes(text), tmp_path_factory)


def use(text, tmp_path_factory):
    """Read a log with every command that reads one."""
    path = tmp_path_factory.mktemp("damaged") / "loss_log.jsonl"
    path.write_bytes(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            read_log(path)
        except LossSpecError as error:
            refused = str(error)
        else:
            refused = ""
        assert not refused or str(path) in refused
        if refused:
            return
        for command, arguments in (
            (log_command, ["show", path]),
            (log_command, ["show", path, "--format", "json"]),
            (log_command, ["export", path, "--to", "csv", "-o", path.with_name("a.csv")]),
            (log_command, ["export", path, "--to", "json", "-o", path.with_name("a.json")]),
            (report_command, [path, "-o", path.with_name("a.html")]),
        ):
            found = CliRunner().invoke(command, [str(each) for each in arguments])
            if found.exception and not isinstance(found.exception, LossSpecError | SystemExit):
                raise found.exception
