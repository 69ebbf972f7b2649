"""Hostile text goes through every command and format, and controls neither terminal, page nor CI service."""

import csv
import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch
from tests.output import CONTROLS, check_output

from lossspec import LossManager, cli
from lossspec.cli import commands

HOSTILE = (
    "\x1b]0;t\x07\x1b[2J\x9b2J\x7f\u202e\u2066\U000e0041<script>x()</script>![i](http://e.vil/x)\n"
    "# head\n::error::x\n##[add-mask]x\n```\n%0A$x$"
)
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
    + [["export", "{log}", "--format", each] for each in ("json", "csv", "nectargan")]
    + [["show", "{broken}"], ["show", "{name}"], ["{name}"]],
    "new": [["{name}/x"]],
    "plot": [["{spec}"], ["{spec}", "--color", "always"]],
    "import": [["{import}"], ["{import}", "--from", "keras"], ["{name}.yml"]],
    "report": [["{log}"], ["{folder}"], ["{broken}"]],
    "show": [["{spec}", "--format", each] for each in ("toml", "json", "unicode", "latex", "markdown")],
    "table": [["{spec}", "--format", each] for each in ("text", "csv", "json")],
    "validate": [
        [each, "--format", form]
        for each in ("{spec}", "{bad}")
        for form in ("full", "concise", "json", "github", "gitlab", "junit", "sarif")
    ]
    + [
        ["{bad}", "--fix", "--diff"],
        ["{bad}", "--fix"],
        ["{bad}", "--color", "always"],
        ["{name}.loss.toml"],
    ],
}
#: Commands that print nothing of a spec: their own text, the schema, a protocol of JSON, or numbers of a run.
OWN_TEXT = {"explain", "schema", "lsp", "probe"}


def toml(text):
    """Return a TOML string; TOML has escapes for what it may not hold."""
    return '"' + "".join(f"\\U{ord(each):08x}" for each in text) + '"'


@pytest.fixture(scope="module")
def hostile_log(tmp_path_factory):
    """The lines of a log that can be read, but for one, and in which every name is hostile."""
    folder = tmp_path_factory.mktemp("run")
    with LossManager.from_spec("pix2pix", experiment_dir=folder, device="cpu") as manager:
        logits = torch.zeros(1, 1, 2, 2)
        for epoch in range(2):
            manager.set_progress(epoch=epoch)
            manager.objective("D")(pred_real=logits, pred_fake=logits)
        with manager.validating("seen"):
            manager.objective("D")(pred_real=logits, pred_fake=logits)
    text = (folder / "loss_log.jsonl").read_text()
    for name in ("D_fake", "D", "pix2pix", "cpu", "seen"):
        assert f'"{name}"' in text
        text = text.replace(f'"{name}"', json.dumps(f"{name} {HOSTILE}"))
    header, *records = text.splitlines()
    header = json.loads(header)
    header["digest"] = HOSTILE
    header["versions"]["torch"] = HOSTILE
    header["document"]["description"] = HOSTILE
    return "\n".join([json.dumps(header), *records, json.dumps({"record": "chunk", "chunk": HOSTILE}), ""])


@pytest.fixture
def places(tmp_path, monkeypatch, hostile_log):
    folder = tmp_path / "a\x1b[2J\u202e\n::error::b"
    (folder / "specs").mkdir(parents=True)
    monkeypatch.chdir(folder)
    text = SPEC.replace("TEXT", toml(HOSTILE))
    spec, bad = folder / "specs/s.loss.toml", folder / "specs/b\x1b[2J\n::error::b.loss.toml"
    spec.write_text(text)
    bad.write_text(text.replace("weight =", "wieght =", 1).replace('"x", "y"', '"x", ' + toml(HOSTILE)))
    log, broken = folder / "loss_log.jsonl", folder / "broken.jsonl"
    log.write_text(hostile_log)
    broken.write_text(json.dumps({"record": "header", "format": HOSTILE}) + "\n")
    imported = folder / "i\x1b[2J\n::error::i.json"
    options = {"pixel_opt": {"type": "L1Loss", "loss_weight": 0.5, HOSTILE: HOSTILE}}
    options["gan_opt"] = {"type": HOSTILE}
    imported.write_text(json.dumps({"name": HOSTILE, "model_type": "SRModel", "train": options}))
    found = {"spec": spec, "bad": bad, "log": log, "folder": folder, "broken": broken, "import": imported}
    return {name: str(each) for name, each in found.items()} | {"name": "n\x1b\n::e::f"}


