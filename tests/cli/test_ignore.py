"""``[tool.lossspec] ignore``: a project can ignore warnings, but not errors."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from lossspec.cli.validate import validate_command


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lossspec.registry.code.find_spec", lambda name: None if name == "monai" else True)

    def make(ignore: str, spec: str = 'type = "monai.DiceLoss", inputs = ["x", "y"]') -> None:
        (tmp_path / "pyproject.toml").write_text(f"[tool.lossspec]\nignore = {ignore}\n")
        (tmp_path / "mine").mkdir(exist_ok=True)
        (tmp_path / "mine" / "my.loss.toml").write_text(f"format = 1\nlosses.a = {{ {spec} }}\n")

    return make


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(validate_command, ["--format", "concise", *args])
    return result.exit_code, result.stdout + result.stderr


def test_a_project_ignores_a_warning(project):
    project('["missing-extra"]')
    assert run("mine") == (0, "1 spec, no problems\n")
    assert run("mine/my.loss.toml")[0] == 0
    project("[]")
    assert run("mine")[0] == 1


def test_errors_stay(project):
    project('["missing-extra"]', 'type = "monai.DiceLoss", inputs = ["x", "y"], wieght = 1')
    code, output = run("mine")
    assert code == 1
    assert "[unknown-key]" in output
    assert "[missing-extra]" not in output


def test_a_spec_given_by_name_keeps_all_warnings(project):
    project('["missing-extra"]')
    assert "[missing-extra]" in run("nnunet")[1]


@pytest.mark.parametrize(
    ("ignore", "message"),
    [
        ('["unknown-key"]', "unknown warning `unknown-key` in `tool.lossspec.ignore`"),
        ('["mising-extra"]', "a warning with a similar name exists: `missing-extra`"),
        ('"missing-extra"', "`tool.lossspec.ignore` must be an array of strings"),
    ],
)
def test_what_cannot_be_ignored(project, ignore, message):
    project(ignore)
    code, output = run("mine")
    assert code == 2
    assert message in output
