"""Weight schedules: pure functions of one number ``t``, written as tables of numbers.

A schedule is a frozen object that is called with t and returns a float. Its fields are its only state;
``from_table`` and ``to_table`` go between it and the table of a spec:

>>> from lossspec import schedules
>>> decay = schedules.linear(start=100, end=200, start_value=100.0, end_value=0.0)
>>> decay(99), decay(150), decay(200)
(100.0, 50.0, 0.0)
>>> schedules.from_table(decay.to_table()) == decay
True

Positions are counted from 0 and may be fractions. Before its start a schedule holds its first value, a
boundary belongs to what begins there, and from its end on it is exactly its last value. What can't be is
refused when it is made:

>>> schedules.linear(start=10, end=10, start_value=1.0, end_value=0.0)
Traceback (most recent call last):
lossspec.schedules.fault.ScheduleError: linear: `end` is 10, the same as `start`: a schedule of no length; \
move `end` behind `start`, or use `piecewise_constant` for a jump
"""

from lossspec.schedules.base import Function, Schedule, Unit
from lossspec.schedules.families.compose import join, product, warmup
from lossspec.schedules.families.constant import constant
from lossspec.schedules.families.cosine import cosine
from lossspec.schedules.families.cyclical import cyclical
from lossspec.schedules.families.decay import exponential_decay, inverse_sqrt, inverse_time
from lossspec.schedules.families.exponential import exponential
from lossspec.schedules.families.linear import linear, polynomial
from lossspec.schedules.families.phases import one_cycle, warmup_stable_decay
from lossspec.schedules.families.piecewise import piecewise
from lossspec.schedules.families.restarts import cosine_restarts
from lossspec.schedules.families.sigmoid import logistic, rampup, tanh
from lossspec.schedules.families.steps import multistep, piecewise_constant, step
from lossspec.schedules.families.waves import sawtooth, triangular
from lossspec.schedules.families.window import window
from lossspec.schedules.fault import ScheduleError, ScheduleFault
from lossspec.schedules.lookup import TYPES, find, types
from lossspec.schedules.schema import json_schema
from lossspec.schedules.table import faults, from_table

__all__ = [
    "TYPES",
    "Function",
    "Schedule",
    "ScheduleError",
    "ScheduleFault",
    "Unit",
    "constant",
    "cosine",
    "cosine_restarts",
    "cyclical",
    "exponential",
    "exponential_decay",
    "faults",
    "find",
    "from_table",
    "inverse_sqrt",
    "inverse_time",
    "join",
    "json_schema",
    "linear",
    "logistic",
    "multistep",
    "one_cycle",
    "piecewise",
    "piecewise_constant",
    "polynomial",
    "product",
    "rampup",
    "sawtooth",
    "step",
    "tanh",
    "triangular",
    "types",
    "warmup",
    "warmup_stable_decay",
    "window",
]
