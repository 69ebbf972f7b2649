"""Which schedule types there are: those built in, and those registered in this process."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.schedules.base import Schedule

#: The built-in types by name.
TYPES: Mapping[str, type[Schedule]] = MappingProxyType(
    {
        cls.__name__: cls
        for cls in (
            constant,
            linear,
            polynomial,
            exponential,
            cosine,
            exponential_decay,
            step,
            multistep,
            piecewise_constant,
            piecewise,
            cosine_restarts,
            cyclical,
            triangular,
            sawtooth,
            one_cycle,
            warmup_stable_decay,
            inverse_time,
            inverse_sqrt,
            tanh,
            rampup,
            logistic,
            window,
            warmup,
            join,
            product,
        )
    }
)

#: What ``register_schedule`` added.
REGISTERED: dict[str, type[Schedule]] = {}


def find(name: str) -> type[Schedule] | None:
    """Return the schedule type of this name, built in or registered, or None.

    >>> find("linear").__name__, find("lineer") is None
    ('linear', True)
    """
    return TYPES.get(name) or REGISTERED.get(name)


def types() -> dict[str, type[Schedule]]:
    """Return all schedule types by name, those built in first."""
    return {**TYPES, **dict(sorted(REGISTERED.items()))}
