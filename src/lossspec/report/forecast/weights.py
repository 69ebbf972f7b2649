"""The weights of a spec over a run that has not begun: what a manager would apply, and when.

>>> import lossspec
>>> spec = lossspec.load("pix2pix+decay")
>>> [curve.at(Plan(epochs=200).moment(150)) for curve in curves(spec) if curve.term == "G_L1"]
[50.0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.errors import ClockError
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from lossspec.language.model import Spec, Term
    from lossspec.schedules import Unit

#: At most so many steps are looked at, evenly spread; epochs are looked at one by one.
MOMENTS = 20_000


@frozen
class Moment:
    """Where the clock of a run is.

    Attributes:
        epoch: the index of the epoch that runs.
        step: how many optimiser steps were made, or None if nobody said how many an epoch has.
        fraction: how far along the run is, from 0 to 1.
    """

    epoch: float
    step: float | None
    fraction: float

    def position(self, unit: Unit | None) -> float:
        """Return the position that a schedule is called with; one without a unit counts epochs.

        Raises:
            ClockError: steps are asked for, and not known.
        """
        if unit == "fraction":
            return self.fraction
        if unit != "step":
            return self.epoch
        if self.step is None:
            raise ClockError("how many steps an epoch has is not known")
        return self.step


@frozen
class Plan:
    """How long a run will be.

    Attributes:
        epochs: how many epochs.
        steps_per_epoch: how many optimiser steps each has, or None if no weight counts them.
    """

    epochs: int = 200
    steps_per_epoch: int | None = None

    def moment(self, epoch: float) -> Moment:
        """Return the moment at an epoch; a fraction of one is so many steps into it.

        As in a manager that is told both totals, the fraction of the run is made of steps where they are
        known, and of epochs otherwise.
        """
        if self.steps_per_epoch is None:
            return Moment(epoch, None, epoch / self.epochs)
        step = int(epoch * self.steps_per_epoch)
        return Moment(epoch // 1, step, step / (self.epochs * self.steps_per_epoch))

    def epoch_moments(self) -> list[tuple[float, Moment]]:
        """Return the first moment of every epoch, each with its place on an axis of epochs."""
        return [(float(epoch), self.moment(epoch)) for epoch in range(self.epochs)]

    def moments(self) -> list[tuple[float, Moment]]:
        """Return the moments of the run, each with its place on an axis of epochs."""
        if self.steps_per_epoch is None:
            return self.epoch_moments()
        every = max(1, self.epochs * self.steps_per_epoch // MOMENTS)
        total = self.epochs * self.steps_per_epoch
        steps = sorted({*range(0, total, every), *range(0, total, self.steps_per_epoch), total - 1})
        return [
            (
                step / self.steps_per_epoch,
                Moment(step // self.steps_per_epoch, step, step / total),
            )
            for step in steps
        ]


@frozen
class Curve:
    """What moves over a run: the weight that is applied to a term, or a scheduled argument of its loss.

    Attributes:
        term: the term.
        objective: the total that it belongs to.
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
        """What moves it: none, or those of the term and of the objective."""
        return tuple(factor for _, factor in self._factors if isinstance(factor, Schedule))

    @property
    def units(self) -> frozenset[Unit]:
        """What its schedules count; empty for one that never moves."""
        return frozenset(schedule.unit or "epoch" for schedule in self.schedules)

    def at(self, moment: Moment) -> float:
        """Return the value at a moment.

        Raises:
            ClockError: a schedule counts steps, and nobody said how many an epoch has.
        """
        value = 1.0
        for what, factor in self._factors:
            if not isinstance(factor, Schedule):
                value *= factor
                continue
            try:
                value *= factor(moment.position(factor.unit))
            except ClockError as error:
                raise ClockError(
                    f"{what} counts steps: say how many an epoch has, with --steps-per-epoch"
                ) from error
        return value


def curves(spec: Spec) -> list[Curve]:
    """Return a curve for the weight of every term, then one for every scheduled argument.

    The weight is the one that is applied: the term's, times the gain of ``every``, times the objective's.
    """
    weights = [_weight(spec, term) for term in spec.losses.values()]
    arguments = [
        Curve(term.name, term.objective, name, ((f"`{name}` of `{term.name}`", value),))
        for term in spec.losses.values()
        for name, value in term.args.items()
        if isinstance(value, Schedule)
    ]
    return weights + arguments


def _weight(spec: Spec, term: Term) -> Curve:
    factors: list[tuple[str, float | Schedule]] = [(f"the weight of `{term.name}`", term.weight)]
    if term.every is not None:
        factors.append(("", term.every.gain))
    total = spec.objectives[term.objective].weight
    factors.append((f"the weight of the objective `{term.objective}`", total))
    return Curve(term.name, term.objective, "", tuple(factors))
