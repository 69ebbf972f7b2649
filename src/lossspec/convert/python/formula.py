"""The docstring of an exported module: what the objective is, its formula, and where it comes from."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from lossspec.convert.python.layout import WIDTH, literal
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import ObjectiveSpec, Spec, Term


def docstring(spec: Spec) -> list[str]:
    """Return the lines of the docstring of the module of a spec."""
    lines = [f'"""The training objective `{spec.reference}` in plain PyTorch.']
    if spec.description.strip():
        lines += ["", *_wrapped(spec.description)]
    for objective in spec.objectives.values():
        terms = [each for each in spec.losses.values() if each.objective == objective.name]
        lines += ["", *_equation(objective, terms)]
    if spec.references:
        lines += ["", *(f"See {escaped(each)}" for each in spec.references)]
    return [*lines, "", f"Digest of the spec: {spec.digest}", '"""']


def escaped(text: str) -> str:
    r"""Return a text as it may stand in a docstring.

    >>> print(escaped("a backslash: " + chr(92)))
    a backslash: \\
    """
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def wrapped(text: str, indent: int, hanging: int = 0) -> list[str]:
    """Return a text of the user's in lines, as they may stand in a docstring."""
    pad = " " * indent
    return wrap(
        escaped(text),
        WIDTH,
        initial_indent=pad,
        subsequent_indent=pad + " " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _wrapped(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        yield from [""] if number else []
        yield from wrapped(paragraph, 0)


def _equation(objective: ObjectiveSpec, terms: list[Term]) -> Iterator[str]:
    """Yield the formula of an objective, a summand a line."""
    left = f"    {objective.name} = "
    bracketed = objective.weight != 1.0
    if bracketed:
        left += f"{_weight(objective.name, objective.weight)} ["
    for number, term in enumerate(terms):
        start = left if number == 0 else f"{' ' * (len(left) - 2)}+ "
        closing = "]" if bracketed and term is terms[-1] else ""
        yield f"{start}{_summand(term)}{closing}"


def _summand(term: Term) -> str:
    weight = "" if term.weight == 1.0 else f"{_weight(term.name, term.weight)} "
    words = [each for each in term.args.values() if isinstance(each, str)]
    name = term.type.partition(".")[2] + (f"[{', '.join(words)}]" if words else "")
    inputs = ", ".join(str(_number(each.value)) if each.name is None else each.name for each in term.inputs)
    listed = ""
    if term.lists is not None:
        listed = f"{term.lists.combine if term.lists.weights is None else 'weighted sum'} of "
    every = "" if term.every is None else f", times {_number(term.every.gain)} every {term.every.steps} steps"
    return f"{weight}{listed}{name}({inputs}){every}"


def _weight(name: str, weight: float | Schedule) -> str:
    if isinstance(weight, Schedule):
        return f"{name}_weight({weight.unit or 'epoch'})"
    return _number(weight)


def _number(value: float | None) -> str:
    return literal(value).removesuffix(".0")
