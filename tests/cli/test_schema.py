"""``lossspec schema``: the JSON Schema, on standard output or in a file."""

import json

from click.testing import CliRunner

from lossspec.cli import commands
from lossspec.language.schema.committed import schema_path


def test_it_prints_the_committed_schema():
    result = CliRunner().invoke(commands, ["schema"])
    assert result.exit_code == 0
    assert result.output == schema_path().read_text(encoding="utf-8")


def test_it_writes_a_file(tmp_path):
    path = tmp_path / "a.json"
    result = CliRunner().invoke(commands, ["schema", "-o", str(path)])
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads(path.read_text(encoding="utf-8"))["title"] == "lossspec, format 1"


def test_an_unwritable_file_is_one_message(tmp_path):
    found = CliRunner().invoke(commands, ["schema", "-o", str(tmp_path)])
    assert (found.exit_code, found.output) == (1, f"Error: cannot write `{tmp_path}`: Is a directory\n")


def test_a_user_loss_is_included(tmp_path, monkeypatch):
    (tmp_path / "my_losses_for_schema.py").write_text(
        "import lossspec\n"
        "@lossspec.register_loss('my_losses_for_schema.Mine')\n"
        "class Mine:\n"
        "    '''A loss of mine.'''\n"
        "    def __init__(self, eps: float = 1.0): ...\n"
        "    def forward(self, x, y): ...\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    result = CliRunner().invoke(commands, ["schema", "--load", "my_losses_for_schema"])
    assert result.exit_code == 0, result.exception
    args = json.loads(result.output)["$defs"]["loss.my_losses_for_schema.Mine"]["properties"]["args"]
    assert list(args["properties"]) == ["eps"]


def test_it_prints_the_schema_of_catalogues():
    result = CliRunner().invoke(commands, ["schema", "--catalog"])
    assert result.output == (schema_path().parent / "catalog.schema.json").read_text(encoding="utf-8")
