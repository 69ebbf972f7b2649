"""The fields that hold schedules."""

from __future__ import annotations

from attrs import frozen

from lossspec.schedules.base import Schedule
from lossspec.schedules.fault import Path, ScheduleError, ScheduleFault, shown
from lossspec.schedules.kinds import Array, Kind, named, of_kind


@frozen
class Child(Kind):
    """A schedule inside another."""

    def take(self, value: object, path: Path) -> object:
        if isinstance(value, Schedule):
            return value
        message = f"{named(path)} is {shown(value)}, not a schedule"
        help_ = 'put a schedule there: `{ type = "constant", value = 1.0 }` for a number'
        raise ScheduleError([ScheduleFault(path, message, help_, "wrong-type")])

    def schema(self) -> dict[str, object]:
        return {"$ref": "#/$defs/schedule"}


def child(description: str) -> dict[str, Kind]:
    """Declare a schedule."""
    return of_kind(Child(description))


def children(description: str, least: int) -> dict[str, Kind]:
    """Declare an array of schedules."""
    return of_kind(Array(description, Child("a schedule"), least))
