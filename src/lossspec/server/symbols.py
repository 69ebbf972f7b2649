"""Document symbols: the outline of a spec, its sections and what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen
from lsprotocol import types as lsp

if TYPE_CHECKING:
    from lossspec.faults import KeyPath
    from lossspec.server.state.document import Document
    from lossspec.server.state.positions import Positions

_KINDS = {
    "params": lsp.SymbolKind.Constant,
    "inputs": lsp.SymbolKind.Variable,
    "losses": lsp.SymbolKind.Function,
    "objectives": lsp.SymbolKind.Operator,
    "variants": lsp.SymbolKind.Module,
}
_SECTION = lsp.SymbolKind.Namespace
#: Entries of a section that are shown.
_MOST = 5_000


@frozen
class _Outline:
    """Makes the symbols of a document."""

    document: Document
    positions: Positions

    def sections(self, prefix: KeyPath, table: dict[str, object]) -> list[lsp.DocumentSymbol]:
        """Return the symbols of the sections of a table: of the spec, or of a variant."""
        found = []
        for section in _KINDS:
            entries = table.get(section)
            if isinstance(entries, dict):
                path = (*prefix, section)
                children = [self.entry(section, (*path, name), each) for name, each in entries.items()]
                found.append(self.symbol(path, _SECTION, "", [each for each in children if each][:_MOST]))
        return [each for each in found if each]

    def entry(self, section: str, path: KeyPath, entry: object) -> lsp.DocumentSymbol | None:
        """Return the symbol of an entry of a section, which in a variant has sections of its own."""
        has_sections = len(path) == 2 and section == "variants" and isinstance(entry, dict)
        inner = self.sections(path, cast("dict[str, object]", entry)) if has_sections else []
        return self.symbol(path, _KINDS[section], _detail(entry), inner)

    def symbol(
        self, path: KeyPath, kind: lsp.SymbolKind, detail: str, children: list[lsp.DocumentSymbol]
    ) -> lsp.DocumentSymbol | None:
        """Return the symbol of a key, or None if the text does not have it; its range holds its children."""
        tables = self.document.tables
        key = tables.key(path)
        if key is None:
            return None
        own = self.positions.of_offsets(*key)
        value = self.positions.of_offsets(*(tables.value(path) or key))
        return lsp.DocumentSymbol(
            name=str(path[-1]) or '""',  # the protocol wants a name
            kind=kind,
            range=lsp.Range(
                min([own.start, *(each.range.start for each in children)]),
                max([own.end, value.end, *(each.range.end for each in children)]),
            ),
            selection_range=own,
            detail=detail[:80] or None,
            children=children,
        )


def symbols(document: Document, positions: Positions) -> list[lsp.DocumentSymbol]:
    """Return the sections of a spec with their entries, and in variants with their sections."""
    return _Outline(document, positions).sections((), document.table)


def _detail(entry: object) -> str:
    """Return what is shown beside a name: its type, its default or its description."""
    if not isinstance(entry, dict):
        return str(entry)
    said = cast("dict[str, object]", entry)
    return str(next((said[key] for key in ("type", "default", "weight", "description") if key in said), ""))
