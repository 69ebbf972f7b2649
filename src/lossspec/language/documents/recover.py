"""What can be told of a text that is not TOML: its syntax errors, and what is wrong in the lines between.

A statement with a syntax error is left out, and what is left is held against the schema. Faults that the
missing statement may have caused, such as a key that is not there, are not told: they may not be true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomli

from lossspec.language.diagnostics.locate import locate
from lossspec.language.text.limits import scan
from lossspec.language.text.syntax_faults import fault_of_the_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import Fault
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
        error: the error of the parser.
    """
    reading = source.reading
    if not reading.faults:
        return locate([fault_of_the_parser(source.text, error)], source)
    found = [*locate(reading.faults, source), *locate(_other_faults(reading.rest()), source)]
    end = (len(source.text), 0)
    return sorted(found, key=lambda each: (each.span.line, each.span.column) if each.span else end)


def _other_faults(rest: str) -> Iterator[Fault]:
    """Yield the faults of a text without its broken statements that are true whatever these say."""
    from lossspec.language.schema.committed import validator  # reading does without the schema

    if len(rest) > _MAX_LENGTH or scan(rest) is not None:
        return
    try:
        document = tomli.loads(rest)
    except ValueError:  # only the parser knows what is wrong
        return
    yield from (each for each in validator().faults(document) if each.code in _CODES_OF_ITS_OWN)
