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

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
