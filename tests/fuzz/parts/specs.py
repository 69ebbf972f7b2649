"""Specs: the validator answers any text with diagnostics at places in it, each once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.mutator import mutated

from lossspec.language.diagnostics.codes import codes
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.fix import apply_fixes
from lossspec.language.diagnostics.render import render_concise, render_full
from lossspec.language.documents.read import decode
from lossspec.language.load import validate_source
from lossspec.language.text.limits import MAX_BYTES

if TYPE_CHECKING:
    import random

    from tests.fuzz.inputs import Files

    from lossspec.language.diagnostics.diagnostic import Diagnostic

ROOT = Path(__file__).parents[3]


@cache
def texts() -> tuple[bytes, ...]:
    """Return the texts to change: shipped specs, the corpus of invalid ones, the examples of the codes."""
    files = [*ROOT.glob("specs/*.loss.toml"), *ROOT.glob("tests/invalid/*.loss.toml")]
    examples = [text for code in codes().values() for text in (code.example, code.fix)]
    return (*(file.read_bytes() for file in sorted(files)), *(text.encode() for text in examples if text))


def changed(chance: random.Random) -> bytes:
    """Return a changed text."""
    return mutated(chance, chance.choice(texts()), texts(), MAX_BYTES)


def make(chance: random.Random) -> Files:
    """Return a changed spec."""
    return {"fuzz.loss.toml": changed(chance)}


def check(folder: Path) -> None:
    """Validate a text, and check its diagnostics."""
    check_text((folder / "fuzz.loss.toml").read_bytes())


def check_text(data: bytes) -> list[Diagnostic]:
    """Validate a text, and check its diagnostics.

    Raises:
        AssertionError: a diagnostic is wrong.
    """
    try:
        source = decode(data, "fuzz.loss.toml")
    except SpecError as error:
        return list(error.diagnostics)
    diagnostics = validate_source(source)
    for each in diagnostics:
        if each.source == source.name and each.span:
            start = source.offset(each.span.line, each.span.column)
            end = source.offset(each.span.end_line, each.span.end_column)
            assert 0 <= start <= end <= len(source.text), f"{each} is not in the text"
            assert each.line == source.line(each.span.line)
        assert "\n" not in render_concise(each)
        assert len(render_full(each)) < 8_000
    apply_fixes(source, diagnostics)[0].encode()
    assert len(diagnostics) == len(set(diagnostics)), "a problem is reported twice"
    return diagnostics
