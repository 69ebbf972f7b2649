"""Hostile text goes through every command and format, and controls neither terminal, page nor CI service."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from lossspec import cli
from lossspec.cli import commands

HOSTILE = (
    "\x1b]0;t\x07\x1b[2J\x9b2J\x7f\u202e\u2066\U000e0041<script>x()</script>![i](http://e.vil/x)\n"
    "# head\n::error::x\n##[add-mask]x\n```\n%0A$x$"
)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")
SPEC = """
format = 1
description = TEXT
references = [TEXT]
params.p = { default = 1.0, description = TEXT }
inputs.x = TEXT
inputs.y = TEXT
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = "${p}"
[variants.v]
description = TEXT
losses.a.weight = 2.0
"""
#: The calls of each command that prints what a spec, a log or a file name holds.
CALLS = {
    "describe": [["{spec}"]],
    "diff": [["{spec}", "{spec}+v"], ["{spec}", "{spec}+v", "--format", "json"]],
    "export": [["{spec}", "--to", "python"]],
    "list": [["specs"], ["specs", "--paths"]],
    "log": [["show", "{log}"], ["show", "{log}", "--format", "json"]]
    + [["export", "{log}", "--format", each] for each in ("json", "csv", "nectargan")],
    "new": [["{name}/x"]],
    "plot": [["{spec}"], ["{spec}", "--color", "always"]],
    "import": [["{name}.yml"]],
    "report": [["{log}"]],
    "show": [["{spec}", "--format", each] for each in ("toml", "json", "unicode", "latex", "markdown")],
    "table": [["{spec}", "--format", each] for each in ("text", "csv", "json")],
    "validate": [
        [each, "--format", form]
        for each in ("{spec}", "{bad}")
        for form in ("full", "concise", "json", "github", "gitlab", "junit", "sarif")
    ]
    + [["{bad}", "--fix"], ["{bad}", "--color", "always"], ["{name}.loss.toml"]],
}
#: Commands that print nothing of a spec: their own text, the schema, a protocol of JSON, or numbers of a run.
OWN_TEXT = {"explain", "schema", "lsp", "probe"}


def toml(text):
    """Return a TOML string; TOML has escapes for what it may not hold."""
    return '"' + "".join(f"\\U{ord(each):08x}" for each in text) + '"'


@pytest.fixture
def places(tmp_path, monkeypatch):
    folder = tmp_path / "a\x1b[2J\u202e\n::error::b"
    (folder / "specs").mkdir(parents=True)
    monkeypatch.chdir(folder)
    text = SPEC.replace("TEXT", toml(HOSTILE))
    (folder / "specs/s.loss.toml").write_text(text)
    bad = folder / "specs/b\x1b[2J\n::error::b.loss.toml"
    bad.write_text(text.replace("weight =", "wieght =", 1).replace('"x", "y"', '"x", ' + toml(HOSTILE)))
    header = {"format": 3, "spec": HOSTILE, "digest": HOSTILE, "losses": {}}
    log = folder / "loss_log.jsonl"
    log.write_text(json.dumps(header) + "\n")
    spec = folder / "specs/s.loss.toml"
    return {"spec": str(spec), "bad": str(bad), "log": str(log), "name": "n\x1b\n::e::f"}


def test_each_command_is_in_the_table():
    assert CALLS.keys() | OWN_TEXT == set(cli._COMMANDS)
    for name in ("show", "table", "validate", "diff"):
        command = commands.get_command(None, name)
        formats = next(each for each in command.params if each.name == "format_").type.choices
        tried = {each for call in CALLS[name] for each in call}
        assert set(formats) - tried <= {"text"}


EACH = [(name, call) for name, calls in CALLS.items() for call in calls]


@pytest.mark.parametrize(("command", "call"), EACH)
def test_nothing_of_it_controls_anything(command, call, places):
    arguments = [each.format(**places) for each in call]
    found = CliRunner().invoke(commands, [command, *arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit | cli.LossSpecError)
    shown = found.output
    if "always" in call:
        shown = re.sub(r"\x1b\[(0|1|(1;)?3[1-6]|38;5;\d+)m", "", shown)
    assert not CONTROLS.search(shown), shown
    is_github = "github" in call
    for line in shown.splitlines():
        assert is_github or not re.match(r"\s*::\w", line), line
        assert is_github or "##[" not in line, line
    if is_github:
        assert all(each.startswith(("::error ", "::warning ", "1 spec")) for each in shown.splitlines())
    if "markdown" in call:
        assert not re.search(r"(?<!\\)<script|(?<!\\)!?(?<!\\)\[i|^# head|^```", shown, re.MULTILINE)
    if "junit" in call:
        ET.fromstring(found.stdout)
    if "json" in call and found.exit_code == 0:
        json.loads(found.stdout)
