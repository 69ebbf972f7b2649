"""An objective with a balancer, which torch.compile must leave out of its graphs.

A module of its own, imported only for such an objective: the decorator imports ``torch._dynamo``, which takes
half as long as torch itself.
"""

from __future__ import annotations

import torch

from lossspec.manager.objective.objective import Objective
from lossspec.manager.objective.of_self import ObjectiveOfSelf


class BalancedObjective(Objective):
    """An objective with a ``balance``: its module, ``balance``, weighs the losses that the spec lists there.

    The terms are recorded with the weights that it set. What it learns is in ``state_dict``. Balancers
    differentiate, so ``torch.compile`` breaks the graph here, and raises with ``fullgraph=True``.
    """

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # torch has no types for it
    def forward(self, /, *positional: object, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph: see ``Objective``."""
        return super().forward(*positional, **tensors)


class BalancedObjectiveOfSelf(ObjectiveOfSelf, BalancedObjective):
    """An objective with a ``balance``, of a spec that has a tensor called ``self``."""
