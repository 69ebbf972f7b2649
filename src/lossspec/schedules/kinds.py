"""The kinds of fields that a schedule can have: each checks a value and has a JSON Schema.

A field is declared as ``attrs.field(metadata=number("where it begins", least=0))``. Both the check in the
constructor and the JSON Schema come from this declaration.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.faults import MAX_PROBLEMS, Fault
from lossspec.scalars import plain_number
from lossspec.schedules.error import ScheduleError, counted, must_be, shown
from lossspec.wording import dotted

if TYPE_CHECKING:
    from attrs import Attribute

    from lossspec.faults import KeyPath

#: The magnitude of a number is 0, or between 1 / LARGEST and LARGEST, so that no sum, product or quotient
#: of two numbers is infinite.
LARGEST = 1e100

_KEY = "kind"
_NUMBER = {"$ref": "#/$defs/number"}
_REFERENCE = {"$ref": "#/$defs/reference"}


@frozen
class Kind(ABC):
    """A kind of field: its one-line description, its check, and its JSON Schema."""

    description: str

    @abstractmethod
    def take(self, value: object, path: KeyPath) -> object:
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

    def take(self, value: object, path: KeyPath) -> object:
        value = plain_number(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            kind = "a whole number" if self.whole else "a number"
            raise ScheduleError([must_be(kind, value, path, "wrong-type")])
        if wrong := self._wrong(value):
            expected, code = wrong
            raise ScheduleError([must_be(expected, value, path, code)])
        return int(value) if self.whole else float(value)

    def _wrong(self, value: float) -> tuple[str, str] | None:
        """Return what a number must be and the code of the fault, or None if nothing is wrong."""
        if not -LARGEST <= value <= LARGEST:  # nor is NaN
            return "a finite number of at most 1e100 in magnitude", "not-finite"
        if value != 0 and abs(value) < 1 / LARGEST:
            return "0 or at least 1e-100 in magnitude", "out-of-range"
        if self.whole and value % 1 != 0:
            return "a whole number", "wrong-type"
        for bound, is_within, word in (
            (self.above, gt, "above"),
            (self.least, ge, "at least"),
            (self.most, le, "at most"),
            (self.below, lt, "below"),
        ):
            if bound is not None and not is_within(value, bound):
                return f"{word} {shown(bound)}", "out-of-range"
        return None

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

    def take(self, value: object, path: KeyPath) -> object:
        value = plain_number(value)
        if not isinstance(value, bool):
            raise ScheduleError([must_be("true or false", value, path, "wrong-type")])
        return value

    def schema(self) -> dict[str, object]:
        return {"anyOf": [{"type": "boolean"}, dict(_REFERENCE)]}


@frozen
class Text(Kind):
    """Any string, or one of a few."""

    options: tuple[str, ...] = ()

    def take(self, value: object, path: KeyPath) -> object:
        if self.options and value not in self.options:
            options = ", ".join(f"`{each}`" for each in self.options)
            raise ScheduleError([must_be(f"one of {options}", value, path, "unknown-value")])
        if not isinstance(value, str):
            raise ScheduleError([must_be("a string", value, path, "wrong-type")])
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": list(self.options)} if self.options else {"type": "string"}


@frozen
class Array(Kind):
    """An array of one kind, kept as a tuple; ``otherwise`` names a schedule for fewer items."""

    items: Kind
    least: int = 0
    most: int | None = None
    otherwise: str = ""

    def take(self, value: object, path: KeyPath) -> object:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ScheduleError([must_be("an array", value, path, "wrong-type")])
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            bound = "exactly" if self.least == self.most else "at least"
            message = f"`{dotted(path)}` must have {bound} {counted(self.least, 'value')}, got {len(value)}"
            help_ = f"use {self.otherwise} instead" if self.otherwise else ""
            raise ScheduleError([Fault("wrong-length", message, path, help=help_)])
        taken: list[object] = []
        faults: list[Fault] = []
        for position, item in enumerate(value):
            if len(faults) > MAX_PROBLEMS:
                break
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
    """Declare a number and its bounds."""
    return of_kind(Number(description, above, least, most, below))


def count(description: str, least: int = 1, most: int | None = None) -> dict[str, Kind]:
    """Declare a whole number."""
    return of_kind(Number(description, least=least, most=most, whole=True))


def flag(description: str) -> dict[str, Kind]:
    """Declare a boolean."""
    return of_kind(Flag(description))


def choice(description: str, *options: str) -> dict[str, Kind]:
    """Declare one of a few words."""
    return of_kind(Text(description, options))


def array(
    description: str, items: Kind, least: int = 1, most: int | None = None, otherwise: str = ""
) -> dict[str, Kind]:
    """Declare an array of one kind."""
    return of_kind(Array(description, items, least, most, otherwise))


def of_kind(kind: Kind) -> dict[str, Kind]:
    """Declare a field of any kind."""
    return {_KEY: kind}


def kind_of(attribute: Attribute[object]) -> Kind | None:
    """Return the kind of a field, or None if the field is not in the table."""
    found = attribute.metadata.get(_KEY)
    return found if isinstance(found, Kind) else None
