"""What a loss allocates with given arguments, by the formula in its catalogue."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.validation.expression import ExpressionError, evaluate, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lossspec.registry.entry import LossType

#: What the losses of a spec may allocate when they are built, in bytes, unless the caller allows more.
MAX_BYTES = 2**30
#: Before the name of an array argument: the product of its items.
PRODUCT = "product_of_"


def sizes(entry: LossType) -> list[str]:
    """Return the arguments that decide how much a loss allocates, each once, in the order of the formula."""
    found = [each.removeprefix(PRODUCT) for each in names(_written(entry.allocates))]
    return list(dict.fromkeys(found))


def allocated(entry: LossType, args: Mapping[str, object]) -> float:
    """Return how many bytes a loss allocates with these arguments; 0 if its catalogue does not say.

    An array counts with its largest item, as often as it has items. An argument that is neither given nor has
    a number as its default counts as 0.

    >>> from lossspec.registry import find
    >>> allocated(find("pytorch_metric_learning.ArcFaceLoss"), {"num_classes": 1000, "embedding_size": 64})
    256000.0
    """
    if not entry.allocates:
        return 0.0
    values: dict[str, float] = {}
    count = 1
    for name in dict.fromkeys(names(_written(entry.allocates))):
        argument = name.removeprefix(PRODUCT)
        items = _numbers(args.get(argument, entry.args[argument].default))
        if name != argument:
            values[name] = math.prod(items)
        else:
            values[name] = max(items, default=0.0)
            count = max(count, len(items))
    return count * _value(entry.allocates, values)


def problem(allocates: str, arguments: Iterable[str]) -> str:
    """Return what is wrong with a formula in a catalogue, or ""."""
    known = dict.fromkeys(arguments, 1.0)
    try:
        evaluate(_written(allocates), known | {f"{PRODUCT}{name}": 1.0 for name in known})
    except ExpressionError as error:
        text = str(error).replace("parameter", "argument")
        return f"{text}: {error.help.replace('parameter', 'argument')}" if error.help else text
    return ""


def size(number: float) -> str:
    """Return a number of bytes for people.

    >>> size(2**30), size(20_480_000_000), size(1e30)
    ('1 GiB', '19.1 GiB', 'more than 1,000,000 GiB')
    """
    if number >= 1e6 * 2**30:
        return "more than 1,000,000 GiB"
    unit, scale = ("GiB", 2**30) if number >= 2**30 else ("MiB", 2**20)
    return f"{float(f'{number / scale:.3g}'):g} {unit}"


def _written(allocates: str) -> str:
    return f"${{{allocates}}}"


def _value(allocates: str, values: Mapping[str, float]) -> float:
    try:
        return max(float(evaluate(_written(allocates), values)), 0.0)
    except ExpressionError:  # more than a float can hold
        return math.inf


def _numbers(value: object) -> list[float]:
    items = value if isinstance(value, list | tuple) else [value]
    return [_number(each) for each in items]


def _number(value: object) -> float:
    """Return a number of a spec as a float; 0 for anything else, which the schema reports."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if abs(value) < 2**1000 else math.inf
