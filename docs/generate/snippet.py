"""Writes a training loop for a spec: each objective, called with its tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.registry import find
from lossspec.report.forecast.weights import curves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import Spec
    from lossspec.registry import LossType

#: The longest line that a page shows without a scroll bar.
WIDTH = 80


def needs(spec: Spec) -> list[str]:
    """Return the extras that training with a spec needs; each of them includes torch."""
    return sorted({each.extra for each in _losses(spec)} - {"torch"}) or ["torch"]


def skips(spec: Spec) -> bool:
    """Return whether a term is skipped at times: by ``every``, or while its schedule is 0."""
    at_zero = {term.name for term in spec.losses.values() if term.at_zero == "skip"}
    moving = {curve.term for curve in curves(spec) if curve.units and not curve.argument}
    return bool(moving & at_zero) or any(term.every for term in spec.losses.values())


def snippet(spec: Spec) -> str:
    """Return a training loop with the lines that a spec needs."""
    return "\n".join([*_head(spec), "", *_loop(spec)])


def takes(spec: Spec, objective: str) -> list[str]:
    """Return the names of the tensors of an objective, in the order of its terms."""
    terms = [term for term in spec.losses.values() if term.objective == objective]
    balance = spec.objectives[objective].balance
    references = [each for term in terms for each in term.references] + [*(balance.inputs if balance else ())]
    return list(dict.fromkeys(each.name for each in references if each.name is not None))


def _head(spec: Spec) -> Iterator[str]:
    options = [f'"{spec.reference}"', 'experiment_dir="runs/1"']
    if any(each.downloads for each in _losses(spec)):
        options.append("downloads=True")  # otherwise it fails until someone has downloaded the weights
    yield "from lossspec import LossManager"
    yield ""
    yield from _call("manager = LossManager.from_spec", options, 0)
    for name in spec.objectives:
        yield f"{_suffixed('objective', name)} = manager.objective({_argument(name)})"


def _loop(spec: Spec) -> Iterator[str]:
    known = ", total_epochs=epochs" if any("fraction" in curve.units for curve in curves(spec)) else ""
    yield "for epoch in range(epochs):"
    yield f"    manager.set_progress(epoch=epoch{known})"
    yield "    for batch in loader:"
    yield "        ...  # your networks"
    for name in spec.objectives:
        result, given = _suffixed("loss", name), [f"{each}={each}" for each in takes(spec, name)]
        yield from _call(f"{result} = {_suffixed('objective', name)}", given, 8)
        yield f"        {result}.backward()"
        yield "        ...  # your optimiser"
    yield "        manager.step()"
    yield "    manager.update_loss_log()"


def _losses(spec: Spec) -> list[LossType]:
    return [entry for term in spec.losses.values() if (entry := find(term.type)) is not None]


def _suffixed(word: str, objective: str) -> str:
    return word if objective == "total" else f"{word}_{objective}"


def _argument(objective: str) -> str:
    return "" if objective == "total" else f'"{objective}"'


def _call(start: str, arguments: list[str], indent: int) -> Iterator[str]:
    """Yield a call on one line, or with one argument per line if it is too long."""
    space = " " * indent
    line = f"{space}{start}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{space}{start}("
    yield from (f"{space}    {each}," for each in arguments)
    yield f"{space})"
