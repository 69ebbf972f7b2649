"""``lossspec validate --statistics``: how often each code occurs, the most frequent first."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from lossspec.language.diagnostics.codes import codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.diagnostics.diagnostic import Diagnostic


def statistics(problems: Sequence[Diagnostic], form: str) -> str:
    """Return a line for each code, or a JSON array: its count, and how many ``--fix`` can fix."""
    counts = Counter(each.code for each in problems)
    fixable = Counter(each.code for each in problems if each.certain)
    order = sorted(counts, key=lambda code: (-counts[code], code))
    if form == "json":
        rows = [
            {
                "code": each,
                "severity": codes()[each].severity,
                "count": counts[each],
                "fixable": fixable[each],
            }
            for each in order
        ]
        return json.dumps(rows, indent=2)
    if not problems:
        return ""
    longest = max(map(len, (*counts, "code")))
    lines = [f"{'count':>5}  {'fixable':>7}  {'code':<{longest}}  what it is"]
    lines += (
        f"{counts[each]:>5}  {fixable[each]:>7}  {each:<{longest}}  {codes()[each].title}" for each in order
    )
    return "\n".join(lines)
