"""The pre-commit hook: which files it checks, and that it rejects invalid specs."""

import json
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


def hook(files, arguments=None, cwd=ROOT):
    """Run the hook as pre-commit does: the entry, the arguments of the hook or the user, the files."""
    command, *entry = shlex.split(FIELDS["entry"])
    given = json.loads(FIELDS["args"]) if arguments is None else arguments
    call = [sys.executable, "-m", command, *entry, *given, *files]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_its_entry_rejects_invalid_specs():
    good, bad = "src/lossspec/cli/starter.loss.toml", "tests/invalid/misspelt_key.loss.toml"
    assert [hook(files).returncode for files in ([good], [bad], [good, bad])] == [0, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [None, ["--fix", "--"]])
def test_a_file_is_never_an_option(tmp_path, arguments):
    """The file ``--load=losses.loss.toml`` would import the module ``losses.loss``."""
    good, bad = (ROOT / "src/lossspec/cli/starter.loss.toml").read_text(), "--load=losses.loss.toml"
    (tmp_path / "losses.py").write_text("open('ran', 'w')")
    (tmp_path / "good.loss.toml").write_text(good)
    (tmp_path / bad).write_text(good.replace("\nweight =", "\nwieght =", 1))
    found = hook(["good.loss.toml", bad], arguments, tmp_path)
    assert found.returncode == (1 if arguments is None else 0), found.stderr
    assert "2 specs" in found.stderr
    assert not (tmp_path / "ran").exists()
    assert ("wieght" in (tmp_path / bad).read_text()) == (arguments is None)


def test_the_guide_has_the_same_hook():
    guide = (ROOT / "docs/guides/ci.md").read_text()
    for name in ("entry", "args", "files"):
        assert f"{name}: {FIELDS[name]}" in guide
