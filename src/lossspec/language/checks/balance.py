"""Checks the balance of an objective: a registered method, its arguments, losses and tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.checks.arguments import missing_arguments
from lossspec.language.checks.inputs import call_faults, closed
from lossspec.language.checks.objectives import TOTAL
from lossspec.names import listed, nearest
from lossspec.registry import find_balancer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import Resolved


def balance_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield what is wrong with the balance of objectives."""
    for name, objective in spec.section("objectives").items():
        balance = objective.get("balance")
        if not isinstance(balance, dict):
            continue
        path: KeyPath = ("objectives", name, "balance")
        tag = balance.get("type")
        entry = find_balancer(tag) if isinstance(tag, str) else None
        if "type" not in balance:
            yield Fault("missing-key", f"`objectives.{name}.balance` has no `type`", path, "key")
        if "losses" not in balance:
            yield Fault("missing-key", f"`objectives.{name}.balance` has no `losses`", path, "key")
        if entry is not None:
            args = balance.get("args", {})
            if isinstance(args, dict):
                yield from missing_arguments(entry, args, path)
            yield from call_faults(entry, balance.get("inputs", []), (*path, "inputs"))
        yield from closed(spec, balance.get("inputs"), (*path, "inputs"))
        losses = balance.get("losses")
        if isinstance(losses, list):
            yield from _losses(spec, name, losses)


def _losses(spec: Resolved, objective: str, losses: list[object]) -> Iterator[Fault]:
    """Yield a fault for each loss to balance that is not of the objective, or is there twice."""
    members = [
        name for name, loss in spec.section("losses").items() if loss.get("objective", TOTAL) == objective
    ]
    if spec.has_faulty_losses():
        return
    for index, name in enumerate(losses):
        path = ("objectives", objective, "balance", "losses", index)
        if not isinstance(name, str):
            continue
        if name in losses[:index]:
            yield Fault("duplicate-value", f"the loss `{name}` is there twice", path)
        elif name not in members:
            found = nearest(name, members)
            yield Fault(
                "unknown-loss",
                f"the objective `{objective}` has no loss `{name}`",
                path,
                help=f"a loss with a similar name exists: `{found}`"
                if found
                else f"it has {listed(members)}",
                replacement=f'"{found}"' if found else None,
            )
