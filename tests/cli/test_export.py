"""``lossspec export``: a Python spec function as TOML of the same digest."""

import importlib

import pytest
from click.testing import CliRunner

import lossspec
from lossspec.cli import commands

MODULE = """
import lossspec

def l1(weight):
    return {"type": "torch.L1Loss", "inputs": ("y_fake", "y"), "weight": weight}

@lossspec.spec
def denoise(lambda_l1: float = 100.0):
    return {"losses": {"l1": l1(lambda_l1 / 2)}}

@lossspec.spec
def clipped(lambda_l1: float = 100.0):
    return {"losses": {"l1": l1(min(lambda_l1, 10.0))}}

def plain(w=1.0):
    return {"losses": {"l1": l1(w)}}

@lossspec.spec
def wrong():
    return {"losses": {"l1": {"tpye": "torch.L1Loss"}}}

number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_specs_for_export.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    return importlib.import_module("my_specs_for_export")


def run(*args):
    return CliRunner().invoke(commands, ["export", *args])


@pytest.mark.parametrize("name", ["denoise", "clipped", "plain"])
def test_the_file_has_the_digest_of_the_function(module, tmp_path, name):
    path = tmp_path / "out.loss.toml"
    result = run(f"my_specs_for_export:{name}", "-o", str(path))
    assert result.exit_code == 0, result.output
    assert lossspec.load(path).digest == lossspec.load(getattr(module, name)).digest


def test_an_unwritable_file_is_one_message(module, tmp_path):
    found = run("my_specs_for_export:denoise", "-o", str(tmp_path))
    assert (found.exit_code, found.output) == (1, f"Error: cannot write `{tmp_path}`: Is a directory\n")


def test_parameters_are_kept_where_they_can_be(module):
    result = run("my_specs_for_export:denoise")
    assert 'weight = "${lambda_l1 / 2}"' in result.stdout
    assert "lambda_l1 = 100.0" in result.stdout
    assert result.stderr == ""


def test_a_note_says_which_parameters_are_not_kept(module):
    result = run("my_specs_for_export:clipped")
    assert "weight = 10.0" in result.stdout
    assert (
        result.stderr
        == "note: the function computes with `lambda_l1`: their default values are written instead\n"
    )


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("my_specs_for_export", "must be MODULE:FUNCTION"),
        (":fn", "must be MODULE:FUNCTION"),
        ("my_specs_for_export:", "must be MODULE:FUNCTION"),
        ("no_such_module_of_mine:fn", "module `no_such_module_of_mine` not found"),
        ("my_specs_for_export.deeper:fn", "module `my_specs_for_export.deeper` not found"),
        ("my_specs_for_export:nothing", "has no function `nothing`"),
        ("my_specs_for_export:number", "has no function `number`"),
    ],
)
def test_a_wrong_call_is_a_usage_error(module, argument, message):
    result = run(argument)
    assert result.exit_code == 2
    assert message in result.output


def test_an_invalid_function_is_shown_with_its_faults(module):
    result = run("my_specs_for_export:wrong")
    assert result.exit_code == 1
    assert "unknown key `tpye` in `losses.l1`" in str(result.exception)
