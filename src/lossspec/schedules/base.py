"""The base class of weight schedules: frozen tables of numbers, called with a position ``t``."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from attrs import NOTHING, field, fields, frozen

from lossspec.faults import MAX_PROBLEMS, Fault
from lossspec.names import listed
from lossspec.schedules.error import ScheduleError, must_be, shown
from lossspec.schedules.kinds import Array, Kind, choice, kind_of, number, of_kind

if TYPE_CHECKING:
    from attrs import Attribute

    from lossspec.faults import KeyPath

Unit = Literal["epoch", "step", "fraction"]
Function = Callable[[float], float]


class _Stateless:
    """Gives the slotted classes an empty ``__dict__``.

    ``torch.optim.lr_scheduler.LambdaLR`` saves the ``__dict__`` of its lambdas: a schedule has none.
    """


@frozen(kw_only=True)
class Schedule(_Stateless):
    """A pure function of one number; its fields are its only state.

    A subclass defines its fields, ``problems`` and ``curve``. The function that ``curve`` returns is stored
    in the slot ``__call__``, so a call runs it directly, and a schedule without clamps does not check any.

    Attributes:
        unit: what ``t`` counts. Only the outermost schedule of a spec has it; a call does not use it.
        minimum: the lower clamp of the value, or None.
        maximum: the upper clamp of the value, or None.

    Class attributes:
        type_name: the ``type`` in a spec.
        owner: who registered it.
        stands_for: an optional field, and the fields that are required without it and refused beside it.
    """

    type_name: ClassVar[str]
    owner: ClassVar[str] = "lossspec"
    stands_for: ClassVar[Mapping[str, tuple[str, ...]]] = {}

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
        faults: list[Fault] = []
        for attribute, kind in table_fields(type(self)):
            name, value = attribute.name, getattr(self, attribute.name)
            if value is None and attribute.default is None:
                continue
            try:
                object.__setattr__(self, name, kind.take(value, (name,)))
            except ScheduleError as error:
                faults += error.faults
        if not faults:  # the rules between fields assume that each field is valid
            faults = [*self._crossed_clamps(), *(self._alternatives() if self.stands_for else ())]
        if not faults:
            faults = [*islice(self.problems(), MAX_PROBLEMS + 1)]
        if faults:
            raise ScheduleError(faults, self.type_name)
        function = self.curve()
        if self.minimum is not None or self.maximum is not None:
            function = clamped(function, self.minimum, self.maximum)
        object.__setattr__(self, "__call__", function)

    def problems(self) -> Iterator[Fault]:
        """Yield a fault for each conflict between fields that are valid on their own."""
        yield from ()

    def curve(self) -> Function:
        """Return the function of ``t`` without clamps, which raises ``invalid_position(t)`` if needed."""
        raise NotImplementedError

    def to_table(self) -> dict[str, object]:
        """Return the schedule as the table of a spec; fields at their default are left out."""
        table: dict[str, object] = {"type": self.type_name}
        for attribute, _ in table_fields(type(self)):
            value = getattr(self, attribute.name)
            if value != attribute.default:
                table[attribute.name] = plain(value)
        return table

    def __reduce__(self) -> tuple[Callable[..., Schedule], tuple[object, ...]]:
        """Return what makes an equal schedule: the function in the slot cannot be pickled."""
        return _remade, (type(self), self._arguments())

    def _arguments(self) -> dict[str, object]:
        return {each.name: getattr(self, each.name) for each in fields(type(self)) if each.init}

    def _alternatives(self) -> Iterator[Fault]:
        given = {each.name for each, _ in table_fields(type(self)) if getattr(self, each.name) is not None}
        for name, others in self.stands_for.items():
            for each in others:
                if name in given and each in given:
                    message = f"`{name}` and `{each}` exclude each other"
                    help_ = f"`{name}` stands for {listed(others)}: remove one or the other"
                    yield Fault("unknown-key", message, (each,), help=help_)
        missing = missing_fields(type(self), given)
        if missing:
            yield missing_fault(type(self), missing)

    def _crossed_clamps(self) -> Iterator[Fault]:
        low, high = self.minimum, self.maximum
        if low is not None and high is not None and low > high:
            expected = f"at most `maximum` ({shown(high)})"
            yield must_be(expected, low, ("minimum",), "crossed-clamps", "swap the two")


def missing_fields(cls: type[Schedule], given: Collection[str]) -> list[str]:
    """Return the fields that a schedule of this type lacks, in order."""
    optional = {each for name, others in cls.stands_for.items() if name in given for each in others}
    needed = {each for others in cls.stands_for.values() for each in others} - optional
    return [
        each.name
        for each, _ in table_fields(cls)
        if each.name not in given and (each.default is NOTHING or each.name in needed)
    ]


def missing_fault(cls: type[Schedule], missing: list[str]) -> Fault:
    """Word the fault of a schedule that lacks fields."""
    keys, are = ("key", "is") if len(missing) == 1 else ("keys", "are")
    message = f"{keys} {listed(missing)} {are} missing in a schedule of type `{cls.type_name}`"
    stand_ins = [name for name, others in cls.stands_for.items() if {*others} <= {*missing}]
    instead = "".join(f"; `{name}` can stand for {listed(cls.stands_for[name])}" for name in stand_ins)
    return Fault("missing-key", message, (), help=f"add {listed(missing)}{instead}")


def _remade(cls: type[Schedule], arguments: dict[str, Any]) -> Schedule:
    return cls(**arguments)


@frozen
class Child(Kind):
    """A schedule inside another."""

    def take(self, value: object, path: KeyPath) -> object:
        if isinstance(value, Schedule):
            return value
        help_ = 'a number is `{ type = "constant", value = 1.0 }`'
        raise ScheduleError([must_be("a schedule", value, path, "wrong-type", help_)])

    def schema(self) -> dict[str, object]:
        return {"$ref": "#/$defs/schedule"}


def child(description: str) -> dict[str, Kind]:
    """Declare a field that holds a schedule."""
    return of_kind(Child(description))


def children(description: str, least: int) -> dict[str, Kind]:
    """Declare a field that holds an array of schedules."""
    return of_kind(Array(description, Child("a schedule"), least))


def table_fields(cls: type[Schedule]) -> list[tuple[Attribute[object], Kind]]:
    """Return the fields of a table of this type: ``unit`` first, its own, and the clamps last."""
    found = _FIELDS.get(cls)
    if found is None:
        pairs = [(attribute, kind_of(attribute)) for attribute in fields(cls)]
        unit, minimum, maximum, *own = [(attribute, kind) for attribute, kind in pairs if kind is not None]
        found = _FIELDS[cls] = [unit, *own, minimum, maximum]
    return found


#: The fields of each type, found once: a spec can have 10,000 schedules.
_FIELDS: dict[type[Schedule], list[tuple[Attribute[object], Kind]]] = {}


def invalid_position(t: float) -> ScheduleError:
    """Return the error for a ``t`` that is NaN or infinite."""
    return ScheduleError([Fault("not-finite", f"t must be a finite number, got `{t!r}`", ())])


def clamped(function: Function, minimum: float | None, maximum: float | None) -> Function:
    """Return the function with its values limited to the clamps; None is no clamp."""
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
    """Return a field's value as it is in a table: schedules as tables, tuples as lists."""
    if isinstance(value, Schedule):
        return value.to_table()
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value
