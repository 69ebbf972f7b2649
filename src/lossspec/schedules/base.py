"""What every weight schedule is: a frozen table of numbers, called with the clock ``t``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from attrs import field, fields, frozen

from lossspec.schedules.fault import ScheduleError, ScheduleFault, shown
from lossspec.schedules.kinds import choice, kind_of, number

if TYPE_CHECKING:
    from attrs import Attribute

    from lossspec.schedules.kinds import Kind

Unit = Literal["epoch", "step", "fraction"]
Function = Callable[[float], float]


class _Stateless:
    """Gives the slotted classes an empty ``__dict__``.

    ``torch.optim.lr_scheduler.LambdaLR`` saves the ``__dict__`` of its lambdas: a schedule has nothing there.
    """


@frozen(kw_only=True)
class Schedule(_Stateless):
    """A pure function of one number; its fields are its only state.

    A subclass gives its fields, ``problems`` and ``curve``. The function that ``curve`` returns is kept
    in the slot ``__call__`` itself: calling a schedule runs it with no layer between, and a schedule
    without clamps knows nothing of them.

    Attributes:
        unit: what ``t`` counts. The outermost schedule of a spec says it; calling ignores it.
        minimum: the value is never below it.
        maximum: the value is never above it.

    Class attributes:
        type_name: what a spec's ``type`` names it.
        owner: who registered it.
    """

    type_name: ClassVar[str]
    owner: ClassVar[str] = "lossspec"

    unit: Unit | None = field(
        default=None,
        metadata=choice("what t counts; on the outermost schedule only", "epoch", "step", "fraction"),
    )
    minimum: float | None = field(default=None, metadata=number("the value is never below it"))
    maximum: float | None = field(default=None, metadata=number("the value is never above it"))
    __call__: Function = field(init=False, repr=False, eq=False)

    def __init_subclass__(cls) -> None:
        cls.type_name = cls.__name__

    def __attrs_post_init__(self) -> None:
        faults: list[ScheduleFault] = []
        for attribute, kind in table_fields(type(self)):
            name, value = attribute.name, getattr(self, attribute.name)
            if value is None and attribute.default is None:
                continue
            try:
                object.__setattr__(self, name, kind.take(value, (name,)))
            except ScheduleError as error:
                faults += error.faults
        if not faults:  # the rules between fields may rely on each field being what it should
            faults = [*self._crossed_clamps(), *self.problems()]
        if faults:
            raise ScheduleError(faults, self.type_name)
        function = self.curve()
        if self.minimum is not None or self.maximum is not None:
            function = clamped(function, self.minimum, self.maximum)
        object.__setattr__(self, "__call__", function)

    def problems(self) -> Iterator[ScheduleFault]:
        """Yield what is wrong between fields that are each right on their own."""
        yield from ()

    def curve(self) -> Function:
        """Return the function of ``t``, without clamps; it raises ``bad_position(t)`` if t is not finite."""
        raise NotImplementedError

    def to_table(self) -> dict[str, object]:
        """Return the table of a spec that says this schedule; fields at their default are left out."""
        table: dict[str, object] = {"type": self.type_name}
        for attribute, _ in table_fields(type(self)):
            value = getattr(self, attribute.name)
            if value != attribute.default:
                table[attribute.name] = plain(value)
        return table

    def _crossed_clamps(self) -> Iterator[ScheduleFault]:
        low, high = self.minimum, self.maximum
        if low is not None and high is not None and low > high:
            message = f"`minimum` is {shown(low)} but `maximum` is {shown(high)}"
            yield ScheduleFault(("minimum",), message, "swap the two", "crossed-clamps")


def table_fields(cls: type[Schedule]) -> list[tuple[Attribute[object], Kind]]:
    """Return the fields that a table of this type may hold: ``unit``, its own, and the clamps last."""
    pairs = [(attribute, kind_of(attribute)) for attribute in fields(cls)]
    unit, minimum, maximum, *own = [(attribute, kind) for attribute, kind in pairs if kind is not None]
    return [unit, *own, minimum, maximum]


def bad_position(t: float) -> ScheduleError:
    """Return the error for a ``t`` that is no position: NaN or infinite."""
    return ScheduleError([ScheduleFault((), f"t is {t!r}", "a schedule takes a finite number", "not-finite")])


def clamped(function: Function, minimum: float | None, maximum: float | None) -> Function:
    """Return the function kept within the clamps that are there."""
    low = -math.inf if minimum is None else minimum
    high = math.inf if maximum is None else maximum

    def clamped(t: float) -> float:
        value = function(t)
        if value < low:
            return low
        if value > high:
            return high
        return value

    return clamped


def plain(value: object) -> object:
    """Return a field's value as a table holds it: schedules as tables, tuples as lists."""
    if isinstance(value, Schedule):
        return value.to_table()
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value
