"""The relativistic average adversarial loss: real images should score above the average fake image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import nn

from lossspec.losses.check import check_layout, chosen
from lossspec.losses.gan.adversarial import FORMULAS

if TYPE_CHECKING:
    from torch import Tensor

Target = Literal["real", "fake"]
Mode = Literal["vanilla", "lsgan", "hinge"]
TARGETS: tuple[Target, ...] = ("real", "fake")
MODES: tuple[Mode, ...] = ("vanilla", "lsgan", "hinge")


class RelativisticAverageLoss(nn.Module):
    """Adversarial loss of scores against the mean of the other side's scores.

    .. math:: mean f(c),  c = s - mean s_other

    ======= =================== =================
    mode    ``target="real"``   ``target="fake"``
    ======= =================== =================
    vanilla ``log(1 + e^(-c))`` ``log(1 + e^c)``
    lsgan   ``(c - 1)^2``       ``(c + 1)^2``
    hinge   ``max(0, 1 - c)``   ``max(0, 1 + c)``
    ======= =================== =================

    An objective has two such terms, in some papers with a factor of one half. The discriminator trains the
    scores of real images (``pred``, against ``other`` = fake) to ``target="real"`` and those of fake ones to
    ``"fake"``; the generator's targets are swapped.

    Args:
        target: the target of the scores in ``pred``, ``"real"`` or ``"fake"``.
        mode: ``"vanilla"``, ``"lsgan"`` or ``"hinge"``.

    Shape:
        pred, other: scores of any shapes, before any sigmoid. Returns a scalar.

    Raises:
        UnknownNameError: ``target`` or ``mode`` is unknown.
        LossInputError: on call: ``pred`` or ``other`` is empty.

    Reference:
        Jolicoeur-Martineau, The relativistic discriminator, 2018. https://arxiv.org/abs/1807.00734

    Example:
        >>> import torch
        >>> real, fake = torch.tensor([2.0, 1.0]), torch.tensor([0.0, 1.0])
        >>> RelativisticAverageLoss("real", mode="lsgan")(pred=real, other=fake)  # c = 1.5, 0.5
        tensor(0.2500)
    """

    def __init__(self, target: Target, mode: Mode = "vanilla") -> None:
        super().__init__()
        self.target = chosen("target", target, TARGETS)
        self.mode = chosen("mode", mode, MODES)

    def forward(self, pred: Tensor, other: Tensor) -> Tensor:
        """Return the loss of ``pred`` against the mean of ``other``."""
        check_layout(self, "(*)", pred=pred, other=other)
        relative = pred - other.mean()
        # In all three modes a fake score is a real one with its sign flipped; the targets of lsgan are 1 and
        # -1 here, not 1 and 0.
        signed = relative if self.target == "real" else -relative
        return FORMULAS[self.mode]["D_real"](signed).mean()

    def extra_repr(self) -> str:
        """Return the target and the mode for the repr of the module."""
        return f"{self.target}, {self.mode}"
