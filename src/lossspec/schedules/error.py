"""The error of an invalid schedule, and the wording of its problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.faults import Fault
from lossspec.scalars import repr_of
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.faults import KeyPath


class ScheduleError(LossSpecError, ValueError):
    """An invalid schedule, or a schedule called with an invalid ``t``.

    Args:
        faults: every problem, each with a path relative to the table of the schedule.
        schedule: the type of the schedule, for the message.
    """

    def __init__(self, faults: Iterable[Fault], schedule: str = "") -> None:
        self.faults = tuple(faults)
        prefix = f"{schedule}: " if schedule else ""
        lines = [f"{each.message}; {each.help}" if each.help else each.message for each in self.faults]
        super().__init__("\n".join(prefix + line for line in lines))


def must_be(expected: str, value: object, path: KeyPath, code: str, help_: str = "") -> Fault:
    """Return the fault of a field with an invalid value.

    >>> must_be("above 0", -1.0, ("points", 0, 1), "out-of-range").message
    '`points[0][1]` must be above 0, got `-1`'
    """
    message = f"`{dotted(path)}` must be {expected}, got `{shown(value)}`"
    return Fault(code, message, path, help=help_)


def shown(value: object) -> str:
    """Write a value as in a spec, whole numbers without a fraction; a long one is cut.

    >>> shown(5.0), shown(0.5), shown("a"), shown(True)
    ('5', '0.5', '"a"', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else repr_of(value).removesuffix(".0")
    return text if len(text) <= 60 else f"{text[:57]}..."


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    >>> counted(1, "value"), counted(2, "value")
    ('1 value', '2 values')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
