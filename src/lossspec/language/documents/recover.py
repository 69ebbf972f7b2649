"""What can be told of a text that is not TOML: its syntax errors, and what is wrong in the lines between.

A statement with a syntax error is left out, and what is left is held against the schema. Faults that the
missing statement may have caused, such as a key that is not there, are not told: they may not be true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomli
from attrs import evolve

from lossspec.language.diagnostics.locate import locate
from lossspec.language.text.limits import scan
from lossspec.language.text.syntax import syntax_faults

if TYPE_CHECKING:
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.text.source import Source

#: What is wrong with a key or a value whatever else the file says.
_CODES_OF_ITS_OWN = frozenset(
    (
        "bad-expression",
        "bad-name",
        "bad-reference",
        "not-finite",
        "out-of-range",
        "unknown-format",
        "unknown-key",
        "unknown-schedule",
        "unknown-type",
        "unknown-value",
        "wrong-length",
        "wrong-type",
    )
)
#: A larger text is looked at again when it is TOML: until then an answer must not take long.
_MAX_LENGTH = 64 * 1024


def every_fault(source: Source, error: ValueError) -> list[Diagnostic]:
    """Return the syntax errors of a source and the faults of its other statements, in the order of the file.

    Args:
        source: what is not TOML.
        error: what the parser said of it.
    """
    faults, rest = syntax_faults(source.text, error)
    beside = [evolve(each, line=_line(source, each)) for each in _beside(evolve(source, text=rest))]
    found = [*locate(faults, source), *beside]
    return sorted(found, key=lambda each: (each.span.line, each.span.column) if each.span else (len(rest), 0))


def _line(source: Source, diagnostic: Diagnostic) -> str:
    """Return the line as it is, with what was left out of it."""
    return source.line(diagnostic.span.line) if diagnostic.span else ""


def _beside(rest: Source) -> list[Diagnostic]:
    """Return the faults of a source without its broken statements that are true whatever these said."""
    from lossspec.language.schema.committed import validator  # reading does without the schema

    if len(rest.text) > _MAX_LENGTH or scan(rest.text) is not None:
        return []
    try:
        document = tomli.loads(rest.text)
    except ValueError:  # only the parser knows what is wrong
        return []
    return locate((each for each in validator().faults(document) if each.code in _CODES_OF_ITS_OWN), rest)
