"""Tab completion in bash, zsh and fish."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
ENVIRONMENT.pop("LOSSSPEC_PATH", None)

#: Completes a command line in bash, and prints what it offers.
PRESS_TAB = r"""
set -e
eval "$(_LOSSSPEC_COMPLETE=bash_source lossspec)"
complete -p lossspec | grep -q _lossspec_completion
compopt() { echo "compopt $*"; }  # outside of a completion bash refuses it
COMP_WORDS=(%s)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_lossspec_completion lossspec
printf '%%s\n' "${COMPREPLY[@]}"
"""


def offered(words, folder):
    done = subprocess.run(
        ["bash", "--norc", "-c", PRESS_TAB % words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.loss.toml").write_text(
        'format = 1\nextends = "pix2pix"\nvariants.soft.params.lambda_l1 = 1\n'
    )
    (tmp_path / "broken.loss.toml").write_text("format = ")
    return tmp_path


FILES = ["compopt -o", "default"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lossspec va", ["validate"]),
        ("lossspec validate --form", ["--format"]),
        ("lossspec validate --format s", ["sarif"]),
        ("lossspec show pix2pixh", [*FILES, "pix2pixhd"]),
        ("lossspec show pix2pix+ls", [*FILES, "pix2pix+lsgan"]),
        (
            "lossspec show pix2pix+lsgan+",
            [*FILES, "pix2pix+lsgan+extended", "pix2pix+lsgan+vgg", "pix2pix+lsgan+decay"],
        ),
        ("lossspec plot mine.loss.toml+so", [*FILES, "mine.loss.toml+soft"]),
        ("lossspec table mine.loss.toml+dec", [*FILES, "mine.loss.toml+decay"]),
        ("lossspec validate broken.loss.toml+", [*FILES, ""]),
        ("lossspec validate nowhere+", [*FILES, ""]),
        ("lossspec validate mi", [*FILES, ""]),
        ("lossspec describe torch.Smooth", ["torch.SmoothL1Loss"]),
        ("lossspec describe segm", ["segmentation_models_pytorch."]),
        ("lossspec describe nothing.", [""]),
        ("lossspec explain unknown-k", ["unknown-key"]),
    ],
)
def test_bash_offers(words, expected, folder):
    assert offered(words, folder) == expected


@pytest.mark.parametrize(
    ("shell", "environment", "expected"),
    [
        ("zsh", {"COMP_WORDS": "lossspec explain unknown-k", "COMP_CWORD": "2"}, "plain\nunknown-key\n_\n"),
        ("fish", {"COMP_WORDS": "lossspec explain unknown-k", "COMP_CWORD": "unknown-k"}, "unknown-key"),
    ],
)
def test_zsh_and_fish_offer_the_same(shell, environment, expected):
    def run(task, **more):
        return subprocess.run(
            [BIN / "lossspec"],
            env={**ENVIRONMENT, "_LOSSSPEC_COMPLETE": f"{shell}_{task}", **more},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert "lossspec" in run("source")
    assert expected in run("complete", **environment)


@pytest.mark.parametrize(
    "command", [["lossspec"], [sys.executable, "-m", "lossspec"]], ids=["lossspec", "python -m"]
)
def test_both_ways_to_start_it_are_one_command(command):
    def run(option):
        return subprocess.run(
            [*command, option], env=ENVIRONMENT, capture_output=True, text=True, check=True
        ).stdout

    from lossspec import __version__

    assert run("--version") == f"lossspec, version {__version__}\n"
    assert run("--help").startswith("Usage: lossspec [OPTIONS] COMMAND")
