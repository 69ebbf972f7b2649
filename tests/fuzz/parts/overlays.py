"""Specs that extend one another over a search path: what validates loads, and what loads can be written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import tomli_w
from tests.fuzz.mutator import mutated, reshaped, without_none
from tests.fuzz.parts import specs

import lossspec
from lossspec.errors import LossSpecError
from lossspec.language.text.limits import MAX_BYTES
from lossspec.language.write import write

if TYPE_CHECKING:
    import random

    from tests.fuzz.inputs import Files

BASE: dict[str, object] = {
    "format": 1,
    "params": {"a": 1.0, "b": {"default": 2, "minimum": 0}},
    "inputs": {"x": "(N)", "y": "(N)", "z": "(N)"},
    "losses": {
        "one": {"type": "torch.L1Loss", "inputs": ["x", "y"], "weight": "${a}", "objective": "G"},
        "two": {"type": "torch.MSELoss", "inputs": {"input": "x", "target": "z"}, "objective": "G"},
        "three": {
            "type": "torch.HuberLoss",
            "inputs": ["y", "z"],
            "args": {"delta": "${b}"},
            "objective": "D",
        },
    },
    "objectives": {"G": {"weight": 2.0}, "D": {}},
    "variants": {
        "v": {"losses": {"one": {"weight": 3.0}}, "remove": ["losses.two"]},
        "w": {"losses": {"two": {"weight": {"type": "linear", "unit": "epoch", "start": 0, "end": "${b}"}}}},
    },
}
MIDDLE: dict[str, object] = {
    "format": 1,
    "extends": "base+v",
    "params": {"a": 4.0},
    "losses": {"four": {"type": "torch.L1Loss", "inputs": ["x", "z"], "objective": "D"}},
    "variants": {"u": {"losses": {"four": {"weight": "${a * 2}"}}, "params": {"a": 5.0}}},
}
TOP: dict[str, object] = {
    "format": 1,
    "extends": "middle+u",
    "remove": ["losses.three"],
    "losses": {"one": {"type": "torch.MSELoss", "weight": 0.5}},
    "variants": {"t": {"objectives": {"G": {"weight": 0}}}},
}
REFERENCES = ("top", "top+t", "middle", "middle+u", "base+v+w", "base+w")


def make(chance: random.Random) -> Files:
    """Return three specs, each extending the next, on two folders; one or two are changed."""
    texts = {
        f"{folder}/{name}.loss.toml": tomli_w.dumps(_shaped(chance, document)).encode()
        for folder, name, document in (
            ("specs", "top", TOP),
            (chance.choice(["specs", "more"]), "middle", MIDDLE),
            ("more", "base", BASE),
        )
    }
    if chance.random() < 0.3:
        name = chance.choice([*texts])
        texts[name] = mutated(chance, texts[name], specs.texts(), MAX_BYTES // 8)
    if chance.random() < 0.1:
        texts["more/base.loss.toml"] = specs.changed(chance)
    return {**texts, "references": "\n".join(chance.sample(REFERENCES, 2)).encode()}


def _shaped(chance: random.Random, document: dict[str, object]) -> dict[str, object]:
    changed = reshaped(chance, document) if chance.random() < 0.5 else document
    changed = without_none(changed)
    return changed if isinstance(changed, dict) else document


def check(folder: Path) -> None:
    """Load references, with and without the caller's changes."""
    with patch.dict(os.environ, {"LOSSSPEC_PATH": str(folder / "more")}):
        for reference in (folder / "references").read_text("utf-8").splitlines():
            _check(reference)
        for changes in ({"params": {"a": 7.0}}, {"overlay": {"losses": {"one": {"weight": 9.0}}}}):
            try:
                lossspec.load("top", **changes)
            except LossSpecError as error:
                _said(error)


def _check(reference: str) -> None:
    name, *variants = reference.split("+")
    files = [*Path().glob(f"*/{name}.loss.toml")]
    found = lossspec.validate(files[0]) if files else []
    try:
        spec = lossspec.load(reference)
    except LossSpecError as error:
        _said(error)
        is_wrong = not files or variants or any(each.severity == "error" for each in found)
        if not is_wrong:
            raise AssertionError(f"{reference} validates, but does not load") from error
        return
    text = write(spec)
    errors = [each for each in lossspec.validate(text) if each.severity == "error"]
    assert errors == [], f"{reference} is written as a spec that does not validate"
    again = Path("specs/again.loss.toml")
    again.write_text(text, encoding="utf-8")
    assert lossspec.load(again).digest == spec.digest, f"{reference} is written as another spec"
    again.unlink()


def _said(error: LossSpecError) -> None:
    assert str(error).strip(), "an error without a message"
