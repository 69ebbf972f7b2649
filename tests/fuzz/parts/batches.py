"""Batches for ``lossspec probe``: damaged files, and tensors of other shapes and types."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import torch
from tests.fuzz.batches import batch
from tests.fuzz.mutator import STRINGS, mutated
from tests.fuzz.program import run

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.fuzz.inputs import Files

SHAPES = [(), (0,), (1,), (3,), (2, 3), (2, 1, 2, 2), (2, 3, 8, 8), (2, 3, 4, 4), (0, 3, 8, 8)]
TYPES = [
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.bool,
    torch.complex64,
]
ODD = [None, 1, 1.5, "a", [], {}, (), [1, "a"], {"a": {"b": 1}}]


def make(chance: random.Random) -> Files:
    """Return a file of tensors, and the options of the command."""
    options = ["--objective", chance.choice(["G", "D"])]
    options += chance.choice([[], ["--suggest", "equal-gradient"], ["--format", "json"], ["--wrt", "y"]])
    if chance.random() < 0.4:
        name = chance.choice(["npz", "pt"])
        content = mutated(chance, batch(name), (batch("npz"), batch("pt")), 100_000)
    else:
        name, content = "pt", _saved(_tensors(chance))
    return {f"batch.{name}": content, "options.json": json.dumps([f"batch.{name}", *options]).encode()}


def _tensors(chance: random.Random) -> object:
    """Return tensors by name, some of them other than those of pix2pix, or none at all."""
    found: dict[object, object] = {
        "y_fake": torch.ones(2, 3, 8, 8),
        "y": torch.zeros(2, 3, 8, 8),
        "pred_fake": torch.zeros(2, 1, 2, 2),
        "pred_real": torch.zeros(2, 1, 2, 2),
    }
    for _ in range(chance.randint(1, 3)):
        name = chance.choice([*found])
        kind = chance.randint(0, 9)
        if kind == 0:
            del found[name]
        elif kind == 1:
            found[chance.choice([*STRINGS, 1, None])] = torch.ones(2)
        elif kind == 2:
            found[name] = chance.choice(ODD)
        elif kind == 3:
            found[name] = [torch.ones(chance.choice(SHAPES)) for _ in range(2)]
        elif kind == 4:
            found[name] = torch.full(chance.choice(SHAPES), chance.choice([float("nan"), float("inf"), 1e38]))
        else:
            found[name] = torch.zeros(chance.choice(SHAPES), dtype=chance.choice(TYPES))
        if not found:
            return chance.choice(ODD)
    return found


def _saved(value: object) -> bytes:
    written = io.BytesIO()
    torch.save(value, written)
    return written.getvalue()


def check(folder: Path) -> None:
    """Probe pix2pix with the batch."""
    name, *options = json.loads((folder / "options.json").read_bytes())
    run("probe", "pix2pix", "--batch", name, *options)
