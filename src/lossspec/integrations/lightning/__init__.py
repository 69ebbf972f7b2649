"""Drives the managers of a LightningModule: ``Trainer(callbacks=[LossCallback()])``."""

from lossspec.extras import extra_for

with extra_for("`lossspec.integrations.lightning`", "lightning"):
    from lossspec.integrations.lightning.callback import LossCallback

__all__ = ["LossCallback"]
