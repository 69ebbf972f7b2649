"""The expression of a term's raw value: its inputs, the call of its loss, its reduction and its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.convert.python.layout import literal
from lossspec.convert.python.refusal import refuse
from lossspec.language.model import Divisor, Input, Reduce
from lossspec.registry.entry import CallInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.convert.python.scope import Scope
    from lossspec.language.model import Lists, Term
    from lossspec.language.text.selection import Selector
    from lossspec.registry import LossType


def call_input(term: Term, entry: LossType, number: int) -> CallInput:
    """Return what the catalogue says of an input of a term; one that it does not have is a plain tensor."""
    argument = term.inputs[number].argument
    if argument is not None:
        return next((each for each in entry.inputs if each.name == argument), CallInput(argument))
    return entry.inputs[number] if number < len(entry.inputs) else CallInput("")


def kind_of(term: Term, entry: LossType, number: int) -> str:
    """Return what a loss takes as an input: a tensor, a list or a callable."""
    return call_input(term, entry, number).kind


def selected(text: str, selectors: Sequence[Selector], scope: Scope) -> str:
    """Return the expression of what selectors take of an expression."""
    for number, each in enumerate(selectors):
        if each == "*":
            rest = selected("each", selectors[number + 1 :], scope)
            return text if rest == "each" else f"[{rest} for each in {text}]"
        if isinstance(each, str):
            text = f"{scope.helper('entry')}({text}, {literal(each[1:])})"
        else:
            text = f"{text}[{_index(each)}]"
    return text


def _index(selector: int | tuple[int | None, int | None]) -> str:
    if isinstance(selector, int):
        return str(selector)
    return ":".join("" if end is None else str(end) for end in selector)


def is_there(term: Term, scope: Scope, local: Mapping[str, str]) -> str:
    """Return the condition that a call has all tensors of a term."""
    conditions = []
    for each in term.references:
        name = local[str(each.name)]
        path = [f"slice{one}" if isinstance(one, tuple) else literal(one) for one in each.selectors]
        if path:
            conditions.append(f"{scope.helper('has')}({', '.join([name, *path])})")
        else:
            conditions.append(f"{name} is not None")
    return " and ".join(dict.fromkeys(conditions))


@frozen
class Call:
    """The call of a term's loss.

    Attributes:
        term: what the spec says.
        entry: its loss type.
        scope: the module.
        local: what each tensor is called in ``forward``.
        function: what is called; "" for a loss that passes on its input.
        extra: keyword arguments after the inputs.
        ending: what follows the call, such as ``.mean()``.
    """

    term: Term
    entry: LossType
    scope: Scope
    local: Mapping[str, str]
    function: str
    extra: Mapping[str, str]
    ending: str

    def expression(self, weights: str) -> str:
        """Return the whole expression; ``weights`` is the attribute with the weights of ``lists``."""
        taken = [self._reference(each) for each in (*self.term.inputs, *self._beside())]
        lists = self.term.lists
        if lists is None:
            return self._reduced(self._once(taken), taken)
        if lists.of == "elements":
            return self._reduced(self._over_lists(lists, taken, weights), taken)
        return self._over_lists(lists, taken, weights)

    def _beside(self) -> list[Input | Divisor]:
        """Return what ``reduce`` takes: weights, then a divisor."""
        reduce = self.term.reduce or Reduce()
        return [each for each in (reduce.weights, reduce.by) if isinstance(each, Input | Divisor)]

    def _reference(self, reference: Input | Divisor) -> str:
        if reference.name is None:
            return ""
        return selected(self.local[reference.name], reference.selectors, self.scope)

    def _reduced(self, call: str, taken: Sequence[str]) -> str:
        """Return the reduction of a call, by the words of torch where they do."""
        reduce = self.term.reduce
        if reduce is None:
            return call
        if reduce == Reduce():
            return f"{call}.mean()"
        if reduce == Reduce(by=1.0):
            return f"{call}.sum()"
        given = [call]
        if reduce.weights is not None:
            weights = taken[len(self.term.inputs)]
            given.append(self._cut(weights, "") if reduce.weights.detach else weights)
        if isinstance(reduce.by, Divisor):
            given.append(f"by={taken[-1]}")
            if reduce.by.minimum is not None:
                given.append(f"minimum={literal(reduce.by.minimum)}")
        elif reduce.by != "elements":
            given.append(f"by={literal(reduce.by)}")
        return f"{self.scope.helper('reduced')}({', '.join(given)})"

    def _once(self, taken: Sequence[str]) -> str:
        """Return the call with these expressions for what the term takes."""
        given = [self._given(number, taken) for number in range(len(self.term.inputs))]
        named = [
            f"{each.argument}={value}" if each.argument else value
            for each, value in zip(self.term.inputs, given, strict=True)
        ]
        if not self.function:
            return given[0]
        extra = [f"{name}={value}" for name, value in self.extra.items()]
        return f"{self.function}({', '.join([*named, *extra])}){self.ending}"

    def _over_lists(self, lists: Lists, taken: Sequence[str], weights: str) -> str:
        """Return the call for each element of its lists, combined."""
        places = [number for number, each in enumerate(taken) if each and self._is_iterated(lists, number)]
        used = set(self.local.values())
        letters = [each for each in ("x", "y", "z", "u", "v", "w") if each not in used]
        letters += [f"each_{number}" for number in range(len(places))]
        inner: dict[str, str] = {}  # by what is iterated over, which two inputs can share
        row = list(taken)
        for number in places:
            key = f"{taken[number]}#{number}" if lists.pairs else taken[number]
            row[number] = inner.setdefault(key, letters[len(inner)])
        sources = [each.partition("#")[0] for each in inner]
        call = self._once(row) if lists.of == "elements" else self._reduced(self._once(row), row)
        target = ", ".join(inner.values())
        source = sources[0]
        if lists.pairs is not None:
            different = ", different=True" if lists.pairs == "different" else ""
            source = f"{self.scope.helper('pairs')}({', '.join(sources)}{different})"
        elif len(sources) > 1:
            source = f"{self.scope.helper('elements')}({', '.join(sources)})"
        return self._combined(lists, call, target, source, weights)

    def _combined(self, lists: Lists, call: str, target: str, source: str, weights: str) -> str:
        if lists.weights is not None:
            target = f"({target})" if ", " in target else target
            some_rest = 0.0 in lists.weights and any(lists.weights) and self.term.at_zero != "compute"
            chosen = " if weight != 0.0" if some_rest else ""  # where it is 0, NaN and inf do not spread
            loop = f"for weight, {target} in zip(self.{weights}, {source}, strict=True){chosen}"
            return f"sum(weight * {call} {loop})"
        results = source if call == target else f"{call} for {target} in {source}"
        if lists.decay is not None:
            results = results if results == source else f"[{results}]"
            mean = ", mean=True" if lists.combine == "mean" else ""
            return f"{self.scope.helper('decayed')}({results}, {literal(lists.decay)}{mean})"
        if lists.combine == "sum":
            return f"sum({results})"
        if call == target and lists.combine == "mean":
            results = f"{call} for {target} in {source}"
        helper = {"mean": "mean", "min": "least", "max": "greatest"}[lists.combine]
        return f"{self.scope.helper(helper)}({results})"

    def _is_iterated(self, lists: Lists, number: int) -> bool:
        """Return whether what a term takes may be a list, of whose elements each is taken."""
        if number >= len(self.term.inputs):  # the tensors of `reduce`
            return lists.of == "results" and lists.pairs is None
        return self._kind(number) != "callable"

    def _kind(self, number: int) -> str:
        return kind_of(self.term, self.entry, number)

    def _given(self, number: int, taken: Sequence[str]) -> str:
        each = self.term.inputs[number]
        if each.name is None:
            constant = call_input(self.term, self.entry, number).constant
            return self._constant(each.value or 0.0, constant, taken)
        text, kind = taken[number], self._kind(number)
        if kind == "callable":
            return text
        if each.detach:
            return self._cut(text, kind)
        is_weighed = self.term.reduce is not None and self.term.reduce.weights is not None
        if is_weighed and self.function and kind == "tensor":
            return f"{self.scope.helper('guarded')}({text}, {taken[len(self.term.inputs)]})"
        return text

    def _cut(self, text: str, kind: str) -> str:
        """Return the expression of a tensor without its graph."""
        if kind == "list" or text.startswith("["):
            return f"{self.scope.helper('detached')}({text})"
        return f"{text}.detach()"

    def _constant(self, value: float, kind: str, taken: Sequence[str]) -> str:
        """Return what a number becomes beside the first tensor."""
        first = next(
            (n for n, each in enumerate(self.term.inputs) if each.name and self._kind(n) != "callable"), None
        )
        if first is None:
            refuse(
                f"`{self.term.name}`",
                f"the number {value} takes the shape of the first tensor, and none is given",
            )
        name = taken[first]
        if kind != "like":
            helper = self.scope.helper("classes" if kind == "class" else "per_item")
            return f"{helper}({name}, {literal(int(value) if kind == 'class' else float(value))})"
        if self._kind(first) == "list":
            return f"{self.scope.helper('filled')}({name}, {literal(float(value))})"
        if value in {0.0, 1.0}:
            return f"torch.{'ones' if value else 'zeros'}_like({name})"
        return f"torch.full_like({name}, {literal(float(value))})"
