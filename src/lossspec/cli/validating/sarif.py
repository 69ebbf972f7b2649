"""Problems as SARIF 2.1.0, the format of code scanning services.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from lossspec._version import __version__
from lossspec.clean import sarif as clean_sarif
from lossspec.language.diagnostics.codes import codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.faults import Span
    from lossspec.language.diagnostics.diagnostic import Diagnostic

    Json = dict[str, object]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://lossspec.readthedocs.io/"


def sarif(problems: Sequence[Diagnostic]) -> str:
    """Return the problems as a SARIF log of one run. Columns count characters: ``unicodeCodePoints``."""
    rules = sorted({each.code for each in problems})
    run: Json = {
        "tool": {
            "driver": {
                "name": "lossspec",
                "version": __version__,
                "informationUri": _HOME,
                "rules": [_rule(name) for name in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, rules.index(each.code)) for each in problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(name: str) -> Json:
    code = codes()[name]
    return {
        "id": name,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.what},
        "helpUri": code.url,
        "defaultConfiguration": {"level": code.severity},
    }


def _result(problem: Diagnostic, rule: int) -> Json:
    text = f"{problem.message}\n{problem.help}" if problem.help else problem.message
    result: Json = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": clean_sarif(text)},
        "locations": [_location(problem.source, problem.span)],
    }
    if problem.labels:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(label.source, label.span),
                "message": {"text": clean_sarif(label.text)},
            }
            for number, label in enumerate(problem.labels)
        ]
    if problem.replacement is not None and problem.span is not None:
        spans = (problem.span, *problem.repeats)
        replacement = {"text": problem.replacement}
        result["fixes"] = [
            {
                "description": {"text": clean_sarif(problem.help or f"write {problem.replacement}")},
                "artifactChanges": [
                    {
                        "artifactLocation": _artifact(problem.source),
                        "replacements": [
                            {"deletedRegion": _region(span), "insertedContent": replacement} for span in spans
                        ],
                    }
                ],
            }
        ]
    return result


def _location(source: str, span: Span | None) -> Json:
    place: Json = {"artifactLocation": _artifact(source)}
    if span is not None:
        place["region"] = _region(span)
    return {"physicalLocation": place}


def _artifact(source: str) -> Json:
    """Return the URI of a file, relative or absolute as the path is."""
    path = Path(source)
    return {"uri": path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))}


def _region(span: Span) -> Json:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
