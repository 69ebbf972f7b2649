"""``lossspec export --to python``: a spec, with its changes, as a module."""

import importlib

import pytest
from click.testing import CliRunner

from lossspec.cli import commands


def run(*args):
    return CliRunner().invoke(commands, ["export", *args])


def test_a_spec_becomes_a_module_with_what_was_set(tmp_path, monkeypatch):
    path = tmp_path / "objective_to_import.py"
    result = run(
        "pix2pix",
        "--to",
        "python",
        "-o",
        str(path),
        "--param",
        "lambda_l1=7",
        "--set",
        "objectives.D.weight=2",
    )
    assert result.exit_code == 0, result.output
    assert result.output == ""
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("objective_to_import")
    assert module.objectives().keys() == {"G", "D"}
    text = path.read_text()
    assert "return G_GAN + 7.0 * G_L1" in text
    assert "return 2.0 * (D_real + D_fake)" in text


def test_a_function_becomes_a_module(tmp_path, monkeypatch):
    (tmp_path / "my_functions_to_export.py").write_text(
        "import lossspec\n\n@lossspec.spec\ndef denoise(w: float = 3.0):\n"
        '    return {"losses": {"l1": {"type": "torch.L1Loss", "inputs": ["x", "y"], "weight": w}}}\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    result = run("my_functions_to_export:denoise", "--to", "python")
    assert result.exit_code == 0, result.output
    assert "return 3.0 * l1" in result.stdout


def test_what_cannot_be_exported_writes_nothing(tmp_path):
    path = tmp_path / "objective.py"
    result = run("vqgan", "--to", "python", "-o", str(path))
    assert result.exit_code == 1
    assert "the objective `AE` cannot be exported: its balance" in str(result.exception)
    assert not path.exists()


def test_without_its_balance_it_is(tmp_path):
    result = run("encodec", "--to", "python", "--set", 'remove=["objectives.G.balance"]')
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("option", [["--param", "w=1"], ["--set", "losses.l1.weight=1"]])
def test_changes_go_with_python_alone(option):
    result = run("my_specs:denoise", *option)
    assert result.exit_code == 2
    assert "--param and --set go with --to python" in result.output
