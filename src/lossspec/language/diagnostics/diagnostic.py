"""A problem in a spec as a person sees it: its place in a file, its words, its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from lossspec.faults import Severity, Span


@frozen
class Label:
    """Another place that takes part in a problem; ``line`` is the first line of its span, as it is."""

    source: str
    span: Span
    text: str
    line: str = ""


@frozen
class Diagnostic:
    """A problem in a spec, with its place: what ``lossspec.validate`` returns.

    Attributes:
        code: the stable word for this kind of problem; ``lossspec explain CODE`` tells more.
        severity: "error", or "warning" for what can be built all the same.
        message: what was found.
        source: the file it is in, as the user named it (``<stdin>``, ``<text>``, or a Python function).
        span: where in the source, or None if it has no text.
        help: what to do about it, or "".
        line: the first line of the span, as it is in the source.
        replacement: the text that mends it in place of the span, or None.
        certain: whether ``--fix`` may put it there.
        repeats: other spans that the same replacement mends: a key that several headers repeat.
        labels: other places that take part.
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
