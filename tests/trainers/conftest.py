"""What the tests of trainers share: a spec, a small LightningModule, a short run, and quiet libraries."""

from __future__ import annotations

import warnings

import pytest

LIBRARIES = r"(accelerate|huggingface_hub|ignite|lightning|mlflow|torch|transformers|wandb)\b"

SPEC = """\
format = 1

[params]
top = 3.0

[losses.near]
type = "torch.L1Loss"
inputs = ["y_fake", "y"]
weight = { type = "linear", unit = "step", start = 0, end = 10, start_value = 1.0, end_value = "${top}" }

[losses.far]
type = "torch.MSELoss"
inputs = ["y_fake", "y"]
weight = { type = "linear", unit = "epoch", start = 0, end = 4, start_value = 2.0, end_value = 0.5 }
"""


@pytest.fixture(autouse=True)
def _quiet_libraries() -> None:
    """Let the libraries deprecate one another; the warnings of lossspec stay errors."""
    for category in (DeprecationWarning, FutureWarning, UserWarning):
        warnings.filterwarnings("ignore", category=category, module=LIBRARIES)


@pytest.fixture
def spec(tmp_path):
    """A spec with a weight in steps and one in epochs."""
    path = tmp_path / "two.loss.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def run(tmp_path):
    """The folder of a run."""
    return tmp_path / "run"
