"""The weights of a spec over a future run: what a manager would apply, and when.

>>> import lossspec
>>> spec = lossspec.load("pix2pix+decay")
>>> [curve.at(RunLength(epochs=200).moment(150)) for curve in curves(spec) if curve.term == "G_L1"]
[50.0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.errors import ClockError
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.language.model import Spec, Term
    from lossspec.schedules import Unit

#: The most moments at which a curve is evaluated, evenly spaced.
MOMENTS = 20_000
#: The most schedules that are evaluated for all curves together, each inside another counted: a tenth of a
#: second.
WORK = 100_000
#: The fewest moments: a plot has about as many columns.
FEWEST = 50


@frozen
class Moment:
    """A position of the clock of a run.

    Attributes:
        epoch: the index of the current epoch.
        step: the number of completed optimiser steps; None if the steps per epoch are unknown.
        fraction: the fraction of the run that is done, from 0 to 1.
    """

    epoch: float
    step: float | None
    fraction: float

    def position(self, unit: Unit | None) -> float | None:
        """Return the position for a schedule, which counts epochs unless it has a unit."""
        return {"epoch": self.epoch, "step": self.step, "fraction": self.fraction}[unit or "epoch"]


@frozen
class RunLength:
    """The length of a future run.

    Attributes:
        epochs: the number of epochs.
        steps_per_epoch: the optimiser steps of each, or None if no weight counts steps.
    """

    epochs: int = 200
    steps_per_epoch: int | None = None

    def moment(self, epoch: float) -> Moment:
        """Return the moment at an epoch; the fraction of an epoch is the part of its steps that is done.

        As in a manager that knows both totals, the fraction of the run is counted in steps if they are
        known, and in epochs otherwise.
        """
        if self.steps_per_epoch is None:
            return Moment(epoch, None, epoch / self.epochs)
        return self._at_step(int(epoch * self.steps_per_epoch), self.steps_per_epoch)

    def epoch_moments(self, most: int = MOMENTS) -> list[tuple[float, Moment]]:
        """Return the first moment of every epoch, each with its place on an axis of epochs.

        Of more epochs than ``most``, about so many are taken, evenly spaced, and the last.
        """
        every = -(-self.epochs // most)
        epochs = sorted({*range(0, self.epochs, every), self.epochs - 1})
        return [(float(epoch), self.moment(epoch)) for epoch in epochs]

    def moments(self, most: int = MOMENTS) -> list[tuple[float, Moment]]:
        """Return about ``most`` moments of the run, each with its place on an axis of epochs."""
        per_epoch = self.steps_per_epoch
        if per_epoch is None:
            return self.epoch_moments(most)
        total = self.epochs * per_epoch
        starts = range(0, total, per_epoch) if self.epochs <= most else ()
        steps = sorted({*range(0, total, max(1, total // most)), *starts, total - 1})
        return [(step / per_epoch, self._at_step(step, per_epoch)) for step in steps]

    def _at_step(self, step: int, per_epoch: int) -> Moment:
        return Moment(step // per_epoch, step, step / (self.epochs * per_epoch))


@frozen
class Curve:
    """The applied weight of a term, or a scheduled argument of its loss, over a run.

    Attributes:
        term: the term.
        objective: its objective.
        argument: the scheduled argument, or "" for the weight.
    """

    term: str
    objective: str
    argument: str = ""
    _factors: tuple[tuple[str, float | Schedule], ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Its name: the term, or the term and the argument."""
        return f"{self.term}.{self.argument}" if self.argument else self.term

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules that move it."""
        return tuple(factor for _, factor in self._factors if isinstance(factor, Schedule))

    @property
    def units(self) -> frozenset[Unit]:
        """The units of its schedules; empty if it never moves."""
        return frozenset(schedule.unit or "epoch" for schedule in self.schedules)

    def at(self, moment: Moment) -> float:
        """Return the value at a moment: the product of the term weight, its gain and the objective weight.

        Raises:
            ClockError: a schedule counts steps, and the steps per epoch are unknown.
        """
        value = 1.0
        for what, factor in self._factors:
            if isinstance(factor, Schedule):
                position = moment.position(factor.unit)
                if position is None:
                    raise ClockError(f"{what} counts steps: set the steps of an epoch with --steps-per-epoch")
                value *= factor(position)
            else:
                value *= factor
        return value


def curves(spec: Spec) -> list[Curve]:
    """Return a curve for the applied weight of every term, then one for every scheduled argument."""
    weights = [_weight(spec, term) for term in spec.losses.values()]
    arguments = [
        Curve(term.name, term.objective, name, ((f"`{name}` of `{term.name}`", value),))
        for term in spec.losses.values()
        for name, value in term.args.items()
        if isinstance(value, Schedule)
    ]
    return weights + arguments


def balanced(spec: Spec) -> dict[str, str]:
    """Return the type of the balancer of each term that has one.

    Its weight is the curve times what the balancer finds in training, which no forecast knows.
    """
    return {
        name: objective.balance.type
        for objective in spec.objectives.values()
        if objective.balance is not None
        for name in objective.balance.losses
    }


def balance_note(spec: Spec, objective: str) -> str:
    """Return a sentence about the terms of an objective that are balanced, "" if there are none."""
    balance = spec.objectives[objective].balance
    if balance is None:
        return ""
    return f"In training, {balance.type} multiplies the weights of {', '.join(balance.losses)}."


def affordable(curves: Iterable[Curve]) -> int:
    """Return the number of moments at which curves can be evaluated: fewer, the more schedules they have."""
    count = sum(_schedules_in(schedule.to_table()) for curve in curves for schedule in curve.schedules)
    return min(max(WORK // max(count, 1), FEWEST), MOMENTS)


def _schedules_in(table: object) -> int:
    if isinstance(table, dict):
        return 1 + sum(_schedules_in(each) for each in table.values() if isinstance(each, dict | list))
    inner = table if isinstance(table, list) else []
    return sum(_schedules_in(each) for each in inner if isinstance(each, dict))


def _weight(spec: Spec, term: Term) -> Curve:
    objective_weight = spec.objectives[term.objective].weight
    factors: tuple[tuple[str, float | Schedule], ...] = (
        (f"the weight of `{term.name}`", term.weight),
        ("", term.gain),
        (f"the weight of the objective `{term.objective}`", objective_weight),
    )
    return Curve(term.name, term.objective, "", factors)
