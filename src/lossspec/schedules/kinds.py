"""What a field of a schedule may hold: each kind takes a value, or says what is wrong with it.

A field is declared as ``attrs.field(metadata=number("where it begins"))``. The constructor's checks and
the JSON Schema are both read from that, so that a bound stands once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.schedules.fault import Path, ScheduleError, ScheduleFault, counted, shown

if TYPE_CHECKING:
    from attrs import Attribute

#: A number is 0, or its size lies between 1 / LARGEST and LARGEST: no sum, product or quotient of two
#: can then be infinite, and no formula has to look.
LARGEST = 1e100

_KEY = "kind"
_NUMBER = {"$ref": "#/$defs/number"}
_REFERENCE = {"$ref": "#/$defs/reference"}


@frozen
class Kind(ABC):
    """A kind of field: its one-line description, its check, and its JSON Schema."""

    description: str

    @abstractmethod
    def take(self, value: object, path: Path) -> object:
        """Return the value as the schedule keeps it, or raise a ``ScheduleError``."""

    @abstractmethod
    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of the value, without the description."""


@frozen
class Number(Kind):
    """A number, kept as a float; or a whole number, kept as an int."""

    above: float | None = None
    least: float | None = None
    most: float | None = None
    below: float | None = None
    whole: bool = False

    def take(self, value: object, path: Path) -> object:
        expected = "a whole number" if self.whole else "a number"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _error(path, f"is {shown(value)}, not {expected}", f"write {expected}", "wrong-type")
        if not -LARGEST <= value <= LARGEST:  # NaN is neither
            raise _error(path, f"is {shown(value)}", "write a finite number, at most 1e100", "not-finite")
        if 0 < abs(value) < 1 / LARGEST:
            raise _error(
                path, f"is {shown(value)}", "write 0, or a number of at least 1e-100", "out-of-range"
            )
        if self.whole and value != int(value):
            raise _error(path, f"is {shown(value)}, not {expected}", f"write {expected}", "wrong-type")
        if self.above is not None and value <= self.above:
            raise _error(path, f"is {shown(value)}", f"it must be above {shown(self.above)}", "out-of-range")
        if self.least is not None and value < self.least:
            raise _error(
                path, f"is {shown(value)}", f"it must be at least {shown(self.least)}", "out-of-range"
            )
        if self.most is not None and value > self.most:
            raise _error(path, f"is {shown(value)}", f"it must be at most {shown(self.most)}", "out-of-range")
        if self.below is not None and value >= self.below:
            raise _error(path, f"is {shown(value)}", f"it must be below {shown(self.below)}", "out-of-range")
        return int(value) if self.whole else float(value)

    def schema(self) -> dict[str, object]:
        bounds = {
            "exclusiveMinimum": self.above,
            "minimum": self.least,
            "maximum": self.most,
            "exclusiveMaximum": self.below,
        }
        given = {key: value for key, value in bounds.items() if value is not None}
        if not given and not self.whole:
            return dict(_NUMBER)
        return {"anyOf": [{"type": "integer" if self.whole else "number", **given}, dict(_REFERENCE)]}


@frozen
class Flag(Kind):
    """True or false."""

    def take(self, value: object, path: Path) -> object:
        if not isinstance(value, bool):
            raise _error(path, f"is {shown(value)}", "write true or false", "wrong-type")
        return value

    def schema(self) -> dict[str, object]:
        return {"anyOf": [{"type": "boolean"}, dict(_REFERENCE)]}


@frozen
class Text(Kind):
    """A string: any, or one of a few."""

    options: tuple[str, ...] = ()

    def take(self, value: object, path: Path) -> object:
        if self.options and value not in self.options:
            options = " or ".join(shown(each) for each in self.options)
            raise _error(path, f"is {shown(value)}", f"write {options}", "unknown-value")
        if not isinstance(value, str):
            raise _error(path, f"is {shown(value)}", "write a string", "wrong-type")
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": list(self.options)} if self.options else {"type": "string"}


@frozen
class Array(Kind):
    """An array of one kind, kept as a tuple."""

    items: Kind
    least: int = 0
    most: int | None = None
    otherwise: str = ""

    def take(self, value: object, path: Path) -> object:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise _error(path, f"is {shown(value)}", "write an array", "wrong-type")
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            bound = "exactly" if self.least == self.most else "at least"
            help_ = f"it takes {bound} {self.least}" + (
                f": for less, use {self.otherwise}" if self.otherwise else ""
            )
            raise _error(path, f"has {counted(len(value), 'value')}", help_, "wrong-length")
        taken: list[object] = []
        faults: list[ScheduleFault] = []
        for position, item in enumerate(value):
            try:
                taken.append(self.items.take(item, (*path, position)))
            except ScheduleError as error:
                faults += error.faults
        if faults:
            raise ScheduleError(faults)
        return tuple(taken)

    def schema(self) -> dict[str, object]:
        bounds = {"minItems": self.least or None, "maxItems": self.most}
        given = {key: value for key, value in bounds.items() if value is not None}
        return {"type": "array", "items": self.items.schema(), **given}


def number(
    description: str,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> dict[str, Kind]:
    """Declare a number, with the bounds that it keeps to."""
    return {_KEY: Number(description, above, least, most, below)}


def count(description: str, least: int = 1, most: int | None = None) -> dict[str, Kind]:
    """Declare a whole number."""
    return {_KEY: Number(description, least=least, most=most, whole=True)}


def flag(description: str) -> dict[str, Kind]:
    """Declare a switch."""
    return {_KEY: Flag(description)}


def choice(description: str, *options: str) -> dict[str, Kind]:
    """Declare one of a few words."""
    return {_KEY: Text(description, options)}


def array(
    description: str, items: Kind, least: int = 1, most: int | None = None, otherwise: str = ""
) -> dict[str, Kind]:
    """Declare an array of one kind; ``otherwise`` names what to use for a shorter one."""
    return {_KEY: Array(description, items, least, most, otherwise)}


def of_kind(kind: Kind) -> dict[str, Kind]:
    """Declare a field of a kind made elsewhere."""
    return {_KEY: kind}


def kind_of(attribute: Attribute[object]) -> Kind | None:
    """Return the kind of a field, or None for what is no field of the table."""
    found = attribute.metadata.get(_KEY)
    return found if isinstance(found, Kind) else None


def _error(path: Path, found: str, help_: str, code: str) -> ScheduleError:
    return ScheduleError([ScheduleFault(path, f"{named(path)} {found}", help_, code)])


def named(path: Path) -> str:
    """Write a key path as a spec would.

    >>> named(("points", 0, 1))
    '`points[0][1]`'
    """
    head, *rest = path
    return f"`{head}{''.join(f'[{each}]' if isinstance(each, int) else f'.{each}' for each in rest)}`"
