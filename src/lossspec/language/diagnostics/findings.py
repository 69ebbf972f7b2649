"""Collects the faults of documents, and gives each its place: in a text, or with the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from lossspec import names
from lossspec.faults import MAX_PROBLEMS, Fault
from lossspec.language.diagnostics.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lossspec.language.text.source import Source


class Origin(Protocol):
    """The origin of a document: a file or text, a Python function, or the caller."""

    def diagnose(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Return the faults of the document with their place."""


@frozen(eq=False)
class TextOrigin:
    """A file or text: faults have lines and columns."""

    source: Source

    def diagnose(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Return each fault with its place in the text, in order, but none that a comment ignores."""
        if not (found := self.located(faults)):
            return found
        from lossspec.language.diagnostics.ignores import without_ignored  # the clean path does not pay

        return without_ignored(found, self.source)

    def located(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Return each fault with its place in the text, in order, ignored or not."""
        from lossspec.language.diagnostics.locate import locate  # the clean path does not pay

        return locate(faults, self.source)


@frozen(eq=False)
class CallerOrigin:
    """An overlay or parameters from the caller. There is no text to point at."""

    name: str

    def diagnose(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Return each fault with the name of the origin in place of a file."""
        from lossspec.language.diagnostics.codes import codes  # the clean path does not pay

        return [
            Diagnostic(each.code, codes()[each.code].severity, each.message, self.name, help=each.help)
            for each in faults
        ]


class Findings:
    """The faults found so far, each once, by the document that they are in."""

    def __init__(self) -> None:
        names.reset_budget()
        self._found: dict[Origin, dict[Fault, None]] = {}
        self.diagnosed: list[Diagnostic] = []

    def add(self, origin: Origin, fault: Fault) -> None:
        """Add a fault of a document, unless the document has more than are ever shown."""
        faults = self._found.setdefault(origin, {})
        if len(faults) <= MAX_PROBLEMS:
            faults[fault] = None

    def expect(self, origin: Origin, faults: Sequence[Fault]) -> None:
        """Put a document that has faults before the documents that it extends."""
        if faults:
            self._found.setdefault(origin, {})

    @property
    def is_full(self) -> bool:
        """Whether a document has more faults than are ever shown: further checks are useless."""
        return any(len(faults) > MAX_PROBLEMS for faults in self._found.values())

    def drop(self, is_dropped: Callable[[Fault], bool]) -> None:
        """Remove the faults for which a function returns true."""
        for origin, faults in self._found.items():
            self._found[origin] = {fault: None for fault in faults if not is_dropped(fault)}

    def of(self, origin: Origin) -> list[Fault]:
        """Return the faults of one document."""
        return list(self._found.get(origin, ()))

    def codes(self) -> set[str]:
        """Return the codes of all faults."""
        return {fault.code for faults in self._found.values() for fault in faults}

    def diagnostics(self) -> list[Diagnostic]:
        """Return every fault with its place, document by document."""
        placed = (each for origin, faults in self._found.items() for each in origin.diagnose(faults))
        return [*self.diagnosed, *placed]
