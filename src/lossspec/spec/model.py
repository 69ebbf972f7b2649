"""A resolved spec: every parameter filled in, every variant applied, nothing left to look up.

A ``Spec`` is what the manager is built from. It is frozen, it compares by value, and its
``digest`` names what it computes.
"""

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from lossspec.schedules import Schedule

AtZero = Literal["skip", "record", "compute"]
Combine = Literal["sum", "mean"]
Lists = Combine | tuple[float, ...]
Scalar = bool | int | float | str
Weight = float | Schedule


@frozen
class Input:
    """One input of a term: a named tensor, or a number that becomes a target shaped like the first one.

    Attributes:
        name: the tensor's name, or None for a number.
        value: the number, or None for a tensor.
        detach: whether the tensor is cut from its graph (through lists).
        argument: the loss's own name for it where the spec's ``inputs`` is a table, else None.
    """

    name: str | None = None
    value: float | None = None
    detach: bool = False
    argument: str | None = None


@frozen
class Every:
    """Lazy regularisation: computed when ``step % steps == 0``, multiplied by ``gain``."""

    steps: int
    gain: float


@frozen
class Term:
    """One term of an objective.

    Attributes:
        name: its key in the spec.
        type: the registered loss type.
        args: constructor arguments: JSON values, or a schedule where the registry marks one live.
        inputs: in call order, or each with its ``argument``.
        weight: a number or a schedule.
        objective: the total that it belongs to.
        tags: for queries.
        at_zero: what happens while the weight is exactly 0.
        lists: how the results over list inputs are combined, or None.
        every: lazy regularisation, or None.
    """

    name: str
    type: str
    inputs: tuple[Input, ...]
    args: Mapping[str, object] = field(factory=dict)
    weight: Weight = 1.0
    objective: str = "total"
    tags: tuple[str, ...] = ()
    at_zero: AtZero = "skip"
    lists: Lists | None = None
    every: Every | None = None


@frozen
class Balance:
    """A registered module that weighs the raw values of some terms of an objective."""

    type: str
    losses: tuple[str, ...]
    args: Mapping[str, object] = field(factory=dict)
    inputs: tuple[Input, ...] = ()


@frozen
class ObjectiveSpec:
    """A total: its weight, a number or a schedule, and what balances its terms, if anything."""

    name: str
    weight: Weight = 1.0
    balance: Balance | None = None


@frozen
class Spec:
    """A training objective, ready to build.

    Attributes:
        name: the spec's own name.
        reference: what was asked for, ``NAME[+VARIANT...]``, variants in the order they apply.
        losses: the terms by name, in the order they are declared: the order of summation.
        objectives: the totals by name; every objective that a term names is here.
        description: one line or more.
        references: where it comes from.
        params: the value of every parameter.
        inputs: what each named tensor is, where the spec says so.
        folder: where the spec's file lies, for local weights; None if it has no file.
    """

    name: str
    reference: str
    losses: Mapping[str, Term]
    objectives: Mapping[str, ObjectiveSpec]
    description: str = ""
    references: tuple[str, ...] = ()
    params: Mapping[str, Scalar] = field(factory=dict)
    inputs: Mapping[str, str] = field(factory=dict)
    folder: str | None = field(default=None, eq=False)

    @property
    def digest(self) -> str:
        """The sha256 of the canonical JSON of what computes: no descriptions, references, texts or tags."""
        from lossspec.spec.digest import digest  # digest imports this module

        return digest(self)
