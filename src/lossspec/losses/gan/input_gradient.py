"""The gradient of scores by the tensor that they were computed from, for gradient penalties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError

if TYPE_CHECKING:
    from torch import Tensor, nn


def input_gradient(loss: nn.Module, outputs: dict[str, Tensor], inputs: dict[str, Tensor]) -> Tensor:
    """Differentiate the sum of the output by the input; the graph is kept.

    Args:
        loss: the loss that calls, for the message.
        outputs: one tensor by its name.
        inputs: the tensor by its name that the output was computed from, with ``requires_grad``.

    Raises:
        LossInputError: the output was not computed from the input with gradients.
    """
    (output_name, output), (input_name, wanted) = *outputs.items(), *inputs.items()
    gradient: Tensor | None = None
    if output.requires_grad and wanted.requires_grad:
        (gradient,) = torch.autograd.grad(
            output,
            wanted,
            torch.ones_like(output),
            create_graph=torch.is_grad_enabled(),
            retain_graph=True,
            allow_unused=True,
        )
    if gradient is None:
        advice = f"call {input_name}.requires_grad_() first, and do not detach either of them"
        if not torch.is_grad_enabled():
            advice = (
                "gradients are off here, as within torch.no_grad(): compute both within torch.enable_grad(), "
                "or give the penalty an objective of its own, which validation does not call"
            )
        raise LossInputError(
            f"{type(loss).__name__} differentiates `{output_name}` by `{input_name}`, and "
            f"`{output_name}` was not computed from it with gradients: {advice}"
        )
    return gradient
