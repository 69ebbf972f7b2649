"""Finds parameters and tensors that nothing uses: neither the base nor any variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.checks.inputs import tensors
from lossspec.language.resolve.params import values
from lossspec.language.text.expression import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lossspec.language.resolve.layers import Stack

Table = dict[str, object]
_WORDS = {"params": ("parameter", "unused-param"), "inputs": ("tensor", "unused-input")}


def unused(
    stacks: Iterable[Stack], doubtful: Iterable[object] = (), sections: Sequence[str] = ("params", "inputs")
) -> Iterator[tuple[Stack, Fault]]:
    """Yield each parameter and tensor that is declared and never used, with a stack that declares it.

    Args:
        stacks: the merged documents: the base, and each variant alone.
        doubtful: parts of documents where faults are; what they name counts as used.
        sections: what is looked for.
    """
    declared: dict[tuple[str, str], Stack] = {}
    used: set[tuple[str, str]] = set()
    for stack in stacks:
        for section in sections:
            table = stack.table.get(section)
            for name in table if isinstance(table, dict) else ():
                declared.setdefault((section, name), stack)
        used |= _used(stack.table)
        used |= {
            ("inputs", each) for each in values(stack.table.get("params")).values() if isinstance(each, str)
        }
    words = {word for part in doubtful for word in _words(part)}
    for (section, name), stack in declared.items():
        if (section, name) in used or name in words:
            continue
        what, code = _WORDS[section]
        yield (
            stack,
            Fault(
                code,
                f"the {what} `{name}` is used by no loss, in no variant",
                (section, name),
                "key",
                f'use it, or take it away: `remove = ["{section}.{name}"]` where it is inherited',
            ),
        )


def _used(table: Table) -> set[tuple[str, str]]:
    used = {("params", name) for section in ("losses", "objectives") for name in _params(table.get(section))}
    for section, key in (("losses", None), ("objectives", "balance")):
        entries = table.get(section)
        for entry in entries.values() if isinstance(entries, dict) else ():
            holder = entry.get(key) if key and isinstance(entry, dict) else entry
            inputs = holder.get("inputs") if isinstance(holder, dict) else None
            used |= {("inputs", name) for _, name in tensors(inputs)}
    return used


def _params(value: object) -> Iterator[str]:
    """Yield the parameters that the expressions in a value name."""
    if isinstance(value, str):
        if "${" in value:
            yield from names(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _params(each)


def _words(value: object) -> Iterator[str]:
    """Yield every word of a value: what a faulty part may have meant to name."""
    if isinstance(value, str):
        yield from names(value)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
