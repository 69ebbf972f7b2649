"""Says on a line what a total is, and on a line what a spec is for: the parts of a short ``repr``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.clean import line
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The most characters of a line.
WIDTH = 100
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def total(name: str, factor: float | Schedule, terms: Iterable[tuple[object, str]]) -> str:
    """Return the equation of a total, with the names of its terms.

    Args:
        name: the name of the objective.
        factor: its weight.
        terms: the weight of each term, a number, a schedule or None if it is unknown, and its name.

    >>> total("D", 0.5, [(1.0, "D_real"), (-2.0, "D_fake")])
    'D = 0.5·(D_real - 2·D_fake)'
    """
    parts = [_weighted(weight, term) for weight, term in terms]
    text = " ".join(_shortened(parts, WIDTH - len(name) - 20)).removeprefix("+ ")
    text = f"-{text[2:]}" if text.startswith("- ") else text
    if factor == 1:
        return f"{name} = {text}"
    return f"{name} = {_weight(factor)}·({text})" if len(parts) > 1 else f"{name} = {_weight(factor)}·{text}"


def several(lines: Sequence[str], names: Sequence[str], most: int) -> list[str]:
    """Return at most ``most`` lines, each about one of the names; the last one says what is left out.

    >>> several(["a = 1", "b = 2", "c = 3"], ["a", "b", "c"], 2)
    ['a = 1', 'and b, c']
    """
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], cut(f"and {', '.join(names[most - 1 :])}")]


def first_sentence(text: str) -> str:
    r"""Return the first sentence of a text, on one line.

    >>> first_sentence("Pixels and\nedges. Not tested.")
    'Pixels and edges.'
    """
    return cut(_SENTENCE.split(line(" ".join(text.split())), maxsplit=1)[0])


def cut(text: str, width: int = WIDTH) -> str:
    """Cut a text that is too long for a line."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _weighted(weight: object, name: str) -> str:
    if isinstance(weight, int | float) and weight < 0:
        return f"- {_times(-weight, name)}"
    return f"+ {_times(weight, name)}"


def _times(weight: object, name: str) -> str:
    return name if weight == 1 else f"{_weight(weight)}·{name}"


def _weight(weight: object) -> str:
    if isinstance(weight, Schedule):
        return f"λ({weight.unit or 'epoch'})"
    return f"{weight:.4g}" if isinstance(weight, int | float) else "?"


def _shortened(parts: Sequence[str], width: int) -> list[str]:
    """Leave out terms at the end, and count them."""
    kept: list[str] = []
    for each in parts:
        if kept and sum(map(len, kept)) + len(kept) + len(each) > width:
            return [*kept, f"+ {len(parts) - len(kept)} more"]
        kept.append(each)
    return kept
