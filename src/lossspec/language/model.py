"""The classes of a resolved spec: parameters filled in, variants applied, nothing left to look up.

The manager is built from a ``Spec``. It is frozen, compares by value, and has a digest of what it computes.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

from attrs import astuple, field, frozen

from lossspec.clean import line
from lossspec.language import notebook
from lossspec.language.converter import new_converter
from lossspec.language.summary import cut, first_sentence, several, total
from lossspec.language.text.selection import Selector, written
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from cattrs import Converter

AtZero = Literal["skip", "record", "compute"]
Combine = Literal["sum", "mean", "min", "max"]
IfMissing = Literal["error", "skip"]
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
        selectors: what is taken of the tensor, as the reference writes it from left to right.
    """

    name: str | None = None
    value: float | None = None
    detach: bool = False
    argument: str | None = None
    selectors: tuple[Selector, ...] = ()

    @property
    def reference(self) -> str:
        """The reference as the spec writes it, such as ``pred_fake[*][-1]``; "" for a number."""
        return "" if self.name is None else written(self.name, self.selectors)


@frozen
class Divisor:
    """A number or one-element tensor of the call that a reduction divides by.

    Attributes:
        name: the tensor's name.
        selectors: as those of an input.
        minimum: the least that is divided by, or None.
    """

    name: str
    selectors: tuple[Selector, ...] = ()
    minimum: float | None = None

    @property
    def reference(self) -> str:
        """The reference as the spec writes it."""
        return written(self.name, self.selectors)


By = Literal["elements", "weights", "batch"] | float | Divisor


@frozen
class Reduce:
    """How the elements that a loss returns become one number: the sum of weights times elements, divided.

    ``reduce = "mean"`` is ``by="elements"``, ``"sum"`` is ``by=1.0`` and ``"batch"`` is ``by="batch"``.

    Attributes:
        weights: the weights of the elements, or None for 1 everywhere.
        by: what the sum is divided by: the number of elements, the sum of the expanded weights, the size of
            the batch, a number above 0, or a number or tensor of the call.
    """

    weights: Input | None = None
    by: By = "elements"

    def written(self) -> object:
        """Return it as a spec has it, in its shortest form.

        >>> Reduce(by=1.0).written(), Reduce(by=5.0).written(), Reduce(Input("mask"), "weights").written()
        ('sum', {'by': 5.0}, {'weights': 'mask', 'by': 'weights'})
        """
        if self.weights is None and self.by in _REDUCTIONS:
            return _REDUCTIONS[self.by]
        table: dict[str, object] = {}
        if self.weights is not None:
            reference = self.weights.reference
            table["weights"] = {"name": reference, "detach": True} if self.weights.detach else reference
        if isinstance(self.by, Divisor):
            table["by"] = {"name": self.by.reference}
            if self.by.minimum is not None:
                table["by"] = {"name": self.by.reference, "minimum": self.by.minimum}
        elif self.by != "elements":
            table["by"] = self.by
        return table


#: The words for reductions without weights, by what they divide by.
_REDUCTIONS: Mapping[By, str] = {"elements": "mean", 1.0: "sum", "batch": "batch"}


@frozen
class Lists:
    """How a term treats inputs that are lists: the loss of each element, combined.

    Attributes:
        combine: what is done with the results.
        weights: the weight of each element, in order, or None; it goes with "sum".
        decay: element i of n weighs ``decay ** (n - 1 - i)``; None for equal weights.
        pairs: whether the loss is of "all" pairs of two lists, or of those at "different" positions; None
            for the elements at equal positions.
        of: what is combined: one result for each element of the lists, or the elements of the loss, before
            ``reduce``.
    """

    combine: Combine
    weights: tuple[float, ...] | None = None
    decay: float | None = None
    pairs: Literal["all", "different"] | None = None
    of: Literal["results", "elements"] = "results"

    def written(self) -> object:
        """Return it as a spec has it, in its shortest form.

        >>> Lists("sum").written(), Lists("sum", (1.0, 0.5)).written(), Lists("sum", decay=0.8).written()
        ('sum', [1.0, 0.5], {'combine': 'sum', 'decay': 0.8})
        """
        if self.weights is not None:
            return [*self.weights]
        options = {"decay": self.decay, "pairs": self.pairs, "of": self.of}
        given = {key: each for key, each in options.items() if each not in (None, "results")}
        return {"combine": self.combine, **given} if given else self.combine


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
        reduce: how the elements of the loss become one number, or None: the loss returns one.
        if_missing: what happens in a call where one of its tensors is absent or None.
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
    reduce: Reduce | None = None
    if_missing: IfMissing = "error"

    @property
    def gain(self) -> float:
        """The factor of ``every`` in the term weight."""
        return 1.0 if self.every is None else self.every.gain

    @property
    def references(self) -> tuple["Input | Divisor", ...]:
        """What refers to a tensor: its inputs, then the weights and the divisor of ``reduce``."""
        found: list[Input | Divisor] = [each for each in self.inputs if each.name is not None]
        if self.reduce is not None and self.reduce.weights is not None:
            found.append(self.reduce.weights)
        if self.reduce is not None and isinstance(self.reduce.by, Divisor):
            found.append(self.reduce.by)
        return tuple(found)


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
        files: by term and argument, the folder of the document that names a local file: the file must lie
            in it. A path that the caller gave can lie anywhere.
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
    files: Mapping[tuple[str, str], str] = field(factory=dict, eq=False)

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
        lines += [cut(f"params {line(params)}")] if params else []
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
    """Return the converter that writes each field that counts, at its default or not.

    Two fields are newer than the first digests: a term without them keeps its own.
    """
    from cattrs.gen import make_dict_unstructure_fn, override

    newer = override(omit_if_default=True)
    made = new_converter({ObjectiveSpec: ("name",)}, omit_if_default=False)
    made.register_unstructure_hook(Every, astuple)
    made.register_unstructure_hook(Input, _plain_input)
    made.register_unstructure_hook(Lists, Lists.written)
    made.register_unstructure_hook(Reduce, Reduce.written)
    hook = make_dict_unstructure_fn(Term, made, tags=override(omit=True), reduce=newer, if_missing=newer)
    made.register_unstructure_hook(Term, hook)
    return made


def _plain_input(each: Input) -> dict[str, object]:
    name = None if each.name is None else each.reference
    return {"name": name, "value": each.value, "detach": each.detach, "argument": each.argument}


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
