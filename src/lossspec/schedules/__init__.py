"""Weight schedules: pure functions of one number ``t``, written as tables of numbers.

A schedule is a frozen object that is called with t and returns a float. Its fields are its only state;
``from_table`` and ``to_table`` convert between it and the table of a spec:

>>> from lossspec import schedules
>>> decay = schedules.linear(start=100, end=200, start_value=100.0, end_value=0.0)
>>> decay(99), decay(150), decay(200)
(100.0, 50.0, 0.0)
>>> schedules.from_table(decay.to_table()) == decay
True

Positions are counted from 0 and can be fractions. Before its start a schedule has its first value, at a
boundary the new value holds, and from its end on a schedule is exactly its last value. An invalid schedule
is an error when it is made:

>>> schedules.linear(start=10, end=10, start_value=1.0, end_value=0.0)
Traceback (most recent call last):
lossspec.schedules.error.ScheduleError: linear: `end` must be after `start` (10), got `10`; \
move `end`, or use `piecewise_constant` for a jump
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.names import unknown
from lossspec.schedules.adapter import from_callable
from lossspec.schedules.base import Function, Schedule, Unit
from lossspec.schedules.error import ScheduleError
from lossspec.schedules.lookup import TYPES, find, types
from lossspec.schedules.register import register_schedule
from lossspec.schedules.table import faults, from_table, json_schema

if TYPE_CHECKING:
    from lossspec.schedules.families.compose import join as join
    from lossspec.schedules.families.compose import product as product
    from lossspec.schedules.families.compose import warmup as warmup
    from lossspec.schedules.families.constant import constant as constant
    from lossspec.schedules.families.cosine import cosine as cosine
    from lossspec.schedules.families.cyclical import cyclical as cyclical
    from lossspec.schedules.families.decay import exponential_decay as exponential_decay
    from lossspec.schedules.families.decay import inverse_sqrt as inverse_sqrt
    from lossspec.schedules.families.decay import inverse_time as inverse_time
    from lossspec.schedules.families.exponential import exponential as exponential
    from lossspec.schedules.families.linear import linear as linear
    from lossspec.schedules.families.linear import polynomial as polynomial
    from lossspec.schedules.families.phases import one_cycle as one_cycle
    from lossspec.schedules.families.phases import warmup_stable_decay as warmup_stable_decay
    from lossspec.schedules.families.piecewise import piecewise as piecewise
    from lossspec.schedules.families.restarts import cosine_restarts as cosine_restarts
    from lossspec.schedules.families.sigmoid import logistic as logistic
    from lossspec.schedules.families.sigmoid import rampup as rampup
    from lossspec.schedules.families.sigmoid import tanh as tanh
    from lossspec.schedules.families.steps import multistep as multistep
    from lossspec.schedules.families.steps import piecewise_constant as piecewise_constant
    from lossspec.schedules.families.steps import step as step
    from lossspec.schedules.families.waves import sawtooth as sawtooth
    from lossspec.schedules.families.waves import triangular as triangular
    from lossspec.schedules.families.window import window as window

__all__ = [  # noqa: PLE0604 - the keys of TYPES are strings
    "TYPES",
    "Function",
    "Schedule",
    "ScheduleError",
    "Unit",
    "faults",
    "find",
    "from_callable",
    "from_table",
    "json_schema",
    "register_schedule",
    "types",
    *TYPES,
]


def __getattr__(name: str) -> type[Schedule]:
    if name in TYPES:
        return TYPES[name]
    raise AttributeError(unknown("name", name, __all__, " in `lossspec.schedules`"))


def __dir__() -> list[str]:
    return __all__
