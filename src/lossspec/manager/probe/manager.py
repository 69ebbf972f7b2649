"""Adds ``probe`` to a ``LossManager``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import LogError, LossSpecError
from lossspec.manager.loss.curve import is_count
from lossspec.manager.probe.every import Prober
from lossspec.manager.probe.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

    from torch.utils.hooks import RemovableHandle

    from lossspec.log.writer import LossLog
    from lossspec.manager.objective.objective import Objective
    from lossspec.manager.probe.result import Probe
    from lossspec.manager.probe.wrt import Wrt


class ProbedManager:
    """Probes the objectives of a manager."""

    experiment_dir: Path | None
    _log: LossLog | None

    def objective(self, name: str = "total") -> Objective:
        """Return an objective; see ``LossManager``."""
        raise NotImplementedError

    def probe(self, objective: str = "total", /, wrt: Wrt = None, **tensors: object) -> Probe:
        """Return what each term of an objective does at one batch: values, gradients, angles between them.

        Nothing is recorded, and losses, clock, log and graph stay as they are, so it can be called anywhere
        in training. It costs a backward pass for each term.

        Args:
            objective: the objective.
            wrt: what gradients are taken at: the name of a tensor of the call, a tensor, a module or its
                parameters, or several of these; by default the tensors that require gradients.
            **tensors: those of the call.

        Raises:
            UnknownNameError: the spec has no objective or no tensor of this name.
            LossInputError: no term depends on ``wrt``, or the call does not suit the objective.

        >>> import torch
        >>> from lossspec import LossManager
        >>> manager = LossManager.from_spec("pix2pix")
        >>> fake, real = torch.zeros(1, 3, 4, 4, requires_grad=True), torch.ones(1, 3, 4, 4)
        >>> found = manager.probe("G", wrt="y_fake", y_fake=fake, y=real, pred_fake=fake.mean((2, 3)))
        >>> [(term.name, round(term.gradient_share, 3)) for term in found.terms]
        [('G_GAN', 0.005), ('G_L1', 0.995)]
        >>> found.findings
        ['`G_L1` drowns the others: it has 99.5% of the gradient']
        """
        return probe(self.objective(objective), wrt, tensors)

    def probe_every(self, steps: int, objective: str = "total", wrt: Wrt = None) -> RemovableHandle:
        """Probe an objective every so many steps, and write shares and cosines to the log of the run.

        ``lossspec report`` shows them. A probe costs a backward pass for each term, up to ``wrt``. If several
        processes train together, call it on each; rank 0 writes what it found at its own batch. Calls of a
        compiled objective are not probed.

        Args:
            steps: how many steps lie between two probes; the first training call is probed.
            objective: the objective.
            wrt: what gradients are taken at; by default the tensors of the call that require gradients.

        Returns:
            A handle whose ``remove()`` ends it.

        Raises:
            LogError: the manager has no folder to log to.
            LossSpecError: ``steps`` is not a whole number of at least 1.
        """
        if not is_count(steps):
            raise LossSpecError(f"`steps` must be a whole number of at least 1, got {steps!r}")
        if self.experiment_dir is None:
            raise LogError("the manager has no folder to log to: make it with `experiment_dir=...`")
        keep = None if self._log is None else self._log.add_probe
        hook = Prober(int(steps), wrt, keep)
        return self.objective(objective).add_prober(hook)
