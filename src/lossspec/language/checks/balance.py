"""Checks the balance of an objective: its type, arguments, losses and inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.checks.arguments import missing_arguments
from lossspec.language.checks.inputs import call_faults, unknown_tensors
from lossspec.language.checks.objectives import TOTAL
from lossspec.names import near_or_all, nearest
from lossspec.registry import find_balancer
from lossspec.wording import dotted

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
        for key in ("type", "losses"):
            if key not in balance:
                yield Fault("missing-key", f"key `{key}` is missing in `{dotted(path)}`", path, "key")
        if entry is not None:
            args = balance.get("args", {})
            if isinstance(args, dict):
                yield from missing_arguments(entry, args, path)
            yield from call_faults(entry, balance.get("inputs", []), (*path, "inputs"))
        yield from unknown_tensors(spec, balance, path)
        losses = balance.get("losses")
        if isinstance(losses, list):
            yield from _losses(spec, name, losses)


def _losses(spec: Resolved, objective: str, losses: list[object]) -> Iterator[Fault]:
    """Yield a fault for each loss to balance that is not in the objective, or is listed twice."""
    members = [
        name for name, loss in spec.section("losses").items() if loss.get("objective", TOTAL) == objective
    ]
    if spec.has_invalid_losses():
        return
    for index, name in enumerate(losses):
        path = ("objectives", objective, "balance", "losses", index)
        if not isinstance(name, str):
            continue
        if name in losses[:index]:
            yield Fault("duplicate-value", f"loss `{name}` is listed twice", path)
        elif name not in members:
            found = nearest(name, members)
            yield Fault(
                "unknown-loss",
                f"objective `{objective}` has no loss `{name}`",
                path,
                help=near_or_all("a loss", found, members),
                replacement=f'"{found}"' if found else None,
            )
