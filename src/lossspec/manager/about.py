"""What the log and the checkpoint say of a run: spec, versions, device, ranks."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import torch

from lossspec._version import __version__
from lossspec.manager.queries import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.manager.loss import LMLoss
    from lossspec.spec.model import Spec


def run(spec: Spec | None, losses: Iterable[LMLoss], device: torch.device | None) -> dict[str, object]:
    """Return the members of a log's header, after ``record`` and ``format``."""
    return {
        "spec": spec.reference if spec is not None else None,
        "digest": spec.digest if spec is not None else None,
        "params": dict(spec.params) if spec is not None else {},
        "losses": {
            loss.name: {"objective": loss.objective, "tags": sorted(tags_of(loss))} for loss in losses
        },
        "versions": {
            "lossspec": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "device": str(device) if device is not None else "cpu",
        "ranks": 1,
    }
