"""The two distances that features are compared by."""

from __future__ import annotations

from typing import Literal

from torch.nn.functional import l1_loss, mse_loss

Distance = Literal["l1", "l2"]

#: Mean absolute and mean squared difference, by the names that the losses' arguments take.
DISTANCES = {"l1": l1_loss, "l2": mse_loss}
