"""A problem in a spec: its place in a file, its message and its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from lossspec.faults import Severity, Span


@frozen
class Label:
    """Another place that is part of a problem; ``line`` is the first line of its span."""

    source: str
    span: Span
    text: str
    line: str = ""


@frozen
class Diagnostic:
    """A problem in a spec, with its place: what ``lossspec.validate`` returns.

    Attributes:
        code: the stable code of this kind of problem; ``lossspec explain CODE`` explains it.
        severity: "error", or "warning" if the spec can be built all the same.
        message: what was found.
        source: the file, as the user named it; or ``<stdin>``, ``<text>``, or a Python function.
        span: the place in the source, or None if the source has no text.
        help: what to do about it, or "".
        line: the first line of the span.
        replacement: the text that fixes it in place of the span, or None.
        certain: whether ``--fix`` applies the replacement.
        repeats: other spans for the same replacement: a key that several headers repeat.
        labels: other places that are part of the problem.
    """

    code: str
    severity: Severity
    message: str
    source: str
    span: Span | None = None
    help: str = ""
    line: str = ""
    replacement: str | None = None
    certain: bool = False
    repeats: tuple[Span, ...] = ()
    labels: tuple[Label, ...] = ()
