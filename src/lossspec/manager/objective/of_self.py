"""An objective of a spec that has a tensor called ``self``, as a method has its object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.manager.objective.objective import Objective

if TYPE_CHECKING:
    import torch


class _Named(dict[str, object]):
    """Tensors by name, passed as one: torch's modules refuse the keyword ``self``."""


class ObjectiveOfSelf(Objective):
    """An objective that can be called with a tensor called ``self``.

    ``torch.compile`` and wrappers such as DistributedDataParallel cannot pass on such a tensor.
    """

    def __call__(self, /, *positional: object, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph: see ``Objective``."""
        if "self" in tensors:
            positional, tensors = (_Named(tensors), *positional), {}
        total: torch.Tensor = super().__call__(*positional, **tensors)
        return total

    def forward(self, /, *positional: object, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph: see ``Objective``."""
        if positional and isinstance(positional[0], _Named):
            return super().forward(*positional[1:], **positional[0])
        return super().forward(*positional, **tensors)
