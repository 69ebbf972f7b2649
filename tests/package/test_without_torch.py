"""Without torch every command works, or says how to install what it needs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import lossspec
from lossspec.cli import commands
from lossspec.cli.list import list_command
from lossspec.cli.log import log_command

ROOT = Path(__file__).parents[2]
HOOK = dict(re.findall(r"^[ -] (\w+): (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE))
HOW = 'pip install "lossspec[torch]", or choose the build for your GPU at https://pytorch.org/get-started/locally/'

SPEC = """\
format = 1
losses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"], weight = 2 }
losses.edges = { type = "lossspec.SobelLoss", inputs = ["y_fake", "y"] }
losses.ssim = { type = "piq.SSIMLoss", inputs = ["y_fake", "y"] }
variants.flat.remove = ["losses.edges", "losses.ssim"]
"""
MODULE = """\
import lossspec

@lossspec.spec
def objective(weight: float = 2.0):
    return {"format": 1, "losses": {"l1": {"type": "torch.L1Loss", "inputs": ["x", "y"], "weight": weight}}}

def live():
    from lossspec import LMLoss
"""
RUN = """\
import torch
from lossspec import LossManager

with LossManager.from_spec("a.loss.toml+flat", experiment_dir="run") as manager:
    for epoch in range(3):
        manager.set_progress(epoch=epoch)
        manager.objective()(y_fake=torch.zeros(4), y=torch.ones(4))
"""
# Command lines that work, and what they print.
WORKS = {
    "describe torch.L1Loss": "Mean absolute error",
    "describe lossspec.SobelLoss": "Sobel",
    "describe pix2pix": "objective G",
    "describe linear": "linear",
    "export mine:objective": 'weight = "${weight}"',
    "explain unknown-key": "unknown-key",
    "import options.toml": "train.pixel_opt.loss_weight",
    "list": "pix2pix",
    "list hinge": "hinge_gan",
    "list specs lpips --paths": "vqgan.loss.toml",
    "list losses sobel": "lossspec.SobelLoss",
    "list balancers": "GradientRatio",
    "list schedules": "linear",
    "log show run": "l1 ",
    "log export run": '"weighted": [2.0, 2.0, 2.0]',
    "log export run --format csv": "l1,training,0.0,1.0,2.0",
    "log export run --format nectargan": "l1",
    "new b.loss.toml": "wrote b.loss.toml",
    "plot a.loss.toml": "edges  1",
    "schema": '"x-tombi-toml-version"',
    "show a.loss.toml": "losses.edges",
    "show a.loss.toml --format latex": "SobelLoss",
    "table a.loss.toml": "edges",
    "init c.loss.toml": "wrote c.loss.toml",
    "validate": "no problems",
    "validate --statistics": "no problems",
    "validate --fix --diff": "no fixes in no files",
    "validate --format junit": "testcase",
    "validate --format gitlab": "[]",
    "validate pix2pix": "1 spec, no problems",
}
FAILS = {
    "export mine:live": f"`lossspec.LMLoss` needs torch, which is not installed: {HOW}",
    "export trained:model": f"module `trained` needs torch, which is not installed: {HOW}",
    "lsp": 'pip install "lossspec[lsp]"',
    "import options.yml": 'pip install "lossspec[yaml]"',
    "validate --watch a.loss.toml": 'pip install "lossspec[watch]"',
    "validate --load trained": f"module `trained` needs torch, which is not installed: {HOW}",
    "plot a.loss.toml -o a.svg": 'pip install "lossspec[plot]"',
    "log plot run": '"lossspec[plot]"',
    "log export run --format tensorboard": 'pip install "lossspec[tensorboard]"',
    "probe a.loss.toml --batch a.loss.toml": f"`lossspec probe` needs torch, which is not installed: {HOW}",
    "report run": 'pip install "lossspec[report]"',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, two modules, options of a peer and the log of a run."""
    here = tmp_path_factory.mktemp("project")
    (here / "a.loss.toml").write_text(SPEC)
    (here / "mine.py").write_text(MODULE)
    (here / "options.toml").write_text('train.pixel_opt = { type = "L1Loss", loss_weight = 2.0 }')
    (here / "options.yml").write_text("train: {losses: []}")
    (here / "trained.py").write_text("import torch\n")
    subprocess.run([sys.executable, "-c", RUN], cwd=here, check=True)  # where torch is installed
    return here


def run(programs: Path, folder: Path, *command: str) -> tuple[int, str]:
    program, *arguments = command
    done = subprocess.run(
        [programs / program, *arguments],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_torch_is_not_there(programs: Path, folder: Path) -> None:
    code = "import importlib.util; print(importlib.util.find_spec('torch'))"
    assert run(programs, folder, "python", "-c", code) == (0, "None\n")


@pytest.mark.parametrize(("line", "words"), WORKS.items())
def test_a_command_works(programs: Path, folder: Path, line: str, words: str) -> None:
    code, output = run(programs, folder, "lossspec", *line.split())
    assert code == 0, output
    assert words in output


def test_a_command_that_compares_works(programs: Path, folder: Path) -> None:
    code, output = run(programs, folder, "lossspec", "diff", "a.loss.toml", "a.loss.toml+flat")
    assert code == 1
    assert "- losses.edges" in output


def test_no_command_is_forgotten() -> None:
    tried = {line.split()[0] for line in [*WORKS, *FAILS]} | {"diff"}
    assert tried == {*commands.list_commands(None), "init"}
    assert {f"list {name}" for name in list_command.commands} <= {" ".join(x.split()[:2]) for x in WORKS}
    assert {f"log {x}" for x in log_command.commands} <= {" ".join(x.split()[:2]) for x in [*WORKS, *FAILS]}


@pytest.mark.parametrize(("line", "words"), FAILS.items())
def test_what_is_not_installed_is_named(programs: Path, folder: Path, line: str, words: str) -> None:
    code, output = run(programs, folder, "lossspec", *line.split())
    assert code == 1
    assert words in output


def test_missing_libraries_are_not_warned_about(programs: Path, folder: Path) -> None:
    """An environment for a hook or an editor would repeat it for every spec."""
    assert run(programs, folder, "lossspec", "validate", "a.loss.toml") == (0, "1 spec, no problems\n")


@pytest.mark.parametrize("name", sorted({*lossspec.__all__, "losses.SobelLoss"} - {"__version__"}))
def test_a_name_is_there_or_says_that_it_needs_torch(programs: Path, folder: Path, name: str) -> None:
    module, _, attribute = f"lossspec.{name}".rpartition(".")
    code = (
        f"try:\n    from {module} import {attribute}\n"
        "except ImportError as error:\n    print(type(error).__name__, error, sep=': ', end='')\n"
    )
    _, output = run(programs, folder, "python", "-c", code)
    needs_torch = name in {"LMLoss", "LossManager", "Objective", "build", "losses.SobelLoss"}
    words = f"MissingExtraError: `lossspec.{name}` needs torch, which is not installed: {HOW}"
    assert output == (words if needs_torch else "")


def test_the_pre_commit_hook_rejects_invalid_specs(programs: Path) -> None:
    """As ``language: python`` has it, pre-commit installs the repository and runs the entry."""
    assert HOOK["language"] == "python"
    good, bad = "src/lossspec/cli/starter.loss.toml", "tests/invalid/misspelt_key.loss.toml"
    entry = shlex.split(HOOK["entry"])
    statuses = [run(programs, ROOT, *entry, *files)[0] for files in ([good], [bad], [good, bad])]
    assert statuses == [0, 1, 1]
