"""Problems as a JSON array. Lines and columns are counted in characters from 1; an end is exclusive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lossspec.language.diagnostics.codes import url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.faults import Span
    from lossspec.language.diagnostics.diagnostic import Diagnostic

    Json = dict[str, object]


def json_array(problems: Sequence[Diagnostic]) -> str:
    """Return the problems as a JSON array of objects."""
    return json.dumps([_object(each) for each in problems], indent=2)


def _object(problem: Diagnostic) -> Json:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "path": problem.source,
        "range": _range(problem.span),
        "help": problem.help or None,
        "suggestion": _suggestion(problem),
        "related": [
            {"path": label.source, "range": _range(label.span), "message": label.text}
            for label in problem.labels
        ],
        "url": url(problem.code),
    }


def _suggestion(problem: Diagnostic) -> Json | None:
    """Return the replacement text, where it goes, and whether ``--fix`` applies it."""
    if problem.replacement is None or problem.span is None:
        return None
    return {
        "replacement": problem.replacement,
        "certain": problem.certain,
        "ranges": [_range(span) for span in (problem.span, *problem.repeats)],
    }


def _range(span: Span | None) -> Json | None:
    if span is None:
        return None
    return {
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }
