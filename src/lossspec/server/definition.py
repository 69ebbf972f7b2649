"""Go to definition: from ``extends`` to the file, from a name to the key that defines it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lossspec.errors import LossSpecError
from lossspec.language.diagnostics.findings import Findings, TextOrigin
from lossspec.language.documents.document import read_draft
from lossspec.language.text.selection import tensor_of
from lossspec.server.state import vocabulary
from lossspec.server.state.positions import Positions

if TYPE_CHECKING:
    from lossspec.faults import KeyPath
    from lossspec.language.documents.document import Draft
    from lossspec.server.state.document import Document

_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_SECTIONS = {"tensor": "inputs", "objective": "objectives", "loss": "losses"}


def definition(document: Document, positions: Positions, position: lsp.Position) -> lsp.Location | None:
    """Return where the name at a position is defined: in this file, or in one that it extends."""
    offset = positions.offset(position)
    found = document.tables.at(offset)
    if found is None or found[1] == "key":
        return None
    path, _, (start, end) = found
    text = document.source.text[start:end]
    word = next((each for each in _NAME.finditer(text) if each.start() <= offset - start <= each.end()), None)
    if word is None:
        return None
    kind = vocabulary.kind_at(document, path)
    if kind == "spec":
        return _spec(document, positions, text.strip("\"'"), word[0])
    if "${" in text:
        return _key(document, positions, path, "params", word[0])
    if kind == "part":
        section, _, name = text.strip("\"'").partition(".")
        return _key(document, positions, path, section, name)
    name = tensor_of(text.strip("\"'")) if kind == "tensor" else word[0]  # not the key that it selects
    return _key(document, positions, path, _SECTIONS[kind], name) if kind in _SECTIONS else None


def _spec(document: Document, positions: Positions, text: str, word: str) -> lsp.Location | None:
    """Return the file of a spec, or the variant of it that the word names."""
    name, *picked = text.split("+")
    file = vocabulary.spec_file(name, document.path)
    if file is None:
        return None
    if word in picked:
        try:
            found = _in_drafts(read_draft(file, Findings()), positions, ("variants", word))
        except LossSpecError:
            found = None
        if found is not None:
            return found
    start = lsp.Position(0, 0)
    return lsp.Location(file.resolve().as_uri(), lsp.Range(start, start))


def _key(
    document: Document, positions: Positions, path: KeyPath, section: str, name: str
) -> lsp.Location | None:
    """Return the key that defines a name: in the same variant, this document, or one that it extends."""
    own = path[:2] if path[0] == "variants" else ()
    scopes = [own, ()] if own else [()]
    for prefix in scopes:
        found = _in_drafts(document.draft, positions, (*prefix, section, name))
        if found is not None:
            return found
    return None


def _in_drafts(draft: Draft | None, positions: Positions, path: KeyPath) -> lsp.Location | None:
    """Return where a key is written: in a draft, or else in what it extends."""
    while draft is not None:
        origin = draft.origin
        if isinstance(origin, TextOrigin) and origin.source.path is not None:
            place = origin.source.reading.tables.key(path)
            if place is not None:
                where = Positions(origin.source, positions.units).of_offsets(*place)
                return lsp.Location(origin.source.path.resolve().as_uri(), where)
        draft = draft.parent
    return None
