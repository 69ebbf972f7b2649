"""The adversarial losses of generator and discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import Tensor, nn
from torch.nn.functional import logsigmoid, relu

from lossspec.losses.check import check_layout, chosen

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Elementwise: TypeAlias = Callable[[Tensor], Tensor]

Mode = Literal["vanilla", "lsgan", "hinge", "wgan", "logistic"]
Role = Literal["G", "D_real", "D_fake"]
ROLES: tuple[Role, ...] = ("G", "D_real", "D_fake")


def _softplus_of_minus(scores: Tensor) -> Tensor:
    return -logsigmoid(scores)  # softplus is inexact above 20


def _minus(scores: Tensor) -> Tensor:
    return -scores


_LOGISTIC: dict[Role, Elementwise] = {
    "G": _softplus_of_minus,
    "D_real": _softplus_of_minus,
    "D_fake": lambda scores: _softplus_of_minus(-scores),
}
FORMULAS: dict[Mode, dict[Role, Elementwise]] = {
    "vanilla": _LOGISTIC,
    "logistic": _LOGISTIC,
    "lsgan": {
        "G": lambda scores: (scores - 1).square(),
        "D_real": lambda scores: (scores - 1).square(),
        "D_fake": lambda scores: scores.square(),
    },
    "hinge": {
        "G": _minus,
        "D_real": lambda scores: relu(1 - scores),
        "D_fake": lambda scores: relu(1 + scores),
    },
    "wgan": {"G": _minus, "D_real": _minus, "D_fake": lambda scores: scores},
}


class GANLoss(nn.Module):
    """The adversarial loss of one side: the mean of a function of the discriminator's scores ``s``.

    ================= =================== =================== =================
    mode              ``role="G"``        ``role="D_real"``   ``role="D_fake"``
    ================= =================== =================== =================
    vanilla, logistic ``log(1 + e^(-s))`` ``log(1 + e^(-s))`` ``log(1 + e^s)``
    lsgan             ``(s - 1)^2``       ``(s - 1)^2``       ``s^2``
    hinge             ``-s``              ``max(0, 1 - s)``   ``max(0, 1 + s)``
    wgan              ``-s``              ``-s``              ``s``
    ================= =================== =================== =================

    The scores are those of fake images for ``G`` and ``D_fake``, of real ones for ``D_real``. There is no
    hidden factor: the half that many papers have before the discriminator's loss or before the squares is
    the weight of the objective or of the term. ``vanilla`` is the non-saturating loss, which is used in
    practice, so it equals ``logistic``: binary cross-entropy with logits against 1 or 0.

    Args:
        mode: ``"vanilla"``, ``"lsgan"``, ``"hinge"``, ``"wgan"`` or ``"logistic"``.
        role: ``"G"`` for the generator, ``"D_real"`` or ``"D_fake"`` for the discriminator on real or fake
            images.

    Shape:
        pred: scores of any shape, before any sigmoid. Returns a scalar.

    Raises:
        UnknownNameError: ``mode`` or ``role`` is unknown.
        LossInputError: on call: ``pred`` is empty.

    References:
        vanilla: Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, section 3;
        lsgan: Mao et al., 2016, https://arxiv.org/abs/1611.04076; hinge: Lim and Ye, 2017,
        https://arxiv.org/abs/1705.02894; wgan: Arjovsky et al., 2017, https://arxiv.org/abs/1701.07875;
        logistic: Karras et al., 2018, https://arxiv.org/abs/1812.04948.

    Example:
        >>> import torch
        >>> scores = torch.tensor([-2.0, 0.5])
        >>> GANLoss("hinge", "G")(scores), GANLoss("hinge", "D_fake")(scores)
        (tensor(0.7500), tensor(0.7500))
    """

    def __init__(self, mode: Mode, role: Role) -> None:
        super().__init__()
        self.mode = chosen("mode", mode, FORMULAS)
        self.role = chosen("role", role, ROLES)

    def forward(self, pred: Tensor) -> Tensor:
        """Return the loss of these scores."""
        check_layout(self, "(*)", pred=pred)
        return FORMULAS[self.mode][self.role](pred).mean()

    def extra_repr(self) -> str:
        """Return the mode and the role for the repr of the module."""
        return f"{self.mode}, {self.role}"
