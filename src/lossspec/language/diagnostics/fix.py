r"""Mends a text: puts certain replacements in their places, and touches nothing else.

>>> from lossspec.faults import Span
>>> from lossspec.language.diagnostics.diagnostic import Diagnostic
>>> from lossspec.language.text.source import Source
>>> wrong = Diagnostic("unknown-key", "error", "unknown key `wieght`", "x.loss.toml", Span(2, 1, 2, 7),
...                    replacement="weight", certain=True)
>>> mended, done = mend(Source("x.loss.toml", "[losses.l1]\r\nwieght = 2"), [wrong])
>>> mended, [(edit.old, edit.new) for edit in done]
('[losses.l1]\r\nweight = 2', [('wieght', 'weight')])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.language.text.source import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lossspec.faults import Span
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.text.source import Source


@frozen
class Edit:
    """A stretch of text that was replaced: where it stood, what it was and what it is now."""

    span: Span
    old: str
    new: str


def mend(source: Source, diagnostics: Iterable[Diagnostic]) -> tuple[str, list[Edit]]:
    """Return the text with every certain replacement in its place, and what was replaced.

    Of replacements that overlap the first one is made: the others may be made of the new text.
    """
    parts: list[str] = []
    done: list[Edit] = []
    at = 0
    for span, new in sorted(_replacements(source, diagnostics)):
        start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
        if start < at:
            continue
        parts += [source.text[at:start], new]
        done.append(Edit(span, source.text[start:end], new))
        at = end
    return "".join([*parts, source.text[at:]]), done


def rewrite(path: Path, text: str) -> None:
    """Put a text in place of a file's, whose byte order mark stays."""
    with path.open("r+b") as file:
        if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            file.seek(0)
        file.write(text.encode())
        file.truncate()


def _replacements(source: Source, diagnostics: Iterable[Diagnostic]) -> Iterator[tuple[Span, str]]:
    for each in diagnostics:
        if each.certain and each.span and each.replacement is not None and each.source == source.name:
            yield each.span, each.replacement
            for span in each.repeats:
                yield span, each.replacement
