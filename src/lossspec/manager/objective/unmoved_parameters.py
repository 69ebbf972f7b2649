"""Finds parameters of a balancer that no optimiser moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.losses.balancing.balancer import Balancer

if TYPE_CHECKING:
    from torch import nn

    from lossspec.manager.clock.clock import Clock


class UnmovedParameters:
    """Compares the parameters of a balancer at the first flush with those at the first training call.

    The flush can come before the optimiser's first step. So it counts once there were two calls, or the clock
    has moved.

    Args:
        objective: its name, for the message.
        module: the balancer.
        clock: the manager's clock.
    """

    def __init__(self, objective: str, module: nn.Module, clock: Clock) -> None:
        self._objective = objective
        self._module = module
        self._clock = clock
        self._calls = 0
        self._at: tuple[float, int] = (0.0, 0)
        self._before: dict[str, torch.Tensor] = {}
        self._is_done = False

    def count(self) -> None:
        """Note a training call: the first keeps the parameters."""
        if not self._calls:
            self._at = self._clock.epoch, self._clock.step
            self._before = {
                name: each.detach().clone()
                for name, each in self._module.named_parameters()
                if each.requires_grad
            }
        self._calls += 1

    def message(self) -> str:
        """Return a message, once, about parameters that have not moved, or about what else is left out."""
        has_moved = (self._clock.epoch, self._clock.step) != self._at
        if self._is_done or not (self._calls > 1 or (self._calls and has_moved)):
            return ""
        self._is_done = True
        same = [
            f"`{name}`"
            for name, each in self._module.named_parameters()
            if name in self._before and torch.equal(self._before[name].to(each), each)
        ]
        self._before = {}
        if same:
            verb = "has" if len(same) == 1 else "have"
            return (
                f"{', '.join(same)} of the balance of `{self._objective}` {verb} not moved since the first "
                f'call: give `manager.objective("{self._objective}").parameters()` to your optimiser'
            )
        return self._module.unmoved() if isinstance(self._module, Balancer) else ""
