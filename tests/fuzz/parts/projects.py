"""Tables of ``pyproject.toml``: a message that names the file, never an error of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomli_w
from tests.fuzz.mutator import mutated, reshaped, without_none
from tests.fuzz.program import run

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.fuzz.inputs import Files

PROJECT: dict[str, object] = {
    "project": {"name": "x"},
    "tool": {"lossspec": {"exclude": ["old/*"], "ignore": ["missing-extra"]}},
}
SPEC = b'format = 1\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'


def make(chance: random.Random) -> Files:
    """Return a folder with specs and a changed ``pyproject.toml``."""
    text = tomli_w.dumps(PROJECT).encode()
    document = without_none(reshaped(chance, PROJECT))
    if chance.random() < 0.7 and isinstance(document, dict):
        text = tomli_w.dumps(document).encode()
    else:
        text = mutated(chance, text, (text, SPEC), 20_000)
    return {
        "pyproject.toml": text,
        "a.loss.toml": SPEC,
        "old/b.loss.toml": SPEC.replace(b"type", b"tpye"),
        "in/c.loss.toml": SPEC.replace(b"inputs", b"# lossspec: ignore[unknown-key]\ninputs", 1),
    }


def check(folder: Path) -> None:
    """Validate the folder, and files in it, with what the table says."""
    run("validate")
    run("validate", "a.loss.toml", "--format", "json")
    run("validate", "old", "--statistics")
    run("validate", "--fix", "--diff")
