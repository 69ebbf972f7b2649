"""Objectives and managers in the Trainer of transformers: ``ComputeLoss`` and ``LossCallback``."""

from lossspec.extras import extra_for

with extra_for("`lossspec.integrations.transformers`", "transformers"):
    from lossspec.integrations.transformers.callback import LossCallback
    from lossspec.integrations.transformers.compute_loss import ComputeLoss

__all__ = ["ComputeLoss", "LossCallback"]
