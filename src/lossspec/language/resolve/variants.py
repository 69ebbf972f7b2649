"""Merges a draft with what it extends, and with the variants that a reference picks."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, cast

from attrs import evolve

from lossspec.faults import Fault, get, has
from lossspec.language.resolve.layers import Layer, Stack
from lossspec.language.resolve.merge import merge
from lossspec.language.text.limits import MAX_PICKED
from lossspec.names import near_or_all, nearest, shorten
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lossspec.faults import KeyPath
    from lossspec.language.documents.document import Draft

Table = dict[str, object]
#: Keys of a document that are not merged.
_OWN = ("format", "extends")
#: Keys of a variant that are not merged.
_VARIANT_OWN = ("description", "references")


def stack(draft: Draft) -> Stack:
    """Return a draft merged over all that it extends, without its variants applied."""
    table = {key: value for key, value in draft.table.items() if key not in _OWN}
    layer = Layer(draft.origin, (), table)
    if draft.parent is None:
        return Stack({}).add(layer) if "remove" in table else Stack(table, (layer,))
    parent = stack(draft.parent)
    merged = with_variants(parent, draft.parent_variants).add(layer)
    faults = [
        (draft.origin, evolve(fault, path=("extends",), at="value"))
        for fault in selection_faults(parent, draft.parent_variants)
    ]
    return evolve(merged, faults=(*merged.faults, *faults))


def with_variants(base: Stack, names: Iterable[str]) -> Stack:
    """Return a stack with some of its variants applied, in the order of the document."""
    wanted = list(names)
    if len(wanted) > 1:
        picked = {*wanted}
        wanted = [name for name in declared(base.table) if name in picked][:MAX_PICKED]
    result = base
    for name in wanted:
        variant = get(base.table, ("variants", name))
        if not isinstance(variant, dict):
            continue
        parts = [
            Layer(layer.origin, (*layer.prefix, *path), cast("Table", get(layer.table, path)))
            for layer in base.layers
            if has(layer.table, path := ("variants", name))
        ]
        merged = result.add(evolve(parts[-1], table=_overlay(variant)), base.table)
        result = evolve(merged, layers=(*result.layers, *parts))
    return result


def selection_faults(base: Stack, names: Sequence[str], over: Sequence[Layer] = ()) -> Iterator[Fault]:
    """Yield what is wrong with a choice of variants: unknown ones, and pairs that conflict.

    Two variants conflict if their two orders give different documents, unless the caller sets the key in
    which they differ.

    Args:
        base: the document without variants.
        names: the variants.
        over: the layers of the caller above them.
    """
    known = declared(base.table)
    if len(names) > MAX_PICKED:
        message = f"a reference can pick at most {MAX_PICKED} variants, got {len(names)}"
        yield Fault("too-many-variants", message, ("variants",), "key")
        return
    for name in names:
        if name not in known:
            hint = near_or_all("a variant", nearest(name, known), known)
            yield Fault("unknown-variant", f"unknown variant `{shorten(name)}`", ("variants",), "key", hint)
    for first, second in combinations((name for name in known if name in names), 2):
        one, other = (_in_order(base.table, pair, over) for pair in ((first, second), (second, first)))
        if one != other:
            where = dotted(_difference(one, other))
            yield Fault(
                "variant-conflict",
                f"variants `{first}` and `{second}` conflict at `{where}`",
                ("variants", second),
                "key",
                "pick one of them, or set the key yourself: their order must not matter",
                related=((("variants", first), "the other variant"),),
            )


def declared(table: Table) -> dict[str, Table]:
    """Return the variants of a document that are tables, by name, in order."""
    variants = table.get("variants")
    if not isinstance(variants, dict):
        return {}
    return {name: variant for name, variant in variants.items() if isinstance(variant, dict)}


def _in_order(table: Table, names: Iterable[str], over: Iterable[Layer]) -> Table:
    variants = declared(table)
    for name in names:
        table = merge(table, _overlay(variants[name]))
    for layer in over:
        table = merge(table, layer.table)
    return table


def _overlay(variant: Table) -> Table:
    return {key: value for key, value in variant.items() if key not in _VARIANT_OWN}


def _difference(one: object, other: object, path: KeyPath = ()) -> KeyPath:
    """Return the path of the first difference between two documents."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            if key not in one or key not in other:
                return (*path, key)
            if one[key] != other[key]:
                return _difference(one[key], other[key], (*path, key))
    return path
