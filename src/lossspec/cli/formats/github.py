"""Problems as GitHub Actions workflow commands, shown as annotations in a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossspec.language.diagnostics.diagnostic import Diagnostic


def github(problem: Diagnostic) -> str:
    """Return the workflow command of a problem; GitHub allows ``endColumn`` only within one line."""
    fields = {"file": problem.source}
    span = problem.span
    if span is not None:
        fields |= {"line": str(span.line), "col": str(span.column), "endLine": str(span.end_line)}
        if span.end_line == span.line:
            fields["endColumn"] = str(span.end_column)
    fields["title"] = problem.code
    properties = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    text = f"{problem.message}\n{problem.help}" if problem.help else problem.message
    return f"::{problem.severity} {properties}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
