"""The example plug-in, built and installed; none of its code runs before a loss is built."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "plugin"

LOSSES = """\
example_losses.QuantileLoss   Pinball loss: its minimum is a quantile of the targets.
example_losses.crossing_loss  Penalises a lower quantile above a higher one.
"""

TRAIN = """
import torch, lossspec
manager = lossspec.LossManager.from_spec("interval", params={"coverage_low": 0.1})
bounds = torch.full((2,), 0.5, requires_grad=True)
objective, optimizer = manager.objective("total"), torch.optim.Adam([bounds], lr=0.05)
y = torch.linspace(0, 1, 101)
for _ in range(150):
    optimizer.zero_grad()
    objective(low=bounds[0].expand(101), high=bounds[1].expand(101), y=y).backward()
    optimizer.step()
    manager.step()
print(*bounds.tolist())
"""


@pytest.fixture(scope="module")
def installed_example(tmp_path_factory):
    """The example's wheel, built and unpacked as pip would: the folder it is installed in."""
    work = tmp_path_factory.mktemp("plugin")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", work / "dist", EXAMPLE],
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next((work / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(work / "site")
    return work / "site"


def run(site, *command, cwd=None, code=0):
    environment = {**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        env=environment,
        cwd=cwd or site,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_example_is_found_described_and_validated(installed_example):
    site = installed_example
    assert run(site, "-m", "lossspec", "list", "losses", "--library", "example_losses") == LOSSES
    assert "(example-losses: example_losses)" in run(site, "-m", "lossspec", "list")
    assert "number, above 0 and below 1; can be a schedule" in run(
        site, "-m", "lossspec", "describe", "example_losses.QuantileLoss"
    )
    assert "coverage_low = 0.05" in run(site, "-m", "lossspec", "describe", "interval")
    assert run(site, "-m", "lossspec", "validate", "interval") == "1 spec, no problems\n"
    assert '"loss.example_losses.crossing_loss"' in run(site, "-m", "lossspec", "schema")
    assert "coverage_low = 0.2" in run(
        site, "-m", "lossspec", "show", "interval", "--param", "coverage_low=0.2"
    )


def test_the_example_trains_to_the_quantiles_it_is_asked_for(installed_example):
    low, high = map(float, run(installed_example, "-c", TRAIN).split())
    assert (low, high) == pytest.approx((0.1, 0.95), abs=0.05)


def test_a_wrong_argument_of_a_plugin_is_a_diagnostic(installed_example, tmp_path):
    path = tmp_path / "wrong.loss.toml"
    path.write_text(
        "format = 1\n"
        'losses.q = { type = "example_losses.QuantileLoss", args.quantil = 0.5, inputs = ["x", "y"] }\n'
    )
    found = run(installed_example, "-m", "lossspec", "validate", str(path), code=1)
    assert "unknown key `quantil`" in found
    assert "`quantile`" in found


SPEC = 'format = 1\nlosses.m = { type = "mylosses.Mine", inputs = ["x"] }\nvariants.v.losses.m.weight = 2.0\n'
CATALOG = 'library = "mylosses"\n[types.Mine]\nsummary = "Of the plug-in."\ninputs.x = "(N)"\n'

DATA_COMMANDS = [
    "list",
    "list losses",
    "list losses --library mylosses",
    "list schedules",
    "describe mylosses.Mine",
    "describe mine",
    "validate mine",
    "validate mine --format json",
    "schema",
    "show mine+v",
    "explain unknown-key",
]


@pytest.mark.parametrize("command", DATA_COMMANDS)
def test_a_command_that_reads_runs_no_code_of_a_plugin(plugin, tmp_path, command):
    plugin("my-losses", files={"catalog/mylosses.toml": CATALOG, "specs/mine.loss.toml": SPEC})
    run(tmp_path, "-m", "lossspec", *command.split(), cwd=ROOT)
    assert not plugin.mark.exists()


def test_the_mark_is_made_when_a_plugins_loss_is_built(plugin, tmp_path):
    plugin("my-losses", files={"catalog/mylosses.toml": CATALOG, "specs/mine.loss.toml": SPEC})
    run(tmp_path, "-c", "import lossspec; lossspec.build(lossspec.load('mine'))", cwd=ROOT, code=1)
    assert plugin.mark.exists()
