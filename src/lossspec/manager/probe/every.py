"""Probes an objective every so many steps of its training, and keeps what it finds in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.manager.probe.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lossspec.manager.objective.objective import Objective
    from lossspec.manager.probe.wrt import Wrt

    Keep = Callable[[Mapping[str, object]], None]


class Prober:
    """A forward hook of an objective.

    Args:
        steps: how many steps lie between two probes.
        wrt: what gradients are taken at.
        keep: takes the record of a probe; None for a copy of the objective, which is not probed, and for
            ranks without a log, which only compute what the others do.
    """

    def __init__(self, steps: int, wrt: Wrt, keep: Keep | None, *, is_copy: bool = False) -> None:
        self._steps = steps
        self._wrt = wrt
        self._keep = keep
        self._is_copy = is_copy
        self._last: int | None = None

    def __reduce__(self) -> tuple[type[Prober], tuple[int, None, None], dict[str, object]]:
        """Return what makes the hook of a copied objective, which probes nothing."""
        return Prober, (self._steps, None, None), {"_is_copy": True}

    def forget(self) -> None:
        """Probe the next training call, as at the beginning: the run went back to a checkpoint."""
        self._last = None

    def __call__(
        self, objective: Objective, _: tuple[object, ...], tensors: Mapping[str, object], __: torch.Tensor
    ) -> None:
        """Probe the objective if it is time: after a training call that is recorded, in eager mode."""
        if self._is_copy or torch.compiler.is_compiling() or not objective.records_training():
            return
        epoch, step = objective.position()
        if self._last is not None and step // self._steps <= self._last // self._steps <= step:
            return
        self._last = step
        found = probe(objective, self._wrt, tensors)
        if self._keep is not None:
            self._keep({"epoch": epoch, "step": step, **found.record()})
