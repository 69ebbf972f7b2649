"""The digest of a spec: the sha256 of the canonical JSON of what it computes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.spec.model import Balance, Input, ObjectiveSpec, Spec, Term


def digest(spec: Spec) -> str:
    """Return the digest: two specs that compute the same have the same.

    Descriptions, references, texts of inputs and tags don't count, nor do names and values of parameters
    once they are filled in, nor whether a key of the language is given at its default. Keys are sorted, and
    whole floats are written as integers: 100 and 100.0 agree. The order of terms counts, for it is the order
    of summation, and so does every argument that is given, for its default is the library's to change.
    """
    return hashlib.sha256(canonical(spec).encode()).hexdigest()


def canonical(spec: Spec) -> str:
    """Return the canonical JSON that the digest is made of."""
    table = {
        "format": 1,
        "losses": [_term(each) for each in spec.losses.values()],
        "objectives": {name: _objective(each) for name, each in spec.objectives.items()},
    }
    return json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _term(term: Term) -> dict[str, object]:
    table: dict[str, object] = {
        "name": term.name,
        "type": term.type,
        "inputs": [_input(each) for each in term.inputs],
        "args": _args(term.args),
        "weight": plain(term.weight),
        "objective": term.objective,
        "at_zero": term.at_zero,
        "lists": plain(term.lists),
        "every": [term.every.steps, plain(term.every.gain)] if term.every else None,
    }
    return table


def _objective(objective: ObjectiveSpec) -> dict[str, object]:
    balance = objective.balance
    return {"weight": plain(objective.weight), "balance": _balance(balance) if balance else None}


def _balance(balance: Balance) -> dict[str, object]:
    return {
        "type": balance.type,
        "losses": [*balance.losses],
        "args": _args(balance.args),
        "inputs": [_input(each) for each in balance.inputs],
    }


def _input(each: Input) -> object:
    return {
        "name": each.name,
        "value": plain(each.value),
        "detach": each.detach,
        "argument": each.argument,
    }


def _args(args: Mapping[str, object]) -> dict[str, object]:
    return {key: plain(value) for key, value in args.items()}


def plain(value: object) -> object:
    """Return a value as canonical JSON data.

    >>> plain((100.0, 0.5, True, -0.0))
    [100, 0.5, True, 0]
    """
    if isinstance(value, Schedule):
        return plain(value.to_table())
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
