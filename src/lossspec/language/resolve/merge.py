"""Merges one table of a spec over another, for ``extends``, variants and the caller's overlay.

Tables merge key by key. Weights, the inputs of a term, arguments, arrays and scalars are replaced whole.
A changed ``type`` drops the ``args`` of the old one, and a plain value over the table of a parameter sets
its default:

>>> base = {"losses": {"a": {"type": "torch.HuberLoss", "args": {"delta": 2.0}, "weight": 3.0}}}
>>> merge(base, {"losses": {"a": {"type": "torch.L1Loss"}}})
{'losses': {'a': {'type': 'torch.L1Loss', 'weight': 3.0}}}
>>> merge({"params": {"w": {"default": 1.0, "minimum": 0.0}}}, {"params": {"w": 2.0}})
{'params': {'w': {'default': 2.0, 'minimum': 0.0}}}

Nothing is changed in place, and the unchanged parts are shared with the base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Merge = Callable[[object, object], object]

Table = dict[str, object]


def merge(base: Mapping[str, object], overlay: Mapping[str, object]) -> Table:
    """Return ``base`` without what the overlay's ``remove`` names, and with ``overlay`` merged over it.

    Paths to remove that do not exist are left to the checks.
    """
    removed = overlay.get("remove", ())
    merged = dict(base)
    if isinstance(removed, list | tuple):
        for path in removed:
            if isinstance(path, str):
                merged = without(merged, path.split("."))
    return _document(merged, {key: value for key, value in overlay.items() if key != "remove"})


def without(table: Table, path: list[str]) -> Table:
    """Return ``table`` without the value at ``path``; the same table if there is none.

    >>> without({"losses": {"a": 1, "b": 2}}, ["losses", "a"])
    {'losses': {'b': 2}}
    """
    key, *rest = path
    if key not in table:
        return table
    if not rest:
        return {each: value for each, value in table.items() if each != key}
    inner = table[key]
    if not isinstance(inner, dict):
        return table
    smaller = without(inner, rest)
    return table if smaller is inner else {**table, key: smaller}


def _tables(**rules: Merge) -> Merge:
    """Make the rule that merges two tables key by key, each key by its own rule, others replaced."""
    fallback = rules.pop("_", _replace)

    def rule(base: object, overlay: object) -> object:
        if not isinstance(base, dict) or not isinstance(overlay, dict):
            return overlay
        merged = cast("Table", dict(base))
        for key, value in overlay.items():
            merged[key] = rules.get(key, fallback)(merged[key], value) if key in merged else value
        return merged

    return rule


def _replace(base: object, overlay: object) -> object:  # noqa: ARG001 - a rule takes both
    return overlay


def _typed(rule: Merge) -> Merge:
    """Make the rule that drops the ``args`` of the base if the overlay changes its ``type``."""

    def typed(base: object, overlay: object) -> object:
        if isinstance(base, dict) and isinstance(overlay, dict) and "type" in overlay:
            old = base.get("type")
            if old is not None and old != overlay["type"]:
                base = {key: value for key, value in base.items() if key != "args"}
        return rule(base, overlay)

    return typed


def _param(base: object, overlay: object) -> object:
    if not isinstance(base, dict) and not isinstance(overlay, dict):
        return overlay
    return _settings(base) | _settings(overlay)


def _settings(param: object) -> Table:
    return param if isinstance(param, dict) else {"default": param}


_LAYERS = {
    "params": _tables(_=_param),
    "inputs": _tables(),
    "losses": _tables(_=_typed(_tables(args=_tables(), every=_tables(), lists=_tables(), reduce=_tables()))),
    "objectives": _tables(_=_tables(balance=_typed(_tables(args=_tables())))),
}
_document = cast(
    "Callable[[Mapping[str, object], Mapping[str, object]], Table]",
    _tables(**_LAYERS, variants=_tables(_=_tables(**_LAYERS))),
)
