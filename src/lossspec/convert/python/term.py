"""One term: how its loss is made, and how it is called with the tensors of the objective."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import fields, frozen

from lossspec.convert.python.layout import literal
from lossspec.convert.python.refusal import refuse
from lossspec.convert.python.scope import PASSED_ON
from lossspec.language.model import Input, Lists, Term
from lossspec.paths import user_path
from lossspec.registry.entry import CallInput
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.convert.python.names import Names
    from lossspec.convert.python.scope import Scope
    from lossspec.registry import Argument, LossType

#: What the exporter writes of a term and of its inputs; it refuses all else.
KNOWN = {
    Term: {"name", "type", "inputs", "args", "weight", "objective", "tags", "at_zero", "lists", "every"},
    Input: {"name", "value", "detach", "argument"},
}


@frozen
class Written:
    """The code of a term.

    Attributes:
        made: statements of the constructor: what is assigned, and the expression.
        before: statements right before the call: arguments that move.
        call: the expression of its raw value.
    """

    made: tuple[tuple[str, str], ...]
    before: tuple[str, ...]
    call: str


def write_term(term: Term, scope: Scope, attributes: Names, local: Mapping[str, str]) -> Written:
    """Return the code of a term.

    Args:
        term: of a resolved spec.
        scope: the module.
        attributes: those of the objective.
        local: what each tensor is called in ``forward``.

    Raises:
        ExportError: the term says something that plain Python can't.
    """
    _require_known(term, term)
    for each in term.inputs:
        _require_known(term, each)
    entry = scope.types[term.name]
    args = {name: _argument(scope, entry.args.get(name), value) for name, value in term.args.items()}
    moving = {
        name: scope.schedule(value, f"{term.name}_{name}", f"`{name}` of `{term.name}`")
        for name, value in term.args.items()
        if isinstance(value, Schedule)
    }
    attribute = attributes.take(term.name, f"loss_{term.name}")
    ours = {name for name, argument in entry.args.items() if argument.ours}
    given = {name: value for name, value in args.items() if name not in ours}
    made: list[tuple[str, str]] = []
    if entry.function:
        function = scope.code(entry)
        for name, value in given.items():
            if value.startswith("torch.tensor("):
                buffer = attributes.take(f"{term.name}_{name}")
                made.append(("", f'self.register_buffer("{buffer}", {value}, persistent=False)'))
                given[name] = f"self.{buffer}"
        extra = {**given, **moving}
        before: list[str] = []
    elif term.type == PASSED_ON:
        function, extra, before = "", {}, []
    else:
        function, extra = f"self.{attribute}", {}
        made.append((f"self.{attribute} = ", f"{scope.code(entry)}({_keywords(given)})"))
        before = [f"self.{attribute}.{name} = {call}" for name, call in moving.items()]
    reduction = term.args.get("reduction", "none") if "reduction" in ours else "none"
    ending = "" if reduction == "none" else f".{reduction}()"
    weights = ""
    if term.lists is not None and term.lists.weights is not None:
        weights = attributes.take(f"{term.name}_weights")
        made.append((f"self.{weights} = ", literal([*term.lists.weights])))
    call = _Call(term, entry, scope, local, function, extra, ending)
    return Written(tuple(made), tuple(before), call.over_lists(weights) if term.lists else call.once(local))


def call_input(term: Term, entry: LossType, number: int) -> CallInput:
    """Return what the catalogue says of an input of a term; one that it does not have is a plain tensor."""
    argument = term.inputs[number].argument
    if argument is not None:
        return next((each for each in entry.inputs if each.name == argument), CallInput(argument))
    return entry.inputs[number] if number < len(entry.inputs) else CallInput("")


def kind_of(term: Term, entry: LossType, number: int) -> str:
    """Return what a loss takes as an input: a tensor, a list or a callable."""
    return call_input(term, entry, number).kind


def _require_known(term: Term, part: Term | Input) -> None:
    """Refuse what the language has and this exporter does not know."""
    known = KNOWN[type(part)]
    for each in fields(type(part)):
        if each.name not in known and getattr(part, each.name) != each.default:
            refuse(f"`{term.name}`", f"`{each.name}` is not exported yet")
    if isinstance(part, Term) and part.lists is not None:
        written = part.lists.written()
        if written not in ("sum", "mean") and not isinstance(written, list):
            refuse(f"`{term.name}`", f"`lists = {written!r}` is not exported yet")


def _argument(scope: Scope, argument: Argument | None, value: object) -> str:
    if isinstance(value, Schedule):
        return literal(value(0))  # a first value to construct it with; the clock sets it from then on
    if argument is not None and argument.tensor:
        return f"torch.tensor({literal(value if _is_whole(argument) else _floats(value))})"
    folder = scope.spec.folder
    if argument is not None and argument.path and folder is not None and value != argument.default:
        return literal(str(Path(folder) / user_path(str(value))))
    return literal(value)


def _is_whole(argument: Argument) -> bool:
    items = argument.schema.get("items")
    return isinstance(items, dict) and items.get("type") == "integer"


def _floats(value: object) -> object:
    return [_floats(each) for each in value] if isinstance(value, list | tuple) else float(str(value))


def _keywords(args: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in args.items())


@frozen
class _Call:
    term: Term
    entry: LossType
    scope: Scope
    local: Mapping[str, str]
    function: str
    extra: Mapping[str, str]
    ending: str

    def once(self, local: Mapping[str, str]) -> str:
        """Return the call with tensors under these names."""
        given = [self._given(number, local) for number in range(len(self.term.inputs))]
        named = [
            f"{each.argument}={value}" if each.argument else value
            for each, value in zip(self.term.inputs, given, strict=True)
        ]
        if not self.function:
            return given[0]
        return f"{self.function}({', '.join([*named, *filter(None, [_keywords(self.extra)])])}){self.ending}"

    def over_lists(self, weights: str) -> str:
        """Return the call for each element of its lists, combined."""
        names = dict.fromkeys(
            str(each.name)
            for number, each in enumerate(self.term.inputs)
            if each.name and kind_of(self.term, self.entry, number) != "callable"
        )
        letters = [each for each in ("x", "y", "z", "u", "v", "w") if each not in self.local.values()]
        letters += [f"each_{number}" for number in range(len(names))]
        inner = dict(zip(names, letters, strict=False))
        call = self.once({**self.local, **inner})
        how = self.term.lists or Lists("sum")
        if call == next(iter(inner.values())) and how == Lists("sum"):
            return f"sum({self.local[next(iter(names))]})"
        target, source = ", ".join(inner.values()), self.local[next(iter(names))]
        if len(names) > 1:
            source = f"{self.scope.helper('elements')}({', '.join(self.local[name] for name in names)})"
        if how.combine == "mean":
            return f"{self.scope.helper('mean')}({call} for {target} in {source})"
        if how.weights is None:
            return f"sum({call} for {target} in {source})"
        target = f"({target})" if len(names) > 1 else target
        some_rest = 0.0 in how.weights and any(how.weights) and self.term.at_zero != "compute"
        chosen = " if weight != 0.0" if some_rest else ""  # where it is 0, NaN and inf do not spread
        loop = f"for weight, {target} in zip(self.{weights}, {source}, strict=True){chosen}"
        return f"sum(weight * {call} {loop})"

    def _given(self, number: int, local: Mapping[str, str]) -> str:
        each = self.term.inputs[number]
        kind = kind_of(self.term, self.entry, number)
        if each.name is None:
            return self._constant(
                each.value or 0.0, call_input(self.term, self.entry, number).constant, local
            )
        if not each.detach or kind == "callable":
            return local[each.name]
        if kind == "list":
            return f"{self.scope.helper('detached')}({local[each.name]})"
        return f"{local[each.name]}.detach()"

    def _constant(self, value: float, kind: str, local: Mapping[str, str]) -> str:
        """Return what a number becomes beside the first tensor."""
        first = next(
            (
                n
                for n, each in enumerate(self.term.inputs)
                if each.name and kind_of(self.term, self.entry, n) != "callable"
            ),
            None,
        )
        if first is None:
            refuse(
                f"`{self.term.name}`",
                f"the number {value} takes the shape of the first tensor, and none is given",
            )
        name = local[str(self.term.inputs[first].name)]
        if kind != "like":
            helper = self.scope.helper("classes" if kind == "class" else "per_item")
            return f"{helper}({name}, {literal(int(value) if kind == 'class' else float(value))})"
        if kind_of(self.term, self.entry, first) == "list":
            return f"{self.scope.helper('filled')}({name}, {literal(float(value))})"
        if value in {0.0, 1.0}:
            return f"torch.{'ones' if value else 'zeros'}_like({name})"
        return f"torch.full_like({name}, {literal(float(value))})"
