"""One objective as a class: its losses, and ``forward``."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from torch import nn

from lossspec.convert.python.body import body
from lossspec.convert.python.formula import wrapped
from lossspec.convert.python.layout import definition, literal, statement
from lossspec.convert.python.names import Names
from lossspec.convert.python.part import never_runs, part_of
from lossspec.convert.python.refusal import refuse
from lossspec.convert.python.scope import FIXED, HELPERS
from lossspec.convert.python.term import write_term
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.convert.python.part import Part
    from lossspec.convert.python.scope import Scope
    from lossspec.language.model import ObjectiveSpec

#: What every objective has as a module.
_ATTRIBUTES = frozenset(
    {
        *dir(nn.Module()),
        "epoch",
        "step",
        "fraction",
        "total_epochs",
        "total_steps",
        "set_progress",
        "values",
        "is_due",
        "last_due",
    }
)
#: What ``forward`` calls or sets, beside functions of schedules.
_CALLED = FIXED | HELPERS | {"self", "sum", "zip", "total", "scale", "weight", "Any"}


def write_objective(objective: ObjectiveSpec, scope: Scope, name: str) -> list[str]:
    """Return the lines of the class of an objective.

    Args:
        objective: of the spec of the scope.
        scope: the module.
        name: what the class is called.

    Raises:
        ExportError: a term says something that plain Python can't.
    """
    terms = [each for each in scope.spec.losses.values() if each.objective == objective.name]
    terms = [each for each in terms if not never_runs(each, objective)]
    tensors = list(dict.fromkeys(str(each.name) for term in terms for each in term.references))
    if "self" in tensors:
        refuse(f"the objective `{objective.name}`", "no module takes a tensor called `self`: rename it")
    variables = Names(_CALLED | set(scope.imports.values()) | {*tensors})
    given = "" if all(map(_is_parameter, tensors)) else variables.take("tensors", "given")
    local = {each: variables.take(f"{each}_") if given else each for each in tensors}
    attributes = Names(_ATTRIBUTES)
    parts = []
    for term in terms:
        written = write_term(term, scope, attributes, local)
        variable = variables.take(term.name, f"{term.name}_value")
        parts.append(part_of(term, objective, scope, written, variable))
    always = {each for part in parts if not part.rests for each in part.tensors}
    lines = [
        f"class {name}(Objective):",
        f'    """The total `{objective.name}`."""',
        "",
        *_constructor(parts),
    ]
    if given:
        lines.append(f"    def forward(self, **{given}: Any) -> Tensor:")
    else:
        hints = [f"{each}: {_hint(each, parts, scope, is_needed=each in always)}" for each in tensors]
        lines += definition("forward", ["self", *(["*", *hints] if hints else [])], "Tensor", 4)
    lines += _docstring(tensors, always, scope)
    for each in tensors if given else ():
        taken = f'["{each}"]' if each in always else f'.get("{each}")'
        lines.append(f"        {local[each]} = {given}{taken}")
    scale, moves = _scale(objective, scope)
    return [*lines, *body(parts, scale, scale_moves=moves, indent=8)]


def _is_parameter(name: str) -> bool:
    return not keyword.iskeyword(name) and name not in _CALLED


def _constructor(parts: Sequence[Part]) -> list[str]:
    made = [each for part in parts for each in part.written.made]
    if not made:
        return []
    lines = ["    def __init__(self) -> None:", "        super().__init__()"]
    for target, expression in made:
        lines += statement(target, expression, indent=8)
    return [*lines, ""]


def _scale(objective: ObjectiveSpec, scope: Scope) -> tuple[str, bool]:
    """Return the expression of an objective's weight, and whether it moves."""
    if isinstance(objective.weight, Schedule):
        what = f"the weight of the objective `{objective.name}`"
        return scope.schedule(objective.weight, f"{objective.name}_weight", what), True
    return "" if objective.weight == 1.0 else literal(float(objective.weight)), False


def _hint(tensor: str, parts: Sequence[Part], scope: Scope, *, is_needed: bool) -> str:
    """Return the annotation of a tensor."""
    hints = {part.hint(tensor, scope.types[part.term.name]) for part in parts if tensor in part.tensors}
    hint = "Any" if "Any" in hints else max(hints, key=len)  # the deepest list, or a callable
    return hint if is_needed else "Any = None" if hint == "Any" else f"{hint} | None = None"


def _docstring(tensors: Sequence[str], always: set[str], scope: Scope) -> list[str]:
    """Return the docstring of ``forward``: the tensors as the spec describes them."""
    said = scope.spec.inputs
    if not any(each in said or each not in always for each in tensors):
        return ['        """Return the total, a scalar."""']
    lines = ['        """Return the total, a scalar.', "", "        Args:"]
    for each in tensors:
        about = [" ".join(said.get(each, "").split()).removesuffix(".")]
        about += [] if each in always else ["needed while its terms run"]
        lines += wrapped(f"{each}: {'; '.join(filter(None, about))}".removesuffix(": "), 12, hanging=4)
    return [*lines, '        """']
