"""A name of 100,000 letters is printed once or cut; no command repeats or pads it for every row."""

import pytest
import torch
from click.testing import CliRunner

import lossspec
from lossspec import LossManager
from lossspec.cli import commands
from lossspec.cli.validating.formats import FORMATS
from lossspec.convert.python import to_python
from lossspec.report.run.page import named, report

LONG = "n" * 100_000
TERM = '[losses.{}]\ntype = "torch.L1Loss"\ninputs = ["x", "y"]\n'
CALLS = [
    *(["validate", each, "--format", form] for each in ("{spec}", "{bad}") for form in FORMATS),
    ["validate", "{bad}", "--fix", "--diff"],
    ["table", "{spec}"],
    ["table", "{spec}", "--format", "csv"],
    ["plot", "{spec}"],
    ["plot", "{spec}", "--color", "always"],
    ["describe", "{spec}"],
    ["diff", "{spec}", "{spec}+v"],
    *(["show", "{spec}", "--format", each] for each in ("toml", "json", "unicode", "markdown", "latex")),
    ["show", "{name}"],
    ["explain", "{name}"],
    ["validate", "--{name}"],
]


def write(folder):
    path = folder / "s.loss.toml"
    terms = "".join(TERM.format(name) for name in (LONG, *(f"a{index}" for index in range(50))))
    changes = "".join(f"losses.a{index}.weight = 2.0\n" for index in range(50))
    long = f"losses.{LONG}.weight = 3.0\n"
    path.write_text(f'format = 1\ninputs.x = "a"\ninputs.y = "b"\n{terms}[variants.v]\n{changes}{long}')
    return path


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_the_output_is_bounded(call, tmp_path):
    spec, bad = write(tmp_path), tmp_path / "b.loss.toml"
    wrong = "".join(TERM.format(f"b{index}").replace('"y"', '"zz"') for index in range(30))
    wrong += "".join(TERM.format(f"c{index}").replace("L1Loss", "L1Los") for index in range(10))
    bad.write_text(f'format = 1\ninputs.x = "a"\ninputs.{LONG} = "b"\n{wrong}')
    found = CliRunner().invoke(commands, [each.format(spec=spec, bad=bad, name=LONG) for each in call])
    assert "{spec}" not in call or found.exit_code == ("diff" in call), found.output[:1000]
    assert len(found.output) + len(str(found.exception)) < 2.5 * len(LONG)


def test_plain_python_has_a_name_as_often_as_its_code_uses_it(tmp_path):
    """Nothing is cut: a name is a key of `values`, an attribute and a variable, whatever else there is."""
    text = to_python(lossspec.load(str(write(tmp_path))))
    assert text.count(LONG) <= 6
    namespace = {}
    exec(compile(text, "exported", "exec"), namespace)
    objective = namespace["Total"]()
    assert objective(x=torch.ones(2), y=torch.zeros(2)) == 51.0
    assert objective.values[LONG] == 1.0


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    manager = LossManager.from_spec(str(write(tmp_path)), experiment_dir=folder)
    x = torch.ones(2, requires_grad=True)
    manager.objective()(x=x * 1.0, y=torch.zeros(2))
    with manager.validating(LONG):
        manager.objective()(x=x * 1.0, y=torch.zeros(2))
    yield manager, folder
    manager.close()


def test_a_probe_is_bounded(run):
    manager, _ = run
    x = torch.ones(2, requires_grad=True)
    found = manager.probe(wrt=["x"], x=x, y=torch.zeros(2))
    lines = found.text().splitlines()
    assert len(lines) > 100
    assert max(map(len, lines)) < 100 * 60
    assert sum(map(len, lines)) < 5 * len(LONG)


def test_a_page_is_bounded(run):
    manager, folder = run
    manager.close()
    page = report(named([lossspec.read_log(folder)]))
    assert page.count(LONG) <= 3
    assert len(page) < 5 * len(LONG)
