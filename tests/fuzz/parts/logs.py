"""Loss logs: read, or refused with an error that names the file; the commands that read logs do the same."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.mutator import mutated, reshaped
from tests.fuzz.program import run

from lossspec import LossManager, read_log
from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    import random

    from tests.fuzz.inputs import Files

NAME = "loss_log.jsonl"


@cache
def lines() -> tuple[str, ...]:
    """Return the lines of a log with two sections, totals, a resume and values of two objectives."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        for epoch in range(2):
            with LossManager.from_spec("pix2pix", experiment_dir=folder, device="cpu") as manager:
                logits = torch.zeros(1, 1, 2, 2)
                image = torch.zeros(1, 3, 4, 4)
                manager.set_progress(epoch=epoch)
                for step in range(3):
                    manager.objective("D")(pred_real=logits, pred_fake=logits + step)
                    manager.objective("G")(pred_fake=logits, y_fake=image, y=image + step)
                    manager.step()
                    manager.update_loss_log()
                with manager.validating("seen"):
                    manager.objective("D")(pred_real=logits, pred_fake=logits + epoch)
        return tuple((Path(folder) / NAME).read_text("utf-8").splitlines())


def changed(chance: random.Random) -> bytes:
    """Return a changed log: its members, its lines, or its bytes."""
    found = [*lines()]
    kind = chance.randint(0, 3)
    if kind < 2:
        for _ in range(chance.randint(1, 2)):
            number = chance.randrange(len(found))
            try:
                found[number] = json.dumps(reshaped(chance, json.loads(found[number])))
            except ValueError:  # it is damaged already, or too large a number
                continue
    elif kind == 2:
        number = chance.randrange(len(found))
        if chance.random() < 0.5:
            found.insert(chance.randint(0, len(found)), found[number])
        else:
            del found[number]
    text = "\n".join([*found, ""]).encode(errors="surrogatepass")
    if kind == 3:
        return mutated(chance, text, (text,), 2**20)
    return text


def make(chance: random.Random) -> Files:
    """Return a changed log in the folder of a run, and one that is right."""
    return {f"run/{NAME}": changed(chance), f"right/{NAME}": "\n".join([*lines(), ""]).encode()}


def check(folder: Path) -> None:
    """Read the log; if that works, show, convert and report it, alone and beside another."""
    refused = ""
    try:
        read_log(folder / "run")
    except LossSpecError as error:
        refused = str(error)
    assert not refused or NAME in refused, f"the error does not name the file: {refused}"
    ran = run("log", "show", "run")
    assert (ran.code != 0) == bool(refused), ran.err
    run("log", "show", "run", "--format", "json")
    if refused:
        return
    for form in ("csv", "json", "nectargan"):
        run("log", "export", "run", "--format", form)
    run("report", "run", "right", "-o", "page.html", "--points", "10")
    try:
        LossManager.from_spec("pix2pix", experiment_dir=folder / "run", device="cpu").close()
    except LossSpecError as error:
        said = str(error).strip()
        assert said, "an error without a message"
