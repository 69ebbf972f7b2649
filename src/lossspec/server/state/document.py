"""The state of an open spec: its text, what can be read of it, and the place of each key and value."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import tomli
from attrs import field, frozen

from lossspec.faults import get
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.findings import Findings, TextOrigin
from lossspec.language.documents.document import make_draft
from lossspec.language.documents.project import ProjectError, project
from lossspec.language.documents.read import decode
from lossspec.language.load import validate_source
from lossspec.language.resolve.variants import stack, with_variants
from lossspec.language.text.limits import scan
from lossspec.language.text.reading import Reading
from lossspec.language.text.reference import SUFFIX
from lossspec.language.text.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from lossspec.faults import KeyPath
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.documents.document import Draft
    from lossspec.language.resolve.layers import Stack
    from lossspec.language.text.tables import Tables

Table = dict[str, object]


@frozen(eq=False)
class Document:
    """One version of an open spec. All but the text is computed when it is first asked for.

    Attributes:
        source: its text.
        path: its file, or None.
        refused: the problems of a text that is not read at all: it is too large, or not UTF-8.
        earlier: the table of the version before, for a text of which nothing can be read.
    """

    source: Source
    path: Path | None = None
    refused: tuple[Diagnostic, ...] = ()
    earlier: Table = field(factory=dict)

    @classmethod
    def of(cls, text: str, path: Path | None = None, before: Document | None = None) -> Document:
        r"""Return the document of a text.

        >>> Document.of('format = 1\nlosses.a = { type = "tor').table
        {'format': 1}
        """
        name = str(path) if path else "<editor>"
        earlier = before.table if before else {}
        try:
            return cls(decode(text.encode(errors="surrogatepass"), name, path), path, (), earlier)
        except SpecError as error:
            return cls(Source(name, text, path), path, tuple(error.diagnostics))

    @property
    def name(self) -> str:
        """The name of the spec."""
        return self.path.name.removesuffix(SUFFIX) if self.path else "spec"

    @cached_property
    def diagnostics(self) -> list[Diagnostic]:
        """Every problem of the spec and of what it extends, but no warning that its project ignores."""
        found = list(self.refused) or validate_source(self.source, self.name)
        if self.path is None or all(each.severity == "error" for each in found):
            return found
        try:
            ignored = project(self.path.resolve().parent).ignore
        except ProjectError:  # the command reports it
            return found
        return [each for each in found if each.code not in ignored]

    @cached_property
    def is_read(self) -> bool:
        """Whether the text is within the limits of the reader."""
        return not self.refused and scan(self.source.text) is None

    @cached_property
    def tables(self) -> Tables:
        """The places of keys and values in valid statements."""
        return self.source.reading.tables if self.is_read else Reading("").tables

    @cached_property
    def table(self) -> Table:
        """The document; without its broken statements if it is not TOML."""
        if not self.is_read:
            return {}
        if (whole := _parsed(self.source.text)) is not None:
            return whole
        return _parsed(self.source.reading.rest()) or self.earlier

    def without_line(self, offset: int) -> Document:
        """Return the document without the line of an offset if it is not TOML: that line is being typed."""
        text = self.source.text
        if not self.is_read or _parsed(text) is not None:
            return self
        start, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
        return Document.of(text[:start] + text[end:] if end >= 0 else text[:start], self.path, self)

    @cached_property
    def draft(self) -> Draft:
        """The document checked against the schema, and what it extends."""
        return make_draft(self.name, TextOrigin(self.source), self.table, Findings(), self.path)

    @cached_property
    def base(self) -> Stack:
        """The document merged over what it extends, without variants of its own."""
        return stack(self.draft)

    @cached_property
    def _scopes(self) -> dict[str, Table]:
        return {}

    def scope(self, path: KeyPath) -> tuple[Table, KeyPath]:
        """Return the merged document that a path of this one is part of, and the path in it.

        Inside a variant, that is the document with the variant applied.
        """
        if len(path) < 2 or path[0] != "variants":
            return self.base.table, path
        name = str(path[1])
        if name not in self._scopes:
            self._scopes[name] = with_variants(self.base, [name]).table
        return self._scopes[name], path[2:]

    def value(self, path: KeyPath) -> object:
        """Return what is written at a path, or else what is inherited there, or None."""
        table, rest = self.scope(path)
        for found in (get(self.table, path), get(table, rest)):
            if isinstance(found, str | int | float | list | dict):
                return cast("object", found)
        return None

    def type_of(self, path: KeyPath) -> str | None:
        """Return the ``type`` of the table at a path, its own or inherited."""
        found = self.value((*path, "type"))
        return found if isinstance(found, str) else None


def _parsed(text: str) -> Table | None:
    """Return the table of a text, or None if it is not TOML."""
    try:
        return tomli.loads(text)
    except ValueError:
        return None
