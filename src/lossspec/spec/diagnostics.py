"""A problem in a spec: as the checks see it (a key path), and as a person sees it (a place in a file)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import frozen

from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

KeyPath = tuple[str | int, ...]
Severity = Literal["error", "warning"]


@frozen
class Fault:
    """A problem at a key path, before it has a place in a file.

    Attributes:
        code: the stable word for this kind of problem, a key of the table of codes.
        message: what was found, in lower case, without a full stop; it stands alone.
        path: the key path of the culprit in its document, array positions as integers.
        at: whether the key or its value is at fault.
        help: what to do about it, or "".
        replacement: TOML text that mends it if put in place of the key or value, or None.
        certain: whether ``lossspec validate --fix`` may put it there unasked.
        related: other places of the same document that take part, each with a label.
        meant: the dotted key that a wrong one was meant to be, where a replacement would not do.
    """

    code: str
    message: str
    path: KeyPath
    at: Literal["key", "value"] = "value"
    help: str = ""
    replacement: str | None = None
    certain: bool = False
    related: tuple[tuple[KeyPath, str], ...] = ()
    meant: str = ""


@frozen
class TextFault:
    """A problem in text that is not a document (yet): where it stands is known by offsets.

    Attributes:
        code, message, help, replacement, certain: as those of a ``Fault``.
        start: the offset of the first character at fault.
        end: the offset after the last one.
        related: other places that take part: start, end and a label.
    """

    code: str
    message: str
    start: int
    end: int
    help: str = ""
    replacement: str | None = None
    certain: bool = False
    related: tuple[tuple[int, int, str], ...] = ()


@frozen(order=True)
class Span:
    """A stretch of a file. Lines and columns count characters from 1; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


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


class SpecError(LossSpecError):
    """A spec that can't be read, resolved or built; ``diagnostics`` holds every problem found."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        from lossspec.spec.render import render_full  # noqa: PLC0415 - the clean path does not pay

        self.diagnostics = tuple(diagnostics)
        super().__init__("\n" + "\n".join(render_full(each) for each in self.diagnostics))
