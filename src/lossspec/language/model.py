"""The classes of a resolved spec: parameters filled in, variants applied, nothing left to look up.

The manager is built from a ``Spec``. It is frozen, compares by value, and has a digest of what it computes.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

from attrs import astuple, field, frozen

from lossspec.language import notebook
from lossspec.language.converter import new_converter
from lossspec.language.diagnostics.snippet import printable
from lossspec.language.summary import cut, first_sentence, several, total
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from cattrs import Converter

AtZero = Literal["skip", "record", "compute"]
Combine = Literal["sum", "mean"]
Lists = Combine | tuple[float, ...]
Scalar = bool | int | float | str
Weight = float | Schedule


@frozen
class Input:
    """One input of a term: a named tensor, or a number that becomes a target, in the way of the loss type.

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
        type: the name of the loss type.
        args: constructor arguments: JSON values, or a schedule where the registry marks the argument live.
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

    @property
    def gain(self) -> float:
        """The factor of ``every`` in the term weight."""
        return 1.0 if self.every is None else self.every.gain


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
        reference: ``NAME[+VARIANT...]``, with the variants in the order in which they apply.
        losses: the terms by name, in the order they are declared: the order of summation.
        objectives: the totals by name; every objective that a term names is here.
        description: free text.
        references: where it comes from.
        params: the value of every parameter.
        inputs: descriptions of the tensors, by name.
        folder: the folder of the spec's file, for local weights; None if it has no file.
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
        return digest(self)

    def __repr__(self) -> str:
        """Show the reference, the first sentence, each total and the parameters, on at most five lines."""
        lines = [f"Spec {self.reference}, digest {self.digest[:12]}"]
        lines += [first_sentence(self.description)] if self.description else []
        params = ", ".join(f"{name} = {value!r}" for name, value in self.params.items())
        totals = [_total(self, each) for each in self.objectives.values()]
        lines += several(totals, list(self.objectives), 5 - len(lines) - bool(params))
        lines += [cut(f"params {printable(params)}")] if params else []
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        about = f": {first_sentence(self.description)}" if self.description else ""
        return notebook.html(f"{self.reference}{about}", self)


def _total(spec: Spec, objective: ObjectiveSpec) -> str:
    terms = [term for term in spec.losses.values() if term.objective == objective.name]
    weights = [
        term.weight if isinstance(term.weight, Schedule) else term.weight * term.gain for term in terms
    ]
    text = total(objective.name, objective.weight, zip(weights, [term.name for term in terms], strict=True))
    return f"{text}, balanced by {objective.balance.type}" if objective.balance is not None else text


def digest(spec: Spec) -> str:
    """Return the digest: specs that compute the same have the same digest.

    Descriptions, references, texts of inputs and tags do not count, nor do parameters once they are filled
    in, nor whether a key of the language is given at its default. Keys are sorted, and whole floats are
    written as integers, so that 100 and 100.0 agree. The order of terms counts, because it is the order of
    summation, and so does every given argument, because the library may change its default.
    """
    return hashlib.sha256(canonical(spec).encode()).hexdigest()


def canonical(spec: Spec) -> str:
    """Return the canonical JSON that the digest is made of."""
    table = {"format": 1, "losses": [*spec.losses.values()], "objectives": spec.objectives}
    data = plain(_converter().unstructure(table))
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@cache
def _converter() -> "Converter":
    """Return the converter that writes each field that counts, at its default or not."""
    made = new_converter({Term: ("tags",), ObjectiveSpec: ("name",)}, omit_if_default=False)
    made.register_unstructure_hook(Every, astuple)
    return made


def plain(value: object) -> object:
    """Return a value as canonical JSON data.

    >>> plain((100.0, 0.5, True, -0.0))
    [100, 0.5, True, 0]
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
