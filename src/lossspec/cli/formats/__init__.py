"""The output formats of ``lossspec validate``: text, JSON, GitHub annotations and SARIF.

>>> from lossspec.cli.formats import formatted
>>> from lossspec.faults import Span
>>> from lossspec.language.diagnostics.diagnostic import Diagnostic
>>> problem = Diagnostic("unknown-key", "error", "unknown key `wieght`", "x.loss.toml", Span(2, 1, 2, 7))
>>> print(formatted("concise", [problem]))
x.loss.toml:2:1: error[unknown-key]: unknown key `wieght`
>>> print(formatted("github", [problem]))
::error file=x.loss.toml,line=2,col=1,endLine=2,endColumn=7,title=unknown-key::unknown key `wieght`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.diagnostics.diagnostic import Diagnostic

FORMATS = ("full", "concise", "json", "github", "sarif")


def formatted(form: str, problems: Sequence[Diagnostic], *, color: bool = False) -> str:
    """Return problems in one of the ``FORMATS``, without a newline at the end."""
    if form == "json":
        from lossspec.cli.formats.json_array import json_array

        return json_array(problems)
    if form == "sarif":
        from lossspec.cli.formats.sarif import sarif

        return sarif(problems)
    if not problems:
        return ""
    if form == "github":
        from lossspec.cli.formats.github import github

        return "\n".join(map(github, problems))
    from lossspec.language.diagnostics.render import render_concise, render_full

    if form == "concise":
        return "\n".join(map(render_concise, problems))
    return "\n\n".join(render_full(each, color=color) for each in problems)
