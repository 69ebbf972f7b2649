"""``lossspec show``: the resolved spec, as TOML that resolves to the same digest."""

import re

import click
import pytest
from click.testing import CliRunner

import lossspec
from lossspec.cli import commands
from lossspec.cli.options import overlay_options


def run(*args):
    return CliRunner().invoke(commands, ["show", *args])


def test_it_shows_what_is_built(tmp_path):
    result = run("pix2pix+vgg", "--param", "lambda_l1=50", "--set", "losses.G_GAN.at_zero=record")
    assert result.exit_code == 0
    head, digest = re.match(r"# (\S+), digest (\w+)\n", result.output).groups()
    assert head == "pix2pix+vgg"
    assert "# lambda_l1 = 50\n" in result.output
    path = tmp_path / "shown.loss.toml"
    path.write_text(result.output)
    shown = lossspec.load(path)
    assert shown.digest == digest
    assert (shown.losses["G_L1"].weight, shown.losses["G_GAN"].at_zero) == (50.0, "record")


@click.command()
@overlay_options
def echoed(params, overlay):
    click.echo(repr((params, overlay)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("3.5", 3.5),
        ("true", True),
        ('"a b"', "a b"),
        ("lsgan", "lsgan"),
        ("", ""),
        ("[1, 2]", [1, 2]),
        ("[1", "[1"),
        ("a=b", "a=b"),
        ("1\nq=2", "1\nq=2"),
    ],
)
def test_a_value_is_read_as_toml_and_else_as_a_string(text, value):
    result = CliRunner().invoke(echoed, ["--param", f"p={text}", "--set", f"a.b={text}"])
    assert result.output == f"{({'p': value}, {'a': {'b': value}})!r}\n"


def test_set_takes_any_toml_value():
    schedule = "{type='linear', unit='epoch', start=0, end=9, start_value=0, end_value=1}"
    result = run(
        "pix2pix",
        "--set",
        f"losses.G_L1.weight={schedule}",
        "--set",
        "params.lambda_gan=3",
        "--set",
        'remove=["params.lambda_l1"]',
    )
    assert result.exit_code == 0, result.output
    assert 'type = "linear"' in result.output
    assert "# lambda_gan = 3\n" in result.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["pix2pix", "--param", "lambda_l1"], "must be NAME=VALUE, got"),
        (["pix2pix", "--param", "=3"], "must be NAME=VALUE, got"),
        (
            ["pix2pix", "--set", "losses.a=1", "--set", "losses.a.b=1"],
            "another --set already gives `a` a value",
        ),
        (["pix2pix", "--load", "no_such_module_of_mine"], "module `no_such_module_of_mine` not found"),
        ([], "Missing argument"),
    ],
)
def test_a_wrong_call_is_a_usage_error(args, message):
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.output


def test_an_unknown_parameter_is_an_error():
    result = run("pix2pix", "--param", "lambda_ll=3")
    assert result.exit_code == 1
    assert "unknown parameter `lambda_ll`" in str(result.exception)


def test_a_module_of_the_users_registers_losses(tmp_path, monkeypatch):
    (tmp_path / "my_module_for_show.py").write_text("print('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    result = run("pix2pix", "--load", "my_module_for_show")
    assert result.exit_code == 0
    assert result.output.startswith("imported\n")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (["--set", "lambda_l1=3"], ["--param", "lambda_l1=3"]),
        (["--set", "lambda=3"], ["--param", "lambda_l1=3"]),
        (["--set", "G_L1.weight=3"], ["--set", "losses.G_L1.weight=3"]),
        (["--param", "losses.G_L1.weight=3"], ["--set", "losses.G_L1.weight=3"]),
    ],
)
def test_what_to_write_instead_is_said_and_works(wrong, right):
    """The advice is followed here: what it says to write is accepted."""
    said = str(run("pix2pix", *wrong).exception)
    option, value = right
    advice = value.partition("=")[0] if wrong[0] == option else f"`{option} {value.partition('=')[0]}=...`"
    assert advice.removesuffix(".weight") in said
    result = run("pix2pix", *right)
    assert result.exit_code == 0
    assert lossspec.load("pix2pix", overlay={"losses": {"G_L1": {"weight": 3}}}).digest in result.output
