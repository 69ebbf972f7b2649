"""The demo: its training data, its held-out data, and its output."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from lossspec import read_log

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for name in [name for name in sys.modules if name.startswith("pix2pix")]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("pix2pix")


def test_training_never_sees_a_held_out_column(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sys.modules["pix2pix_data"]
    columns = np.arange(640)[None, :, None]
    photograph = np.broadcast_to(
        np.concatenate([columns % 256, columns // 256, columns * 0], axis=2), (427, 640, 3)
    )
    images = [photograph.astype(np.uint8), photograph.astype(np.uint8) + np.array([0, 0, 1], np.uint8)]
    monkeypatch.setattr(data, "load_sample_images", lambda: SimpleNamespace(images=images))
    photographs = data.Photographs()

    def seen(y: torch.Tensor) -> set[tuple[int, int]]:
        low, high, which = ((y[:, :, 0] + 1.0) * 127.5).round().long().unbind(1)  # one row is enough
        return set(zip(which.flatten().tolist(), (low + 256 * high).flatten().tolist(), strict=True))

    torch.manual_seed(0)
    trained_on = set().union(*(seen(photographs.batch(8)[1]) for _ in range(40)))
    held_out = seen(photographs.held_out()[1])
    expected = {
        (which, column)
        for which, strip in enumerate(data.HELD_OUT)
        for column in range(strip.start, strip.stop)
    }
    assert held_out == expected
    assert len(trained_on) > 900
    assert not trained_on & held_out


def test_the_demo_learns_and_leaves_a_log_curves_and_a_picture(example: ModuleType, tmp_path: Path) -> None:
    result = CliRunner().invoke(example.main, ["--run", str(tmp_path), "--epochs", "2"])
    assert result.exit_code == 0, result.output
    assert "L1 on held-out patches" in result.output
    for name in ("held_out.png", "losses.png", "weights.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG"), name
    losses = read_log(tmp_path / "loss_log.jsonl").losses
    steps = 2 * example.STEPS_PER_EPOCH
    assert {name: len(columns.raw) for name, columns in losses.items() if name != "G_GAN"} == dict.fromkeys(
        ("G_L1", "G_L2", "G_SOBEL", "G_LAP", "D_real", "D_fake"), steps
    )
    first, last = losses["G_L1"].raw[:5], losses["G_L1"].raw[-5:]
    assert sum(last) < 0.5 * sum(first)
