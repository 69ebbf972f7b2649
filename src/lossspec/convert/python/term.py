"""One term: how its loss is made, and how it is called with the tensors of the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import fields, frozen

from lossspec.convert.python.call import Call, is_there
from lossspec.convert.python.layout import literal
from lossspec.convert.python.refusal import refuse
from lossspec.convert.python.scope import PASSED_ON
from lossspec.language.local_files import is_file, local_path
from lossspec.language.model import Divisor, Input, Lists, Reduce, Term
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.convert.python.names import Names
    from lossspec.convert.python.scope import Scope
    from lossspec.registry import Argument

#: What the exporter writes of a term and of its parts; it refuses all else.
KNOWN: dict[type, set[str]] = {
    Term: {"name", "type", "inputs", "args", "weight", "objective", "tags", "at_zero", "every"}
    | {"lists", "reduce", "if_missing"},
    Input: {"name", "value", "detach", "argument", "selectors"},
    Divisor: {"name", "minimum", "selectors"},
    Lists: {"combine", "weights", "decay", "pairs", "of"},
    Reduce: {"weights", "by"},
}


@frozen
class Written:
    """The code of a term.

    Attributes:
        made: statements of the constructor: what is assigned, and the expression.
        before: statements right before the call: arguments that move.
        call: the expression of its raw value.
        there: the condition that a call has its tensors, or "" where it needs them.
    """

    made: tuple[tuple[str, str], ...]
    before: tuple[str, ...]
    call: str
    there: str


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
    for part in (term, *term.inputs, *term.references, term.lists, term.reduce):
        _require_known(term, part)
    entry = scope.types[term.name]
    args = {
        name: _argument(scope, term.name, entry.args.get(name), value) for name, value in term.args.items()
    }
    moving = {
        name: scope.schedule(value, f"{term.name}_{name}", f"`{name}` of `{term.name}`")
        for name, value in term.args.items()
        if isinstance(value, Schedule)
    }
    attribute = attributes.take(term.name, f"loss_{term.name}")
    ours = {name for name, argument in entry.args.items() if argument.ours}
    given = {name: value for name, value in args.items() if name not in ours}
    if term.reduce is not None and "reduction" in entry.args and "reduction" not in ours:
        given["reduction"] = literal("none")
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
    call = Call(term, entry, scope, local, function, extra, ending)
    there = is_there(term, scope, local) if term.if_missing == "skip" else ""
    return Written(tuple(made), tuple(before), call.expression(weights), there)


def _require_known(term: Term, part: Term | Input | Divisor | Lists | Reduce | None) -> None:
    """Refuse what the language has and this exporter does not know."""
    for each in fields(type(part)) if part is not None else ():
        if each.name not in KNOWN[type(part)] and getattr(part, each.name) != each.default:
            refuse(f"`{term.name}`", f"`{each.name}` is not exported yet")


def _argument(scope: Scope, term: str, argument: Argument | None, value: object) -> str:
    if isinstance(value, Schedule):
        return literal(value(0))  # a first value to construct it with; the clock sets it from then on
    if argument is not None and argument.tensor:
        return f"torch.tensor({literal(value if _is_whole(argument) else _floats(value))})"
    if argument is not None and is_file(argument, value):
        return literal(str(local_path(scope.spec, term, argument.name, str(value))))
    return literal(value)


def _is_whole(argument: Argument) -> bool:
    items = argument.schema.get("items")
    return isinstance(items, dict) and items.get("type") == "integer"


def _floats(value: object) -> object:
    return [_floats(each) for each in value] if isinstance(value, list | tuple) else float(str(value))


def _keywords(args: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in args.items())