def test_each_command_is_in_the_table():
    assert CALLS.keys() | OWN_TEXT == set(cli._COMMANDS)
    for name in ("show", "table", "validate", "diff"):
        command = commands.get_command(None, name)
        formats = next(each for each in command.params if each.name == "format_").type.choices
        tried = {each for call in CALLS[name] for each in call}
        assert set(formats) - tried <= {"text"}


EACH = [(name, call) for name, calls in CALLS.items() for call in calls]


@pytest.mark.filterwarnings("always")  # they are printed
@pytest.mark.parametrize(("command", "call"), EACH)
def test_nothing_of_it_controls_anything(command, call, places, monkeypatch, capsys):
    """As a process: errors and warnings are printed, too."""
    monkeypatch.setattr(sys, "argv", ["lossspec", command, *(each.format(**places) for each in call)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    shown = out + err
    is_refused = {"{name}", "{name}.yml", "{name}/x", "{broken}"} & {*call} or "keras" in call
    if command in {"log", "report", "import"}:
        assert bool(out) != bool(is_refused), shown
    is_github = "github" in call
    check_output(shown, is_github=is_github, is_coloured="always" in call)
    if is_github:
        assert all(each.startswith(("::error ", "::warning ", "1 spec")) for each in shown.splitlines())
    if "markdown" in call:
        assert not re.search(r"(?<!\\)<script|(?<!\\)!?(?<!\\)\[i|^# head|^```", shown, re.MULTILINE)
    if "junit" in call:
        ET.fromstring(out)
    if {"json", "nectargan", "sarif", "gitlab"} & {*call} and out:
        json.loads(out)
    if command == "report" and out:
        page = Path("report.html").read_text()
        assert not CONTROLS.search(page)
        assert "<script>x" not in page
        assert "&lt;script&gt;x" in page
    assert ended.value.code in {None, 0, 1, 2}


def strings(value):
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("form", ["gitlab", "junit", "sarif"])
def test_nothing_of_it_controls_what_a_service_shows(form, places, monkeypatch, capsys):
    """A service decodes the report: an escape of JSON or XML is the character again."""
    monkeypatch.setattr(sys, "argv", ["lossspec", "validate", places["bad"], "--format", form])
    with pytest.raises(SystemExit):
        cli.main()
    out = capsys.readouterr().out
    if form == "junit":
        found = [
            text for each in ET.fromstring(out).iter() for text in (*each.attrib.values(), each.text or "")
        ]
    else:
        found = list(strings(json.loads(out)))
    assert any(r"\u001b" in each for each in found)
    for each in found:
        assert not CONTROLS.search(each), each


FILES = [("export", ["{spec}", "--to", "python"]), ("import", ["{import}", "--from", "basicsr"])] + [
    ("log", ["export", "{log}", "--format", form]) for form in ("json", "csv", "nectargan")
]


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize(("command", "call"), FILES)
def test_nothing_of_it_is_in_a_file_that_is_written(command, call, places, monkeypatch, tmp_path):
    out = tmp_path / ("out.loss.toml" if command == "import" else "out")
    arguments = [each.format(**places) for each in call]
    monkeypatch.setattr(sys, "argv", ["lossspec", command, *arguments, "-o", str(out)])
    with pytest.raises(SystemExit):
        cli.main()
    text = out.read_text(encoding="utf-8")
    assert text
    assert not CONTROLS.search(text), text


@pytest.mark.filterwarnings("always")
def test_a_name_is_no_formula_of_a_spreadsheet(places, monkeypatch, tmp_path):
    log, out = Path(places["log"]), tmp_path / "out.csv"
    log.write_text(log.read_text().replace('"D_real"', json.dumps('=HYPERLINK("http://e.vil")')))
    monkeypatch.setattr(
        sys, "argv", ["lossspec", "log", "export", str(log), "--format", "csv", "-o", str(out)]
    )
    with pytest.raises(SystemExit):
        cli.main()
    rows = list(csv.reader(out.read_text().splitlines()))
    assert any(row[0] == '\'=HYPERLINK("http://e.vil")' for row in rows)
    assert not any(re.match(r"[=+\-@]", cell) and not is_number(cell) for row in rows for cell in row)


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
