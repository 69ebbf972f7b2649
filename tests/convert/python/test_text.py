"""An exported module is formatted, typed where it can be, and stands alone."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import lossspec
from lossspec.convert.python import to_python
from lossspec.registry import types

pytestmark = pytest.mark.slow

SPECS = sorted(
    each.name.removesuffix(".loss.toml") for each in (Path(__file__).parents[3] / "specs").glob("*")
)
RUFF = shutil.which("ruff", path=sysconfig.get_path("scripts")) or shutil.which("ruff")


@pytest.fixture(scope="module")
def texts():
    specs = {name: lossspec.load(name) for name in SPECS}
    plain = {n: s for n, s in specs.items() if all(each.balance is None for each in s.objectives.values())}
    return {name: to_python(spec) for name, spec in plain.items()}


def test_most_specs_are_exported(texts):
    assert {*SPECS} - texts.keys() == {"encodec", "vqgan", "ldm_autoencoder"}


def test_lines_are_short_and_say_nothing_of_lossspec(texts):
    for text in texts.values():
        assert max(map(len, text.splitlines())) <= 110
        assert "import lossspec" not in text
        assert "from lossspec" not in text
        assert "lossspec.errors" not in text


RAMP = """
weight.type = "cyclical"
weight.unit = "fraction"
weight.start = 0
weight.end = 1
weight.start_value = 0.0
weight.end_value = 0.123456
"""


@pytest.fixture
def every_loss(load):
    """A spec with every loss of lossspec, under long names."""
    rows = []
    for number, entry in enumerate(types("lossspec").values()):
        term = f"{entry.name.partition('.')[2]}_of_a_long_name"
        required = {name: each.schema for name, each in entry.args.items() if each.required}
        args = ", ".join(
            f"{name} = {json.dumps((schema.get('enum') or schema['examples'])[0])}"
            for name, schema in required.items()
        )
        inputs = ", ".join(f'"{term}_{each.name}"' for each in entry.inputs)
        rows.append(f'[losses.{term}]\ntype = "{entry.name}"\ninputs = [{inputs}]\nargs = {{ {args} }}')
        rows.append(RAMP if number % 2 else "weight = 0.123456789")
    return to_python(load("\n".join(rows)))


def test_they_are_formatted(texts, every_loss, tmp_path):
    for name, text in {**texts, "every_loss": every_loss}.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    for words in (["format", "--diff"], ["check", "--select", "E,F,I,B,UP", "--ignore", "E501"]):
        done = subprocess.run(
            [RUFF, *words, "--isolated", "--line-length", "110", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[:4000]


ALONE = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        assert name.partition(".")[0] != "lossspec", name

sys.meta_path.insert(0, Refused())
import torch
from exported import objectives

G = objectives()["G"]
print(sorted(objectives()), G(y=torch.ones(2), y_fake=torch.zeros(2), pred_fake=torch.zeros(1)).item())
"""


@pytest.mark.slow
def test_it_runs_where_there_is_no_lossspec(tmp_path, texts):
    (tmp_path / "exported.py").write_text(texts["pix2pix"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.startswith("['D', 'G'] 100.69")
