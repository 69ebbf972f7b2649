"""The language server: every feature answers, whatever the text and wherever the cursor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from tests.fuzz.parts import specs

from lossspec.server import actions, completion, definition, diagnostics, hover, lens, symbols
from lossspec.server.state.document import Document
from lossspec.server.state.positions import Positions

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.fuzz.inputs import Files


def make(chance: random.Random) -> Files:
    """Return a changed text, and the place of the cursor: the limit of seconds is for one."""
    text = specs.changed(chance)
    place = [chance.randint(0, text.count(b"\n") + 1), chance.randint(0, 80)]
    return {"fuzz.loss.toml": text, "place.json": json.dumps(place).encode()}


def check(folder: Path) -> None:
    """Ask for everything at the place."""
    text = (folder / "fuzz.loss.toml").read_bytes().decode(errors="replace")
    everything(text, *json.loads((folder / "place.json").read_bytes()))


def everything(text: str, line: int, character: int) -> None:
    """Ask for all that there is, with the cursor at a place."""
    document = Document.of(text)
    positions = Positions(document.source)
    at = lsp.Position(line, character)
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(100_000, 0))
    context = lsp.CodeActionContext([])
    params = lsp.CodeActionParams(lsp.TextDocumentIdentifier("untitled:"), whole, context)
    for each in completion.complete(document, positions, at).items:
        edit = each.text_edit.range
        assert edit.start.line == edit.end.line
        assert edit.start <= edit.end
    hover.hover(document, positions, at)
    definition.definition(document, positions, at)
    diagnostics.diagnostics(document, positions)
    symbols.symbols(document, positions)
    lens.lenses(document, positions)
    actions.actions(document, positions, "untitled:", params)
