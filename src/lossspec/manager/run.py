"""The run of a manager: its losses, balancers, spec and device, and the header of its log."""

from __future__ import annotations

import platform
import secrets
import time
from typing import TYPE_CHECKING

import torch
from attrs import define, field
from torch import nn

from lossspec._version import __version__
from lossspec.language.write import to_table
from lossspec.manager.record.ranks import ranks

if TYPE_CHECKING:
    from lossspec.language.model import Spec
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance


@define
class Run:
    """What a manager runs.

    Attributes:
        losses: the losses by name.
        balances: the balancers by objective.
        spec: the spec that the losses come from, if any.
        device: the device of the losses, if one is given.
    """

    losses: dict[str, LMLoss] = field(factory=dict)
    balances: dict[str, BoundBalance] = field(factory=dict)
    spec: Spec | None = None
    device: torch.device | None = None

    @property
    def digest(self) -> str | None:
        """The digest of the spec; None for losses registered in code."""
        return self.spec.digest if self.spec is not None else None

    def modules(self) -> dict[str, nn.Module]:
        """Return all modules: those of the losses by name, those of balancers as ``G.balance``."""
        losses = {name: loss.function for name, loss in self.losses.items()}
        balances = {f"{name}.balance": balance.module for name, balance in self.balances.items()}
        return {name: each for name, each in {**losses, **balances}.items() if isinstance(each, nn.Module)}

    def tensors(self) -> frozenset[str]:
        """Return the names of all tensors that the spec knows, of any objective."""
        terms = [loss.term for loss in self.losses.values() if loss.term is not None]
        taken = [str(each.name) for term in terms for each in term.references]
        taken += [name for balance in self.balances.values() for name in balance.needed]
        return frozenset({*taken, *(self.spec.inputs if self.spec is not None else ())})

    def objectives(self) -> dict[str, str]:
        """Return the objective of each loss that has one."""
        return {name: loss.objective for name, loss in self.losses.items() if loss.objective is not None}

    def header(self) -> dict[str, object]:
        """Return the members of the first record of the log."""
        return {
            "id": secrets.token_hex(8),
            "spec": self.spec.reference if self.spec is not None else None,
            "digest": self.digest,
            "params": dict(self.spec.params) if self.spec is not None else {},
            "document": to_table(self.spec) if self.spec is not None else None,
            "losses": {
                name: {"objective": loss.objective, "tags": sorted(loss.all_tags())}
                for name, loss in self.losses.items()
            },
            **self.machine(),
        }

    def machine(self) -> dict[str, object]:
        """Return the members that can differ when a run is resumed."""
        return {
            "versions": {
                "lossspec": __version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
            "device": str(self.device or "cpu"),
            "ranks": ranks(),
            "time": round(time.time(), 3),
        }
