"""Checks the balance of an objective: a registered method, losses of its own, tensors that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.names import nearest
from lossspec.registry import find, types
from lossspec.spec.checks.inputs import closed
from lossspec.spec.checks.objectives import TOTAL
from lossspec.spec.diagnostics import Fault
from lossspec.spec.words import unknown_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.spec.diagnostics import KeyPath
    from lossspec.spec.resolve import Resolved


def balance_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield what is wrong with the balance of objectives."""
    known = spec.table.get("inputs")
    for name, objective in spec.section("objectives").items():
        balance = objective.get("balance")
        if not isinstance(balance, dict):
            continue
        path: KeyPath = ("objectives", name, "balance")
        tag = balance.get("type")
        if "type" not in balance:
            yield Fault("missing-key", f"`objectives.{name}.balance` has no `type`", path, "key")
        elif isinstance(tag, str) and find(tag) is None:
            yield unknown_type(tag, path, types())
        if isinstance(known, dict):
            yield from closed(balance.get("inputs"), (*path, "inputs"), known)
        listed = balance.get("losses")
        if isinstance(listed, list):
            yield from _losses(spec, name, listed)


def _losses(spec: Resolved, objective: str, listed: list[object]) -> Iterator[Fault]:
    """Yield a fault for each loss to balance that is not of the objective, or is there twice."""
    members = [
        name for name, loss in spec.section("losses").items() if loss.get("objective", TOTAL) == objective
    ]
    if spec.has_faulty_losses():
        return
    for index, name in enumerate(listed):
        path = ("objectives", objective, "balance", "losses", index)
        if not isinstance(name, str):
            continue
        if name in listed[:index]:
            yield Fault("duplicate-value", f"the loss `{name}` is there twice", path)
        elif name not in members:
            near = nearest(name, members)
            known = ", ".join(f"`{each}`" for each in members)
            yield Fault(
                "unknown-loss",
                f"the objective `{objective}` has no loss `{name}`",
                path,
                help=f"a loss with a similar name exists: `{near}`" if near else f"it has {known}",
                replacement=f'"{near}"' if near else None,
            )
