"""Checks the balance of an objective: its type, arguments, losses and inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.checks.arguments import missing_arguments
from lossspec.language.checks.inputs import call_faults, unknown_tensors
from lossspec.language.checks.objectives import TOTAL
from lossspec.names import listed, near_or_all, nearest
from lossspec.registry import find_balancer
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import Resolved
    from lossspec.registry import LossType


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
        args = balance.get("args", {})
        if entry is not None:
            if isinstance(args, dict):
                yield from missing_arguments(entry, args, path)
            yield from call_faults(entry, balance.get("inputs", []), (*path, "inputs"))
        yield from unknown_tensors(spec, balance, path)
        losses = balance.get("losses")
        if isinstance(losses, list):
            yield from _losses(spec, name, losses)
            if entry is not None and isinstance(args, dict):
                yield from _named_losses(entry, args, losses, (*path, "args"))


def _losses(spec: Resolved, objective: str, losses: list[object]) -> Iterator[Fault]:
    """Yield a fault for each loss that is not in the objective or listed twice, and for too few that run."""
    terms = spec.section("losses")
    members = [name for name, loss in terms.items() if loss.get("objective", TOTAL) == objective]
    if spec.has_invalid_losses():
        return
    where: KeyPath = ("objectives", objective, "balance", "losses")
    for index, name in enumerate(losses):
        path = (*where, index)
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
    if len(losses) == 1 and losses[0] in members:
        others = [name for name in members if name not in losses]
        known = f": `{objective}` also has {listed(others)}" if others else ""
        yield Fault(
            "wrong-length",
            f"the balance of `{objective}` has one loss, `{losses[0]}`, and nothing to weigh it against",
            where,
            help=f"list at least 2 losses{known}; or remove `{dotted(where[:-1])}`",
        )
    elif losses and all(name in members and _is_skipped(terms[str(name)]) for name in losses):
        yield Fault(
            "skipped-balance",
            f"the balance of `{objective}` has only losses that are skipped: {listed(map(str, losses))}",
            where,
            help=f"give them a weight other than 0, or remove `{dotted(where[:-1])}`",
        )


def _is_skipped(term: dict[str, object]) -> bool:
    """Return whether a term is never in the total."""
    weight = term.get("weight", 1)
    return isinstance(weight, int | float) and weight == 0 and term.get("at_zero", "skip") != "compute"


def _named_losses(
    entry: LossType, args: dict[str, object], losses: list[object], path: KeyPath
) -> Iterator[Fault]:
    """Yield a fault for each argument that names a loss which is not balanced."""
    known = [name for name in losses if isinstance(name, str)]
    for key, value in args.items():
        if key not in entry.args or not entry.args[key].losses:
            continue
        names = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, name in names:
            if isinstance(name, str) and name not in known:
                found = nearest(name, known)
                yield Fault(
                    "unknown-loss",
                    f"`{key}` of `{entry.name}` names `{name}`, which is not among its `losses`",
                    (*path, key) if index is None else (*path, key, index),
                    help=near_or_all("a loss", found, known),
                    replacement=f'"{found}"' if found else None,
                )
