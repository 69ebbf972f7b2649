"""Finds the problems of a text that is not TOML: its syntax errors, and those of its valid statements.

Statements with a syntax error are left out, and the rest is checked against the schema. Problems that a
missing statement may have caused, such as a missing key, are not reported: they may be false.
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

#: Problems of a key or a value that do not depend on the rest of the file.
_INDEPENDENT_CODES = frozenset(
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
#: The statements of a larger text are checked only once all of it is TOML: the answer must not take long.
_MAX_LENGTH = 64 * 1024


def every_fault(source: Source, error: ValueError | None) -> list[Diagnostic]:
    """Return the syntax errors of a source and the faults of its other statements, in the order of the file.

    Args:
        source: a text that is not valid.
        error: the error of the parser, used if the tolerant reader finds none.
    """
    reading = source.reading
    if error is not None and not reading.faults:
        return locate([fault_of_the_parser(source.text, error)], source)
    found = [*locate(reading.faults, source), *locate(_other_faults(reading.rest()), source)]
    end = (len(source.text), 0)
    return sorted(found, key=lambda each: (each.span.line, each.span.column) if each.span else end)


def _other_faults(rest: str) -> Iterator[Fault]:
    """Yield the independent faults of a text without its broken statements."""
    from lossspec.language.schema.committed import validator  # reading does not need the schema

    if len(rest) > _MAX_LENGTH or scan(rest) is not None:
        return
    try:
        document = tomli.loads(rest)
    except ValueError:  # for a reason that only the parser knows
        return
    yield from (each for each in validator().faults(document) if each.code in _INDEPENDENT_CODES)
