"""``lossspec validate``: what the options print, what they write, and the exit code."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossspec.cli import commands

GOOD = 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["y_hat", "y"] }\n'
BAD = GOOD.replace(" }", ", wieght = 2.0 }")
LINE = "a.loss.toml:2:63: error[unknown-key]: unknown key `wieght` in `losses.l1`\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("LOSSSPEC_PATH", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(*arguments, **more):
    result = CliRunner(**more).invoke(commands, ["validate", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def write(**files):
    for name, text in files.items():
        Path(f"{name}.loss.toml").write_bytes(text.encode())


class TestWhatIsPrinted:
    def test_quiet_prints_problems_only(self):
        write(a=BAD)
        assert run("-q", "--format", "concise") == (1, LINE, "")
        assert run("--quiet", "--fix") == (0, "", "")

    def test_exit_zero(self):
        write(a=BAD)
        assert run("--exit-zero", "--format", "concise") == (0, LINE, "1 spec, 1 problem\n")
        code, _, errors = run("--exit-zero", "missing.loss.toml")
        assert (code, "not found" in errors) == (2, True)  # a wrong call stays one

    def test_output_format_is_another_name(self):
        write(a=BAD)
        assert run("--output-format", "concise") == run("--format", "concise")

    def test_statistics(self):
        two = BAD.replace("losses.l1", "losses.l2").partition("\n")[2].replace("y_hat", "y_hut")
        write(a=BAD + two + 'losses.l3 = { type = "torch.L1Loss", inputs = ["y"] }\n', b=GOOD)
        code, output, errors = run("--statistics")
        assert (code, errors) == (1, "2 specs, 3 problems in 1 of them\n")
        assert [line.split(maxsplit=3) for line in output.splitlines()] == [
            ["count", "fixable", "code", "what it is"],
            ["2", "2", "unknown-key", "an unknown key"],
            ["1", "0", "input-count", "too many or too few inputs"],
        ]
        assert json.loads(run("--statistics", "--format", "json")[1]) == [
            {"code": "unknown-key", "severity": "error", "count": 2, "fixable": 2},
            {"code": "input-count", "severity": "error", "count": 1, "fixable": 0},
        ]

    def test_statistics_of_nothing(self):
        write(a=GOOD)
        assert run("--statistics") == (0, "", "1 spec, no problems\n")
        assert run("--statistics", "--format", "json")[1] == "[]\n"


class TestColour:
    @pytest.mark.parametrize(
        ("variables", "arguments", "expected"),
        [
            ({}, [], False),
            ({"FORCE_COLOR": "1"}, [], True),
            ({"FORCE_COLOR": ""}, [], False),
            ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
            ({"NO_COLOR": "1"}, ["--color", "always"], True),
            ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
            ({"FORCE_COLOR": "1"}, ["--color", "auto"], True),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("is_before", [True, False])
    def test_the_option_then_the_variables(self, monkeypatch, variables, arguments, expected, is_before):
        write(a=BAD)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        words = [*arguments, "validate"] if is_before else ["validate", *arguments]
        output = CliRunner().invoke(commands, words).stdout
        assert ("\x1b[1;31merror" in output) == ("\x1b" in output) == expected

    @pytest.mark.parametrize("words", ["diff pix2pix pix2pix+lsgan", "plot pix2pix"])
    def test_other_commands_with_colours(self, words):
        colored = CliRunner().invoke(commands, [*words.split(), "--color", "always"]).stdout
        plain = CliRunner().invoke(commands, ["--color", "never", *words.split()]).stdout
        assert "\x1b[" in colored
        assert "\x1b[" not in plain


FILES = {
    "plain": BAD,
    "no_line_end": BAD.removesuffix("\n"),
    "windows": BAD.replace("\n", "\r\n"),
    "marked": "\ufeff" + BAD,
    "one_left": BAD + "losses.l2 = { type = 'torch.MSELoss', inputs = ['y'] }\n",
    "in_rounds": '[loses.a]\ntype = "torch.nn.L1Loss"\ninputs = ["x", "y"]\nloss_weight = .5\n',
    "good": GOOD,
}


class TestDiff:
    def test_it_writes_nothing_and_applies(self):
        """What ``git apply`` makes of the diff is what ``--fix`` writes."""
        write(**FILES)
        before = {path.name: path.read_bytes() for path in Path().iterdir()}
        result = subprocess.run(
            [sys.executable, "-m", "lossspec", "validate", "--fix", "--diff"],
            capture_output=True,
            check=False,
        )
        assert result.returncode == 1
        assert result.stderr == b"9 fixes in 6 files, 2 problems left\n"
        assert {path.name: path.read_bytes() for path in Path().iterdir()} == before
        run("--fix")
        fixed = {path.name: path.read_bytes() for path in Path().iterdir()}
        for name, content in before.items():
            Path(name).write_bytes(content)
        subprocess.run(["git", "apply", "-p0", "-"], input=result.stdout, check=True)
        assert {path.name: path.read_bytes() for path in Path().iterdir()} == fixed != before

    def test_nothing_to_do(self):
        write(a=GOOD)
        assert run("--fix", "--diff") == (0, "", "no fixes in no files, no problems left\n")

    def test_problems_that_are_left_are_counted(self):
        write(a=GOOD.replace('"y_hat", ', ""))
        assert run("--fix", "--diff") == (1, "", "no fixes in no files, 1 problem left\n")
        assert run("--fix", "--diff", "--exit-zero", "-q") == (0, "", "")

    def test_a_terminal_gets_colours_and_no_control_characters(self):
        write(a=BAD.replace("}\n", "} # \u202e\n"))
        _, output, _ = run("--fix", "--diff", "--color", "always")
        assert [line for line in output.splitlines() if "wieght" in line or "weight" in line] == [
            "\x1b[31m-" + BAD.splitlines()[1] + " # \\u202e\x1b[0m",
            "\x1b[32m+" + BAD.splitlines()[1].replace("wieght", "weight") + " # \\u202e\x1b[0m",
        ]

    def test_variants_and_catalogues(self):
        write(a=BAD + "variants.v.losses.l1.weight = 2.0\n")
        assert "+losses.l1 =" in run("a.loss.toml+v", "--fix", "--diff")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--diff", "--diff goes with --fix"),
        ("--fix --diff --format json", "--diff prints a diff"),
        ("--fix --diff --statistics", "--diff prints a diff"),
        ("--statistics --format sarif", "--statistics goes with --format full, concise, json"),
        ("--watch --format junit", "--watch goes with --format full or concise"),
        ("--watch -", "--watch needs files"),
        ("--fix --diff pix2pix", "--fix needs paths of files"),
    ],
)
def test_options_that_contradict_each_other(arguments, message):
    write(a=BAD)
    code, output, errors = run(*arguments.split())
    assert (code, output) == (2, "")
    assert message in errors


@pytest.mark.slow
def test_watch_repeats_until_it_is_interrupted(folder):
    write(a=GOOD)
    program = subprocess.Popen(
        [sys.executable, "-m", "lossspec", "validate", "--watch", "--format", "concise"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    guard = threading.Timer(60, program.kill)
    guard.start()
    try:
        read = program.stdout.readline
        wait = "watching for changes; Ctrl+C ends\n"
        assert [read(), read()] == ["1 spec, no problems\n", wait]
        write(a=BAD)
        assert [read(), read(), read()] == [LINE, "1 spec, 1 problem\n", wait]
        Path("a.loss.toml").unlink()
        assert [read(), read()] == ["error: no file under `.` ends in `.loss.toml`\n", wait]
        Path("notes.txt").write_text("not a spec")
        write(b=GOOD)
        assert [read(), read()] == ["1 spec, no problems\n", wait]
        program.send_signal(signal.SIGINT)
        assert (program.wait(30), read()) == (0, "")
    finally:
        program.kill()
        guard.cancel()
        program.stdout.close()


def test_what_is_watched(folder, monkeypatch):
    from lossspec.cli.validating.watching import _folders

    for name in ("one/inner", "two", "specs", "mine"):
        (folder / name).mkdir(parents=True)
    (folder / "two" / "a.loss.toml").write_text(GOOD)
    monkeypatch.setenv("LOSSSPEC_PATH", "mine" + os.pathsep + "missing")
    found = [
        path.relative_to(folder).as_posix() for path in _folders(["one", "one/inner", "two/a.loss.toml"])
    ]
    assert found == ["mine", "one", "specs", "two"]
    assert [path.name for path in _folders([])] == [folder.name]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("validat", "unknown command `validat`: a command with a similar name exists: `validate`"),
        ("ini", "unknown command `ini`: a command with a similar name exists: `init`"),
        ("colour", "unknown command `colour`: expected one of `describe`, `diff`"),
        ("log shwo", "unknown command `shwo`: a command with a similar name exists: `show`"),
    ],
)
def test_a_misspelt_command_gets_a_suggestion(word, message):
    result = CliRunner().invoke(commands, [*word.split(), "--fix"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_init_is_new(folder):
    assert CliRunner().invoke(commands, ["init", "mine"]).exit_code == 0
    assert run("mine.loss.toml")[0] == 0
