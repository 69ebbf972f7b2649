"""Problems as a code quality report of GitLab, which shows them in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from lossspec.clean import service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.diagnostics.diagnostic import Diagnostic

    Json = dict[str, object]

_SEVERITY = {"error": "major", "warning": "minor"}


def gitlab(problems: Sequence[Diagnostic]) -> str:
    """Return the report, a JSON array.

    A fingerprint does not depend on the line, so a problem that moves is not a new one. Of equal problems in
    one file, each has its own.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    rows = []
    for each in problems:
        key = (_path(each.source), each.code, each.message)
        rows.append(_row(each, "\0".join((*key, str(seen[key])))))
        seen[key] += 1
    return json.dumps(rows, indent=2)


def _row(problem: Diagnostic, key: str) -> Json:
    text = f"{problem.message}: {problem.help}" if problem.help else problem.message
    return {
        "description": service(text),
        "check_name": problem.code,
        "fingerprint": hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest(),
        "severity": _SEVERITY[problem.severity],
        "location": {
            "path": service(_path(problem.source)),
            "lines": {"begin": problem.span.line if problem.span else 1},
        },
    }


def _path(source: str) -> str:
    """Return a path as GitLab has it: relative to the current folder, which is that of the repository.

    >>> _path("./specs/a.loss.toml"), _path(os.path.abspath("a.loss.toml")), _path("<stdin>")
    ('specs/a.loss.toml', 'a.loss.toml', '<stdin>')
    """
    path = os.path.relpath(source) if os.path.isabs(source) else os.path.normpath(source)  # noqa: PTH117
    return PurePath(path).as_posix()
