r"""Fixes a text: makes the replacements that are certain, and changes nothing else.

>>> from lossspec.faults import Span
>>> from lossspec.language.diagnostics.diagnostic import Diagnostic
>>> from lossspec.language.text.source import Source
>>> wrong = Diagnostic("unknown-key", "error", "unknown key `wieght`", "x.loss.toml", Span(2, 1, 2, 7),
...                    replacement="weight", certain=True)
>>> fixed, edits = apply_fixes(Source("x.loss.toml", "[losses.l1]\r\nwieght = 2"), [wrong])
>>> fixed, [(edit.old, edit.new) for edit in edits]
('[losses.l1]\r\nweight = 2', [('wieght', 'weight')])
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.language.text.source import BYTE_ORDER_MARK
from lossspec.paths import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lossspec.faults import Span
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.text.source import Source


@frozen
class Edit:
    """A replacement that was made: its place in the old text, the old and the new text."""

    span: Span
    old: str
    new: str


def apply_fixes(source: Source, diagnostics: Iterable[Diagnostic]) -> tuple[str, list[Edit]]:
    """Return the text with every certain replacement made, and these replacements.

    If replacements overlap, only the first one is made: the others may be out of date.
    """
    parts: list[str] = []
    edits: list[Edit] = []
    at = 0
    for span, new in sorted(_replacements(source, diagnostics)):
        start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
        if start < at:
            continue
        parts += [source.text[at:start], new]
        edits.append(Edit(span, source.text[start:end], new))
        at = end
    return "".join([*parts, source.text[at:]]), edits


def rewrite(path: Path, before: str, after: str) -> None:
    """Replace the text of a file, and keep its byte order mark.

    Raises:
        OSError: it cannot be written, is a link out of its folder by now, or has another text.
    """
    with open_regular(path, path.parent, update=True) as file:
        found = file.read()
        bare = found.removeprefix(BYTE_ORDER_MARK)
        if bare != before.encode():
            raise OSError(errno.EAGAIN, "it has changed since it was read: run the command again", str(path))
        file.seek(len(found) - len(bare))
        file.write(after.encode())
        file.truncate()


def _replacements(source: Source, diagnostics: Iterable[Diagnostic]) -> Iterator[tuple[Span, str]]:
    for each in diagnostics:
        if each.certain and each.span and each.replacement is not None and each.source == source.name:
            yield each.span, each.replacement
            for span in each.repeats:
                yield span, each.replacement
