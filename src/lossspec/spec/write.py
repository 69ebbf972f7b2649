"""Writes specs as TOML: what is read back is equal.

>>> import lossspec
>>> from lossspec.spec.write import write
>>> text = write(lossspec.load("pix2pix", params={"lambda_l1": 50.0}))
>>> print(text[text.index("[losses.G_L1]"):text.index("[losses.D_real]")].strip())
[losses.G_L1]
type = "torch.L1Loss"
inputs = ["y_fake", "y"]
weight = 50.0
objective = "G"
tags = ["pixel"]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import tomli_w

from lossspec.schedules import Schedule
from lossspec.spec import document
from lossspec.spec.model import Spec

if TYPE_CHECKING:
    from lossspec.spec.document import Document
    from lossspec.spec.model import Balance, Input, ObjectiveSpec, Term

Table = dict[str, object]
#: Arrays of up to this many characters stand on one line.
_LINE = 100


def write(spec: Spec | Document | Mapping[str, object]) -> str:
    """Return the TOML of a resolved spec, of a document, or of a table.

    A resolved spec has its variants applied and its parameters filled in: its text has neither, and
    resolves to the same digest.
    """
    if isinstance(spec, Spec):
        table: Mapping[str, object] = to_table(spec)
    else:
        table = spec if isinstance(spec, Mapping) else document.to_table(spec)
    return _on_one_line(tomli_w.dumps(table))


def to_table(spec: Spec) -> Table:
    """Return the document of a resolved spec, what is at its default left out."""
    alone = len(spec.objectives) == 1 and "total" in spec.objectives
    table: Table = {
        "format": 1,
        "description": spec.description,
        "references": [*spec.references],
        "inputs": dict(spec.inputs),
        "losses": {name: term_table(each, is_alone=alone) for name, each in spec.losses.items()},
        "objectives": {name: entry for name, each in spec.objectives.items() if (entry := _objective(each))},
    }
    return {key: value for key, value in table.items() if value or key == "losses"}


def term_table(term: Term, *, is_alone: bool) -> Table:
    """Return the table of a term, what is at its default left out; its objective, too, if it is alone."""
    every = term.every
    table: Table = {
        "type": term.type,
        "args": {key: _plain(value) for key, value in term.args.items()},
        "inputs": _inputs(term.inputs),
        "weight": None if term.weight == 1.0 else _plain(term.weight),
        "objective": None if is_alone else term.objective,
        "tags": [*term.tags],
        "at_zero": None if term.at_zero == "skip" else term.at_zero,
        "lists": _plain(term.lists),
        "every": {"steps": every.steps, "gain": every.gain} if every else None,
    }
    return {key: value for key, value in table.items() if value not in (None, [], {})}


def _objective(objective: ObjectiveSpec) -> Table:
    table: Table = {}
    if objective.weight != 1.0:
        table["weight"] = _plain(objective.weight)
    if objective.balance is not None:
        table["balance"] = _balance(objective.balance)
    return table


def _balance(balance: Balance) -> Table:
    table: Table = {
        "type": balance.type,
        "losses": [*balance.losses],
        "args": {key: _plain(value) for key, value in balance.args.items()},
        "inputs": _inputs(balance.inputs),
    }
    return {key: value for key, value in table.items() if value}


def _inputs(inputs: tuple[Input, ...]) -> object:
    if inputs and all(each.argument is not None for each in inputs):
        return {each.argument: _input(each) for each in inputs}
    return [_input(each) for each in inputs]


def _input(each: Input) -> object:
    if each.name is None:
        return each.value
    return {"name": each.name, "detach": True} if each.detach else each.name


def _plain(value: object) -> object:
    if isinstance(value, Schedule):
        return value.to_table()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _on_one_line(text: str) -> str:
    """Put each short array on one line; what the writer writes has no line ends in strings."""
    lines: list[str] = []
    starts: list[int] = []
    for line in text.removesuffix("\n").split("\n"):
        lines.append(line)
        if line.endswith("["):
            starts.append(len(lines) - 1)
        elif starts and line.strip() in ("]", "],"):
            start = starts.pop()
            head, *items, last = lines[start:]
            joined = head + " ".join(item.strip() for item in items).removesuffix(",") + last.strip()
            if len(joined) <= _LINE:
                lines[start:] = [joined]
    return "\n".join(lines) + "\n"
