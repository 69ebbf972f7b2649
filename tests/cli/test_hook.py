"""The pre-commit hook: which files it checks, and that it rejects invalid specs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIELDS = dict(re.findall(r"^[ -] (\w+): (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE))


def test_it_picks_specs_and_nothing_else():
    picked = re.compile(FIELDS["files"]).search
    assert picked("specs/pix2pix.loss.toml")
    assert not picked("pyproject.toml")
    assert not picked("a.loss.toml.orig")
    assert not picked("a_loss_toml")
    assert (FIELDS["id"], FIELDS["types"], FIELDS["require_serial"]) == (
        "lossspec-validate",
        "[toml]",
        "true",
    )


@pytest.mark.slow
def test_its_entry_rejects_invalid_specs():
    command, *arguments = shlex.split(FIELDS["entry"])
    program = [sys.executable, "-m", command, *arguments]
    good, bad = "src/lossspec/cli/starter.loss.toml", "tests/invalid/misspelt_key.loss.toml"
    statuses = [
        subprocess.run([*program, *files], cwd=ROOT, capture_output=True, check=False).returncode
        for files in ([good], [bad], [good, bad])
    ]
    assert statuses == [0, 1, 1]
