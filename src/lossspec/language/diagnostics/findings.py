"""Where a document comes from, and so where its faults are shown."""

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
    """What a document comes from: a file or text, a Python function, or the caller."""

    def diagnose(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Give faults of the document their place."""


@frozen(eq=False)
class TextOrigin:
    """A file or text: faults have lines and columns."""

    source: Source

    def diagnose(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Give each fault its place in the text, in the order of the text."""
        from lossspec.language.diagnostics.locate import locate  # the clean path does not pay

        return locate(faults, self.source)


@frozen(eq=False)
class CallerOrigin:
    """Values that the caller gives: an overlay or parameters. There is no text to point at."""

    name: str

    def diagnose(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Say who is meant by name."""
        from lossspec.language.diagnostics.codes import codes  # the clean path does not pay

        return [
            Diagnostic(each.code, codes()[each.code].severity, each.message, self.name, help=each.help)
            for each in faults
        ]


class Findings:
    """The faults found so far, each once, by the document that they are in."""

    def __init__(self) -> None:
        names.renew()
        self._found: dict[Origin, dict[Fault, None]] = {}
        self.diagnosed: list[Diagnostic] = []

    def add(self, origin: Origin, fault: Fault) -> None:
        """Note a fault of the document of ``origin``, unless it has more than are ever shown."""
        faults = self._found.setdefault(origin, {})
        if len(faults) <= MAX_PROBLEMS:
            faults[fault] = None

    def expect(self, origin: Origin, faults: Sequence[Fault]) -> None:
        """Keep the place of a document that has faults, before those of what it extends."""
        if faults:
            self._found.setdefault(origin, {})

    @property
    def is_full(self) -> bool:
        """Whether some document has more faults than are ever shown: then there is no need to go on."""
        return any(len(faults) > MAX_PROBLEMS for faults in self._found.values())

    def drop(self, is_dropped: Callable[[Fault], bool]) -> None:
        """Forget the faults of which a function says so."""
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
