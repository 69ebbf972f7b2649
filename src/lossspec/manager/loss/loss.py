"""One loss: its function, its weight or schedule, and its history."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from attrs import define, evolve, field, fields, setters

from lossspec.errors import RegistrationError
from lossspec.log.rows import OBJECTIVE_WEIGHT, RAW, TERM_WEIGHT, LMHistory
from lossspec.manager.loss.curve import Curve, as_curve, evaluate, is_finite_number, unit_of
from lossspec.manager.loss.export import make_term, spec_weight
from lossspec.scalars import plain_number, repr_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from attrs import Attribute

    from lossspec.language.model import Term
    from lossspec.manager.loss.messages import Function
    from lossspec.schedules.base import Unit


def _set_weight(loss: LMLoss, attribute: Attribute[float], value: float) -> float:
    if loss.schedule is not None:
        raise RegistrationError(f"the weight of `{loss.name}` cannot be set: it has a schedule")
    _require_weight(loss, attribute, value)
    if loss.term_weight is not None:  # None if a schedule of its objective or of an argument has failed
        loss.term_weight = float(value) * loss.gain
    if loss.on_weight_set is not None:
        loss.is_set_by_hand = True
        loss.on_weight_set()
    return float(value)


def _as_weight(value: float) -> float:
    """Return a number of NumPy or torch as one of Python; anything else is left to the validator."""
    return cast("float", plain_number(value))


def _fixed_once_registered(loss: LMLoss, attribute: Attribute[Any], value: object) -> object:
    if loss.on_weight_set is not None:  # the clock and the objective have already captured this value
        raise RegistrationError(
            f"the {attribute.name} of `{loss.name}` cannot be set after registration: register another "
            "loss, or make a new manager"
        )
    return value


def _require_weight(loss: LMLoss, _: Attribute[float], value: float) -> None:
    if not is_finite_number(value):
        raise RegistrationError(f"the weight of `{loss.name}` must be a finite number, got {repr_of(value)}")


def _require_callable(loss: LMLoss, _: Attribute[Function], value: object) -> None:
    if not callable(value):
        raise RegistrationError(f"the function of `{loss.name}` must be callable, got {value!r}")
    if isinstance(value, type):  # a call of it returns a module, not a tensor
        raise RegistrationError(
            f"the function of `{loss.name}` must be an instance, got the class {value.__name__}: "
            f"pass `{value.__name__}()`"
        )


def _as_tags(tags: Iterable[str]) -> tuple[str, ...]:
    found = tuple(tags)
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in found):
        raise RegistrationError(f"`tags` must be a list of strings, got {tags!r}")
    return found


@define(eq=False)
class LMLoss:
    """A loss function with its name, weight or schedule, tags and history.

    Args:
        name: its unique name.
        function: takes the inputs and returns a tensor: an ``nn.Module``, or any callable.
        loss_weight: the weight without a schedule. It can be set at any time.
        schedule: a ``lossspec.schedules`` object, its table, or any callable f(t) -> float that gives the
            weight. A schedule without a unit counts epochs.
        tags: strings to select it by.
        term: its term, if it comes from a spec.
        live: the schedules of ``function``'s arguments, by attribute.

    Attributes:
        history: the values recorded since the last flush.
        term_weight: the term weight now, with the gain of ``every``; None while it is unknown.
        objective_weight: the objective weight now.
        objective_schedule: its schedule, if it has one.
        training: the history outside of ``validating()``.
        validation: the history within it.
        half: which of its values are 16-bit floats, that overflow at 65520: "term" if the raw value times the
            term weight is, "applied" if only the product with both weights is, else "".
        last_map: the last raw result that was not a scalar, and the weight applied to it.
        on_weight_set: called after the weight is set by hand; None until a manager has the loss.
        registered_weight: the weight that it was registered with.
        is_set_by_hand: whether the weight was set after that.
        last_due: the step at which it last ran, if it has ``every``; None before the first.

    Raises:
        RegistrationError: both a weight and a schedule are given, or a value is invalid.

    Example:
        >>> loss = LMLoss("l1", torch.nn.L1Loss(), loss_weight=100.0, tags=["pixel"])
        >>> loss.term_weight, loss.tags
        (100.0, ('pixel',))
        >>> LMLoss("l1", torch.nn.L1Loss(), loss_weight=2.0, schedule=lambda t: t)
        Traceback (most recent call last):
        lossspec.errors.RegistrationError: `l1` has both a weight (2.0) and a schedule: give only one
    """

    name: str = field(on_setattr=_fixed_once_registered)
    function: Function = field(
        validator=_require_callable, on_setattr=[_fixed_once_registered, setters.validate]
    )
    loss_weight: float = field(
        default=1.0, converter=_as_weight, validator=_require_weight, on_setattr=_set_weight
    )
    schedule: Curve | None = field(
        default=None, converter=as_curve, on_setattr=[_fixed_once_registered, setters.convert]
    )
    tags: tuple[str, ...] = field(default=(), converter=_as_tags)
    term: Term | None = field(default=None, kw_only=True, repr=False)
    live: Mapping[str, Curve] = field(factory=dict, kw_only=True, repr=False)
    history: LMHistory = field(init=False, factory=LMHistory, repr=False)
    term_weight: float | None = field(init=False, default=None, repr=False)
    objective_weight: float = field(init=False, default=1.0, repr=False)
    objective_schedule: Curve | None = field(init=False, default=None, repr=False)
    training: LMHistory = field(init=False, repr=False)
    validation: LMHistory = field(init=False, factory=LMHistory, repr=False)
    half: Literal["", "term", "applied"] = field(init=False, default="", repr=False)
    last_map: tuple[torch.Tensor, float] | None = field(init=False, default=None, repr=False)
    on_weight_set: Callable[[], None] | None = field(init=False, default=None, repr=False)
    registered_weight: float = field(init=False, default=1.0, repr=False)
    is_set_by_hand: bool = field(init=False, default=False, repr=False)
    last_due: int | None = field(init=False, default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        self.training = self.history
        if self.schedule is None:
            self.term_weight = float(self.loss_weight) * self.gain
        elif self.loss_weight != 1.0:
            raise RegistrationError(
                f"`{self.name}` has both a weight ({self.loss_weight}) and a schedule: give only one"
            )

    @property
    def gain(self) -> float:
        """The factor of ``every`` in the term weight."""
        return 1.0 if self.term is None else self.term.gain

    @property
    def objective(self) -> str | None:
        """The objective that it belongs to, if it comes from a spec."""
        return self.term.objective if self.term is not None else None

    def all_tags(self) -> set[str]:
        """Return the tags and the name of the objective, which is a tag too."""
        return {*self.tags, *([self.objective] if self.objective is not None else [])}

    @property
    def applied_weight(self) -> float:
        """The applied weight now, term weight times objective weight; NaN while it is unknown."""
        return math.nan if self.term_weight is None else self.term_weight * self.objective_weight

    @property
    def last_value(self) -> float:
        """The mean of the last weighted result; NaN before the first."""
        last = self.history.last
        return last[RAW] * last[TERM_WEIGHT] * last[OBJECTIVE_WEIGHT] if last else math.nan

    @property
    def last_loss_map(self) -> torch.Tensor:
        """The last weighted result, detached: a map, or one element; empty before the first."""
        if self.last_map is not None:
            result, weight = self.last_map
            return result * weight
        return torch.tensor(self.last_value) if self.history.last else torch.empty(0)

    def to_term(self) -> Term:
        """Return the loss as a term of a spec, with the weight that is set now.

        Raises:
            LossSpecError: it cannot be written in a spec; the message says why.

        >>> LMLoss("l1", torch.nn.L1Loss(reduction="sum")).to_term().args
        {'reduction': 'sum'}
        """
        if self.term is None:
            return make_term(self.name, self.function, self.loss_weight, self.schedule, self.tags)
        weight = spec_weight(self.name, self.loss_weight, self.schedule)
        return evolve(self.term, weight=weight, tags=self.tags)

    def units(self) -> set[Unit]:
        """Return the units of its schedules."""
        curves = self.schedule, self.objective_schedule, *self.live.values()
        return {unit_of(curve) for curve in curves if curve is not None}

    def set_objective_weight(self, weight: float | Curve) -> None:
        """Set the weight of its objective, or the schedule of that weight."""
        if callable(weight):
            self.objective_schedule = weight
        else:
            self.objective_weight = float(weight)

    def restore_weight(self, set_by_hand: float | None) -> None:
        """Set the weight of a checkpoint, or else the registered one; a schedule has no state."""
        if self.schedule is None:
            self.loss_weight = self.registered_weight if set_by_hand is None else set_by_hand
            self.is_set_by_hand = set_by_hand is not None

    def update(self, position: Callable[[Unit], float]) -> None:
        """Set the term weight and the live arguments to their values at the clock's position.

        Raises:
            ClockError: the clock has no position in the unit of a schedule.
            LossResultError: a schedule fails, or does not return a finite number.
        """
        self.term_weight = None  # unknown if an evaluation raises
        for argument, curve in self.live.items():
            setattr(self.function, argument, evaluate(curve, position, f"`{argument}` of `{self.name}`"))
        weight = self.loss_weight
        if self.schedule is not None:
            weight = evaluate(self.schedule, position, f"the weight of `{self.name}`")
        if self.objective_schedule is not None:
            what = f"the weight of the objective `{self.objective}`"
            self.objective_weight = evaluate(self.objective_schedule, position, what)
        self.term_weight = weight * self.gain

    def __getstate__(self) -> dict[str, object]:
        """Return the state of a copy: without values, and registered with no manager yet."""
        history = LMHistory()
        fresh = {"history": history, "training": history, "validation": LMHistory()}
        kept = {each.name: getattr(self, each.name) for each in fields(LMLoss)}
        return {**kept, **fresh, "last_map": None, "on_weight_set": None}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)  # without the checks of a change by hand
