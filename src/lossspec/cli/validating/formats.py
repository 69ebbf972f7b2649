"""The output formats of ``lossspec validate``: text, JSON, and those that CI services read.

>>> from lossspec.cli.validating.checking import Checked
>>> from lossspec.cli.validating.formats import formatted
>>> from lossspec.cli.validating.targets import Target
>>> from lossspec.faults import Span
>>> from lossspec.language.diagnostics.diagnostic import Diagnostic
>>> from lossspec.language.text.reference import Reference
>>> problem = Diagnostic("unknown-key", "error", "unknown key `wieght`", "x.loss.toml", Span(2, 1, 2, 7))
>>> checked = Checked(Target(Reference("x.loss.toml"), None), (problem,))
>>> print(formatted("concise", [checked]))
x.loss.toml:2:1: error[unknown-key]: unknown key `wieght`
>>> print(formatted("github", [checked]))
::error file=x.loss.toml,line=2,col=1,endLine=2,endColumn=7,title=unknown-key::unknown key `wieght`
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lossspec.clean import github as clean_github
from lossspec.cli.validating.checking import every_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.cli.validating.checking import Checked
    from lossspec.faults import Span
    from lossspec.language.diagnostics.diagnostic import Diagnostic

    Json = dict[str, object]

FORMATS = ("full", "concise", "json", "github", "gitlab", "junit", "sarif")


def formatted(form: str, checked: Sequence[Checked], *, color: bool = False) -> str:
    """Return the problems of all targets in one of the ``FORMATS``, without a newline at the end."""
    if form == "junit":
        from lossspec.cli.validating.junit import junit

        return junit(checked)
    problems = every_problem(checked)
    if form in {"full", "concise", "github"}:
        return _lines(form, problems, color=color) if problems else ""
    if form == "gitlab":
        from lossspec.cli.validating.gitlab import gitlab

        return gitlab(problems)
    if form == "sarif":
        from lossspec.cli.validating.sarif import sarif

        return sarif(problems)
    return json.dumps([_object(each) for each in problems], indent=2)


def _lines(form: str, problems: Sequence[Diagnostic], *, color: bool) -> str:
    """Return problems as text for people, or as workflow commands."""
    if form == "github":
        return "\n".join(map(_github, problems))
    from lossspec.language.diagnostics.render import render_concise, render_full

    if form == "concise":
        return "\n".join(map(render_concise, problems))
    return "\n\n".join(render_full(each, color=color) for each in problems)


def _github(problem: Diagnostic) -> str:
    """Return the workflow command of a problem; GitHub allows ``endColumn`` only within one line."""
    fields = {"file": problem.source}
    span = problem.span
    if span is not None:
        fields |= {"line": str(span.line), "col": str(span.column), "endLine": str(span.end_line)}
        if span.end_line == span.line:
            fields["endColumn"] = str(span.end_column)
    fields["title"] = problem.code
    properties = ",".join(f"{name}={clean_github(value, is_property=True)}" for name, value in fields.items())
    text = f"{problem.message}\n{problem.help}" if problem.help else problem.message
    return f"::{problem.severity} {properties}::{clean_github(text)}"


def _object(problem: Diagnostic) -> Json:
    """Return a problem for JSON: lines and columns are counted in characters from 1, ends are exclusive."""
    from lossspec.language.diagnostics.codes import url

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
