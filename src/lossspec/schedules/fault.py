"""What can be wrong with a schedule: a problem at a key of its table, and the error that carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]


@frozen
class ScheduleFault:
    """A problem with a schedule.

    Attributes:
        path: the keys that lead from the schedule's own table to the culprit, array positions as integers.
        message: what was found, in lower case, without a full stop; it stands alone.
        help: what to do about it.
        code: the stable word for this kind of problem.
    """

    path: Path
    message: str
    help: str
    code: str

    def under(self, path: Path) -> ScheduleFault:
        """Return the same fault as seen from a table that holds this one at ``path``."""
        return evolve(self, path=(*path, *self.path))


class ScheduleError(LossSpecError, ValueError):
    """A schedule that can't be: ``faults`` holds every problem found; or a ``t`` that is no position."""

    def __init__(self, faults: Iterable[ScheduleFault], schedule: str = "") -> None:
        self.faults = tuple(faults)
        prefix = f"{schedule}: " if schedule else ""
        super().__init__("\n".join(f"{prefix}{each.message}; {each.help}" for each in self.faults))


def shown(value: object) -> str:
    """Write a value as a spec would, whole numbers without a fraction; a long one is cut.

    >>> shown(5.0), shown(0.5), shown("a"), shown(True)
    ('5', '0.5', '"a"', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else repr(value).removesuffix(".0")
    return text if len(text) <= 60 else f"{text[:57]}..."


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    >>> counted(1, "value"), counted(2, "value")
    ('1 value', '2 values')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
