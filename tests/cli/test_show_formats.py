"""``lossspec show --format``: a spec as JSON and as formulas, without torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

import lossspec
from lossspec.cli.show import show_command
from lossspec.language.write import write
from lossspec.report import formula


def show(*arguments):
    done = CliRunner().invoke(show_command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_json_is_the_document_with_its_digest():
    spec = lossspec.load("pix2pix+decay", params={"lambda_l1": 20.0})
    found = json.loads(show("pix2pix+decay", "--param", "lambda_l1=20.0", "--format", "json"))
    assert (found["reference"], found["digest"]) == ("pix2pix+decay", spec.digest)
    assert found["params"] == {"lambda_gan": 1.0, "lambda_l1": 20.0}
    assert found["document"]["losses"]["G_L1"]["weight"]["start_value"] == 20.0


@pytest.mark.parametrize("name", ["unicode", "latex", "markdown"])
def test_mathematics(name):
    spec = lossspec.load("pix2pix+decay", overlay={"objectives": {"D": {"weight": 0.25}}})
    expected = getattr(formula, name)(spec).rstrip("\n") + "\n"
    assert show("pix2pix+decay", "--format", name, "--set", "objectives.D.weight=0.25") == expected


def test_toml_is_what_it_always_was():
    assert show("pix2pix").endswith(write(lossspec.load("pix2pix")))
    assert show("pix2pix") == show("pix2pix", "--format", "toml")


@pytest.mark.parametrize("name", ["unicode", "json"])
def test_torch_is_not_imported(name):
    code = (
        "import sys; from lossspec.cli import commands\n"
        f"commands(['show', 'pix2pix', '--format', '{name}'], standalone_mode=False)\n"
        "assert not {'torch', 'matplotlib', 'numpy'} & set(sys.modules)"
    )
    environment = {"PYTHONIOENCODING": "utf-8", "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
