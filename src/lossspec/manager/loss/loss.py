"""One registered loss: what computes it, what weighs it, what it recorded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from attrs import define, field, setters

from lossspec.errors import RegistrationError
from lossspec.log.rows import RAW, SCALE, WEIGHT, LMHistory
from lossspec.manager.loss.curve import Curve, as_curve, evaluate, is_finite_number, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from attrs import Attribute

    from lossspec.language.model import Term
    from lossspec.manager.loss.messages import Function
    from lossspec.schedules.base import Unit


def _set_weight(loss: LMLoss, attribute: Attribute[float], value: float) -> float:
    if loss.schedule is not None:
        raise RegistrationError(f"the weight of `{loss.name}` is moved by its schedule: it can't be set")
    _require_weight(loss, attribute, value)
    if loss.weight is not None:  # else a schedule of its objective or of an argument has failed
        loss.weight = float(value) * loss.gain
    if loss.changed is not None:
        loss.changed()
    return float(value)


def _keep(loss: LMLoss, attribute: Attribute[Any], value: object) -> object:
    if loss.changed is not None:  # the clock and the objective have what they need of it, and would not hear
        raise RegistrationError(
            f"the {attribute.name} of `{loss.name}` can't be set once a manager has it: register another "
            "loss, or make a new manager"
        )
    return value


def _require_weight(loss: LMLoss, _: Attribute[float], value: float) -> None:
    if not is_finite_number(value):
        raise RegistrationError(f"the weight of `{loss.name}` must be a finite number: it is {value!r}")


def _require_callable(loss: LMLoss, _: Attribute[Function], value: object) -> None:
    if not callable(value):
        raise RegistrationError(f"the function of `{loss.name}` can't be called: it is {value!r}")
    if isinstance(value, type):  # it can be called, and gives a module where a tensor is wanted
        made = f"{value.__name__}()"
        raise RegistrationError(
            f"the function of `{loss.name}` is the class {value.__name__}: give it `{made}`"
        )


def _as_tags(tags: Iterable[str]) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise RegistrationError(f"`tags` is a list of words: found the string {tags!r}")
    found = tuple(tags)
    for tag in found:
        if not isinstance(tag, str):
            raise RegistrationError(f"`tags` is a list of words: found {tag!r} among them")
    return found


@define(eq=False)
class LMLoss:
    """A loss function with its name, weight or schedule, tags, and what it recorded.

    Args:
        name: its unique name.
        function: what is called with the inputs and returns a tensor: an ``nn.Module``, or any callable.
        loss_weight: the weight where there is no schedule. It may be set at any time.
        schedule: a ``lossspec.schedules`` object, its table, or any callable f(t) -> float that gives the
            weight. A schedule without a unit counts epochs.
        tags: for queries.
        term: what the spec says of it, if it comes from one.
        live: constructor arguments of ``function`` that are scheduled.

    Attributes:
        history: what it recorded since the log was last written.
        weight: the weight that applies now, without its objective's; None while it is not known.

    Raises:
        RegistrationError: a weight and a schedule are both given, or one of them is no weight, no schedule.

    Example:
        >>> loss = LMLoss("l1", torch.nn.L1Loss(), loss_weight=100.0, tags=["pixel"])
        >>> loss.weight, loss.tags
        (100.0, ('pixel',))
        >>> LMLoss("l1", torch.nn.L1Loss(), loss_weight=2.0, schedule=lambda t: t)
        Traceback (most recent call last):
        lossspec.errors.RegistrationError: `l1` has a weight (2.0) and a schedule: give one of them
    """

    name: str = field(on_setattr=_keep)
    function: Function = field(validator=_require_callable, on_setattr=[_keep, setters.validate])
    loss_weight: float = field(default=1.0, validator=_require_weight, on_setattr=_set_weight)
    schedule: Curve | None = field(default=None, converter=as_curve, on_setattr=[_keep, setters.convert])
    tags: tuple[str, ...] = field(default=(), converter=_as_tags)
    term: Term | None = field(default=None, kw_only=True, repr=False)
    live: Mapping[str, Curve] = field(factory=dict, kw_only=True, repr=False)
    history: LMHistory = field(init=False, factory=LMHistory, repr=False)
    weight: float | None = field(init=False, default=None, repr=False)
    #: the weight of its objective that applies now.
    scale: float = field(init=False, default=1.0, repr=False)
    #: where ``history`` points outside of ``validating()``, and within it.
    training: LMHistory = field(init=False, repr=False)
    validation: LMHistory = field(init=False, factory=LMHistory, repr=False)
    #: the last result that was a map, before weighting, and the weight applied to it.
    last_map: tuple[torch.Tensor, float] | None = field(init=False, default=None, repr=False)
    #: called after the weight was set by hand; None until a manager has the loss.
    changed: Callable[[], None] | None = field(init=False, default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        self.training = self.history
        if self.schedule is None:
            self.weight = float(self.loss_weight) * self.gain
        elif self.loss_weight != 1.0:
            raise RegistrationError(
                f"`{self.name}` has a weight ({self.loss_weight}) and a schedule: give one of them"
            )

    @property
    def gain(self) -> float:
        """What ``every`` multiplies the weight with."""
        return self.term.every.gain if self.term is not None and self.term.every is not None else 1.0

    @property
    def objective(self) -> str | None:
        """The total that it belongs to, if it comes from a spec."""
        return self.term.objective if self.term is not None else None

    @property
    def applied_weight(self) -> float:
        """The weight that applies now: schedule, gain and the objective's weight; NaN while not known."""
        return math.nan if self.weight is None else self.weight * self.scale

    @property
    def last_value(self) -> float:
        """The mean of the last weighted result; NaN before the first."""
        last = self.history.last
        return last[RAW] * last[WEIGHT] * last[SCALE] if last else math.nan

    @property
    def last_loss_map(self) -> torch.Tensor:
        """The last weighted result, detached: a map, or one element; empty before the first."""
        if self.last_map is not None:
            result, weight = self.last_map
            return result * weight
        return torch.tensor(self.last_value) if self.history.last else torch.empty(0)

    def units(self) -> set[Unit]:
        """What its schedules count."""
        return {unit_of(curve) for curve in (self.schedule, *self.live.values()) if curve is not None}

    def reweigh(self, position: Callable[[Unit], float]) -> None:
        """Set the weight and the live arguments to where the clock is.

        Raises:
            ClockError: the clock lacks what a schedule needs.
            LossResultError: a schedule gives no finite number.
        """
        self.weight = None  # not known, if what follows fails
        for argument, curve in self.live.items():
            setattr(self.function, argument, evaluate(curve, position, f"`{argument}` of `{self.name}`"))
        weight = self.loss_weight
        if self.schedule is not None:
            weight = evaluate(self.schedule, position, f"the weight of `{self.name}`")
        self.weight = weight * self.gain


def tags_of(loss: LMLoss) -> set[str]:
    """Return its tags; the name of its objective is one."""
    return {*loss.tags, *([loss.objective] if loss.objective is not None else [])}
