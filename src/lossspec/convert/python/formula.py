"""The docstring of an exported module: what the objective is, its formula, and where it comes from."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from lossspec.clean import service as clean_text
from lossspec.convert.python.layout import WIDTH, literal
from lossspec.language.model import Divisor
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import Lists, ObjectiveSpec, Reduce, Spec, Term


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
    return clean_text(text).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


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
        yield escaped(f"{start}{_summand(term)}{closing}")


def _summand(term: Term) -> str:
    weight = "" if term.weight == 1.0 else f"{_weight(term.name, term.weight)} "
    words = [each for each in term.args.values() if isinstance(each, str)]
    name = term.type.partition(".")[2] + (f"[{', '.join(words)}]" if words else "")
    inputs = ", ".join(each.reference or _number(each.value) for each in term.inputs)
    every = "" if term.every is None else f", times {_number(term.every.gain)} every {term.every.steps} steps"
    given = ", where its tensors are given" if term.if_missing == "skip" else ""
    return f"{weight}{_listed(term.lists)}{name}({inputs}){_reduced(term.reduce)}{every}{given}"


def _listed(lists: Lists | None) -> str:
    if lists is None:
        return ""
    if lists.weights is not None:
        return "weighted sum of "
    of = {None: "", "all": "over all pairs ", "different": "over pairs of different positions "}[lists.pairs]
    decay = "" if lists.decay is None else f"with decay {_number(lists.decay)} "
    return f"{lists.combine} {of}{decay}of {'each element of ' if lists.of == 'elements' else ''}"


def _reduced(reduce: Reduce | None) -> str:
    if reduce is None:
        return ""
    weighted = f", weighted by {reduce.weights.reference}" if reduce.weights is not None else ""
    if isinstance(reduce.by, Divisor):
        least = "" if reduce.by.minimum is None else f" (at least {_number(reduce.by.minimum)})"
        return f"{weighted}, sum divided by {reduce.by.reference}{least}"
    if isinstance(reduce.by, str):
        words = {"elements": ", mean", "weights": ", mean by weight", "batch": ", sum of each item, mean"}
        return weighted + words[reduce.by]
    return f"{weighted}, sum" + ("" if reduce.by == 1.0 else f" divided by {_number(reduce.by)}")


def _weight(name: str, weight: float | Schedule) -> str:
    if isinstance(weight, Schedule):
        return f"{name}_weight({weight.unit or 'epoch'})"
    return _number(weight)


def _number(value: float | None) -> str:
    return literal(value).removesuffix(".0")
