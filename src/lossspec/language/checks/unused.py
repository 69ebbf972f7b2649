"""Finds parameters and tensors that neither the base nor a variant uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.checks.inputs import references
from lossspec.language.resolve.params import values
from lossspec.language.text.selection import tensor_of
from lossspec.validation.expression import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.language.resolve.layers import Stack

Table = dict[str, object]
_SECTIONS = {"params": ("parameter", "unused-param"), "inputs": ("tensor", "unused-input")}


def unused(stacks: Sequence[Stack]) -> list[tuple[Stack, Fault]]:
    """Return a fault for each parameter and tensor that is declared and not used, with its stack.

    Args:
        stacks: the merged documents: the base, and each variant alone.
    """
    declared: dict[tuple[str, str], Stack] = {}
    for stack in stacks:
        for section in _SECTIONS:
            table = stack.table.get(section)
            for name in table if isinstance(table, dict) else ():
                declared.setdefault((section, name), stack)
    used = {each for stack in stacks for each in _used(stack.table)} if declared else set()
    return [(stack, _fault(*each)) for each, stack in declared.items() if each not in used]


def _fault(section: str, name: str) -> Fault:
    what, code = _SECTIONS[section]
    help_ = f'use it, or remove it: `remove = ["{section}.{name}"]` where it is inherited'
    return Fault(code, f"{what} `{name}` is not used by any loss or variant", (section, name), "key", help_)


def _used(table: Table) -> Iterator[tuple[str, str]]:
    for section in ("losses", "objectives"):
        entries = table.get(section)
        yield from (("params", name) for name in _params(entries))
        for entry in entries.values() if isinstance(entries, dict) else ():
            holder = entry.get("balance") if section == "objectives" and isinstance(entry, dict) else entry
            found = references(holder) if isinstance(holder, dict) else ()
            yield from (("inputs", tensor_of(each)) for _, each in found)
    for each in values(table.get("params")).values():
        if isinstance(each, str):  # the value of a parameter may name a tensor
            yield "inputs", tensor_of(each)


def _params(value: object) -> Iterator[str]:
    """Yield the parameters that the expressions in a value name."""
    if isinstance(value, str):
        if "${" in value:
            yield from names(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _params(each)


def words(value: object) -> Iterator[str]:
    """Yield every word of a value: what an invalid part may name."""
    if isinstance(value, str):
        yield from names(value)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from words(each)
    elif isinstance(value, list):
        for each in value:
            yield from words(each)
