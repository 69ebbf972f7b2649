"""``validate --fix``: it breaks nothing, makes nothing worse, and a second time it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import tomli
from tests.fuzz.mutator import mutated
from tests.fuzz.parts import specs
from tests.fuzz.program import run

import lossspec
from lossspec.language.text.limits import MAX_BYTES

if TYPE_CHECKING:
    import random

    from tests.fuzz.inputs import Files

NAME = "fuzz.loss.toml"


def make(chance: random.Random) -> Files:
    """Return a spec with misspelt words, or one that is changed in any way."""
    text = chance.choice(specs.texts())
    if chance.random() < 0.5:
        return {NAME: mutated(chance, text, specs.texts(), MAX_BYTES // 4)}
    for _ in range(chance.randint(1, 6)):
        words = [at for at in range(1, len(text)) if text[at - 1 : at + 1].isalpha()]
        if not words:
            break
        at = chance.choice(words)  # two letters change places
        text = text[: at - 1] + text[at : at + 1] + text[at - 1 : at] + text[at + 1 :]
    return {NAME: text}


def check(folder: Path) -> None:
    """Fix the file twice."""
    path = Path(NAME)
    before = path.read_bytes()
    parsed, errors = _parses(before), _errors(path)
    shown = run("validate", NAME, "--fix", "--diff")
    assert path.read_bytes() == before, "--diff writes the file"
    ran = run("validate", NAME, "--fix")
    after = path.read_bytes()
    assert (after != before) == ("fixed" in ran.err), ran.err
    assert after == before or "@@" in shown.out, "--diff shows nothing"
    assert _parses(after) or not parsed, "a file that was TOML is not any more"
    assert errors or not _errors(path), "a spec that had no error has one"
    if after != before:
        run("validate", NAME, "--fix")
        assert path.read_bytes() == after, "fixing again changes more"


def _errors(path: Path) -> int:
    return sum(each.severity == "error" for each in lossspec.validate(path))


def _parses(data: bytes) -> bool:
    try:
        tomli.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return False
    return True
