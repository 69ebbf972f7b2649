"""Specs that extend one another over a search path: what validates loads; what loads is written and built."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import tomli_w
from tests.fuzz.mutator import mutated, reshaped, without_none
from tests.fuzz.parts import specs
from tests.fuzz.program import run
from tests.limits.worst import SMALL
from tests.mutation import member, places

import lossspec
from lossspec.errors import LossSpecError
from lossspec.language.text.limits import MAX_BYTES
from lossspec.language.write import write

if TYPE_CHECKING:
    import random

    from tests.fuzz.inputs import Files

WARM = {"type": "linear", "unit": "epoch", "start": 0, "end": "${b}", "start_value": 0, "end_value": "${a}"}
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
        "w": {"losses": {"three": {"weight": WARM}}},
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
#: Values that are right somewhere, by the key of a term: together they may be right or wrong.
VALUES: dict[str, list[object]] = {
    "type": [
        *("torch.L1Loss", "torch.MSELoss", "torch.HuberLoss", "torch.CrossEntropyLoss", "lossspec.GANLoss"),
        *("torch.CosineEmbeddingLoss", "lossspec.Precomputed", "kornia.SSIMLoss", "torch.KLDivLoss"),
    ],
    "weight": [
        0,
        -1.5,
        "${a}",
        "${a * b - 1}",
        *({"unit": "step", "type": n, **f} for n, f in SMALL.items()),
    ],
    "inputs": [
        *(["x", "y"], ["x"], ["x", 1], ["x[-1]", "y[*].a"], [{"name": "x", "detach": True}, "y"], ["x", 0.5]),
        *({"input": "x", "target": 1}, {"input": "x", "target": {"name": "y", "detach": True}}),
    ],
    "args": [{"delta": "${b}"}, {"reduction": "sum"}, {"weight": [1.0, 2.0]}, {"label_smoothing": 0.1}, {}],
    "lists": [
        *("sum", "mean", "min", [1, 0.5, 0], {"combine": "sum", "decay": 0.8}),
        *({"combine": "mean", "pairs": "different"}, {"combine": "min", "of": "elements"}),
    ],
    "reduce": [
        *("mean", "sum", "batch", {"by": 5}, {"weights": "z", "by": "weights"}),
        *({"weights": {"name": "z", "detach": True}, "by": {"name": "n", "minimum": 1}},),
    ],
    "every": [{"steps": 16, "gain": 16.0}, {"steps": 1, "gain": 0.5}],
    "at_zero": ["skip", "record", "compute"],
    "if_missing": ["skip", "error"],
    "objective": ["G", "D", "other"],
    "tags": [["a"], []],
}
BALANCES: list[object] = [
    {"type": "lossspec.ReLoBRaLo", "losses": ["one", "two"]},
    {"type": "lossspec.DynamicWeightAverage"},
    {"type": "lossspec.UncertaintyWeighting", "args": {}},
    {"type": "lossspec.GradNorm", "inputs": ["x"], "losses": ["one", "two"]},
]
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
    if chance.random() < 0.15:
        name = chance.choice([*texts])
        texts[name] = mutated(chance, texts[name], specs.texts(), MAX_BYTES // 8)
    if chance.random() < 0.05:
        texts["more/base.loss.toml"] = specs.changed(chance)
    return {**texts, "references": "\n".join(chance.sample(REFERENCES, 2)).encode()}


def _shaped(chance: random.Random, document: dict[str, object]) -> dict[str, object]:
    made = copy.deepcopy(document)
    tables = _tables(made)
    for table in chance.sample(tables, min(len(tables), chance.choice([0, 0, 1, 1, 2]))):
        for key in chance.sample([*VALUES], chance.choice([1, 1, 2])):
            table[key] = chance.choice(VALUES[key])
    if document is TOP and chance.random() < 0.1:
        made["objectives"] = {"G": {"balance": chance.choice(BALANCES)}, "D": {}}
    changed = reshaped(chance, made) if chance.random() < 0.12 else made
    changed = without_none(changed)
    return changed if isinstance(changed, dict) else document


def _tables(document: object) -> list[dict[str, object]]:
    """Return the terms of a document and of its variants."""
    return [
        table
        for at in places(document)
        if len(at) > 1 and at[-2] == "losses" and isinstance(table := member(document, at), dict)
    ]


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
    try:
        manager = lossspec.LossManager.from_spec(reference, enable_logging=False)
    except LossSpecError as error:
        _said(error)
        return
    manager.set_progress(epoch=3, step=7, total_epochs=10, total_steps=70)
    for name in spec.objectives:
        manager.objective(name)
    exported = run("export", reference, "--to", "python")
    if exported.code == 0:
        compile(exported.out, reference, "exec")


def _said(error: LossSpecError) -> None:
    assert str(error).strip(), "an error without a message"
