"""Logs of any wrong shape: an error or a warning that says what and where, never an error of Python."""

import json
import warnings

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.parts import logs
from tests.mutation import changed, places

from lossspec import read_log
from lossspec.cli.log import log_command
from lossspec.cli.report import report_command
from lossspec.errors import LossSpecError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=3),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=2), each, max_size=2),
    max_leaves=3,
)


@given(st.data())
def test_a_member_of_another_shape(tmp_path_factory, data):
    lines = [*logs.lines()]
    number = data.draw(st.integers(0, len(lines) - 1), label="line")
    record = json.loads(lines[number])
    at = data.draw(st.sampled_from([*places(record)]), label="member")
    lines[number] = json.dumps(changed(record, at, data.draw(VALUES, label="value")))
    use("\n".join([*lines, ""]).encode(errors="surrogatepass"), tmp_path_factory)


@given(st.data())
def test_a_file_with_other_bytes(tmp_path_factory, data):
    text = bytearray("\n".join([*logs.lines(), ""]).encode())
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
