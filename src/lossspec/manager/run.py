"""One run: its losses, spec and device, and what its log and checkpoints say of them."""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING, NoReturn

import torch
from attrs import define, field
from torch import nn

from lossspec._version import __version__
from lossspec.errors import LossSpecError
from lossspec.language.write import to_table
from lossspec.manager.loss.loss import tags_of
from lossspec.manager.record.ranks import ranks

if TYPE_CHECKING:
    from lossspec.language.model import Spec
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance


@define
class Run:
    """What a manager runs: the losses by name, the spec that they come from, if any, and the device.

    ``balances`` are those of the spec, by the name of their objective.
    """

    losses: dict[str, LMLoss] = field(factory=dict)
    balances: dict[str, BoundBalance] = field(factory=dict)
    spec: Spec | None = None
    device: torch.device | None = None

    @property
    def digest(self) -> str | None:
        """The digest of the spec; None for losses that come from code."""
        return self.spec.digest if self.spec is not None else None

    def modules(self) -> dict[str, nn.Module]:
        """Return what may have a state: the losses by name, and the balances as ``G.balance``."""
        losses = {name: loss.function for name, loss in self.losses.items()}
        balances = {f"{name}.balance": balance.module for name, balance in self.balances.items()}
        return {name: each for name, each in {**losses, **balances}.items() if isinstance(each, nn.Module)}

    def header(self) -> dict[str, object]:
        """Return what the first record of a log says."""
        return {
            "spec": self.spec.reference if self.spec is not None else None,
            "digest": self.digest,
            "params": dict(self.spec.params) if self.spec is not None else {},
            "document": to_table(self.spec) if self.spec is not None else None,
            "losses": {
                name: {"objective": loss.objective, "tags": sorted(tags_of(loss))}
                for name, loss in self.losses.items()
            },
            **self.machine(),
        }

    def machine(self) -> dict[str, object]:
        """Return what may differ when a run is taken up again."""
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


class NoCopy:
    """A manager: a copy of it would share its file, its lock and its losses, and record twice or nowhere."""

    def __reduce_ex__(self, _: object) -> NoReturn:
        """Refuse to be copied or pickled.

        Raises:
            LossSpecError: always.
        """
        raise LossSpecError(
            f"a {type(self).__name__} can't be copied or pickled: it has the log of its run open. Keep it "
            "out of the object that is, save `manager.state_dict()`, or make a new manager of the same spec"
        )
