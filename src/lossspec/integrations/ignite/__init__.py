"""Drives a manager inside an engine of PyTorch-Ignite: ``attach(manager, trainer)``."""

from lossspec.extras import extra_for

with extra_for("`lossspec.integrations.ignite`", "ignite"):
    from lossspec.integrations.ignite.attach import attach

__all__ = ["attach"]
