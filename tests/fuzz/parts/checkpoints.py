"""Checkpoints: a manager takes a changed one, or refuses it with a message and stays as it was."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tests.fuzz.mutator import KEYS, value
from tests.manager.checkpoints import MAKERS, load, run_of
from tests.mutation import GONE, changed, member, places
from torch import nn

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.fuzz.inputs import Files

NAME = "changes.json"
#: What JSON cannot hold: in the file, a table ``{"special": NAME}`` stands for it.
SPECIAL: dict[str, Callable[[], object]] = {
    "gone": lambda: GONE,
    "a large number": lambda: 10**5000,
    "complex": lambda: torch.ones(2, dtype=torch.complex64),
    "meta": lambda: torch.zeros((), device="meta"),
    "double": lambda: torch.zeros(7, dtype=torch.float64),
    "bytes": lambda: torch.zeros(5056, dtype=torch.uint8),
    "sparse": lambda: torch.eye(2).to_sparse(),
    "uninitialized": nn.UninitializedParameter,
    "nan": lambda: torch.full((2,), float("nan")),
    "needs a gradient": lambda: torch.ones(2, requires_grad=True),
    "a set": lambda: {1, 2},
    "a function": lambda: len,
    "keys of other types": lambda: {None: 1, 2: [], (3,): ""},
} | {
    f"zeros{shape}": lambda shape=shape: torch.zeros(shape)
    for shape in ((), (1,), (2,), (7,), (2, 2), (5056,))
}


@cache
def runs() -> dict[str, tuple[Any, Any]]:
    """Return a manager of each kind with a checkpoint of a later time, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        return {make.__name__: run_of(make, Path(folder)) for make in MAKERS}


def make(chance: random.Random) -> Files:
    """Return changes of the checkpoint of a manager."""
    name = chance.choice([*runs()])
    saved = runs()[name][1]
    changes = []
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        at = list(chance.choice([*places(saved)]))
        if isinstance(member(saved, at), dict) and chance.random() < 0.2:
            at.append(chance.choice(KEYS))
        new = value(chance) if chance.random() < 0.5 else {"special": chance.choice([*SPECIAL])}
        changes.append([at, new if at or new != {"special": "gone"} else None])
    return {NAME: json.dumps({"manager": name, "changes": changes}).encode()}


def check(folder: Path) -> None:
    """Load the changed checkpoint into a manager that is elsewhere."""
    case = json.loads((folder / NAME).read_bytes())
    manager, state = runs()[case["manager"]]
    for at, new in case["changes"]:
        try:
            state = changed(state, at, _made(new)) if at else _made(new)
        except (LookupError, TypeError, ValueError):  # an earlier change took it away
            continue
    try:
        load(manager, state)
    except Exception:
        runs.cache_clear()  # the manager is no longer what it was
        raise


def _made(new: object) -> object:
    if isinstance(new, dict):
        return (
            SPECIAL[new["special"]]() if "special" in new else {key: _made(each) for key, each in new.items()}
        )
    return [_made(each) for each in new] if isinstance(new, list) else new
