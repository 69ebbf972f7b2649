"""The loss function for the Trainer of transformers: an objective that takes its tensors by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError
from lossspec.integrations.transformers.share import batches_in_step, labels_that_count, share_of_items
from lossspec.manager.loss.messages import describe
from lossspec.manager.objective.objective import Objective

if TYPE_CHECKING:
    from collections.abc import Callable


class ComputeLoss:
    """An objective as ``Trainer(compute_loss_func=ComputeLoss(objective))``.

    It passes the tensors that the objective takes, by name, from the outputs of the model and from the
    labels, and ignores all others. Labels that are one tensor have the name ``labels``.

    The Trainer adds up the results of the batches that it accumulates, and expects each to be scaled. A
    result is the total of the objective, which is a mean over its batch, times the share of the batch in the
    step: its labels that are not -100 among those of all batches, as the Trainer counts them. If the labels
    are no single tensor, the Trainer does not count them. Then each batch has the same share, which
    ``LossCallback`` knows.

    Args:
        objective: ``manager.objective(name)``.
        items: counts the items in the labels of a batch, if its losses average over something else than the
            labels that are not -100. For causal language models the Trainer counts ``labels[..., 1:]``.

    Raises:
        LossInputError: ``objective`` is something else.

    Example:
        >>> import torch, lossspec
        >>> objective = lossspec.LossManager.from_spec("pix2pix").objective("D")
        >>> loss = ComputeLoss(objective)
        >>> scores = torch.zeros(2, 1)
        >>> outputs = {"pred_real": scores, "pred_fake": scores, "hidden": torch.ones(3)}
        >>> with torch.no_grad():
        ...     loss(outputs, None)
        tensor(0.6931)
    """

    def __init__(
        self, objective: Objective, *, items: Callable[[torch.Tensor], torch.Tensor] = labels_that_count
    ) -> None:
        given: object = objective
        if not isinstance(getattr(given, "_orig_mod", given), Objective):  # it can be compiled
            raise LossInputError(f"`objective` must be `manager.objective(name)`, got {describe(given)}")
        self.objective = objective
        self._items = items

    def __call__(
        self, outputs: object, labels: object, num_items_in_batch: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Return the share of this batch in the loss of the step.

        Args:
            outputs: what the model returned: a mapping, such as a ModelOutput.
            labels: a mapping, a tensor, or None.
            num_items_in_batch: the number of labels in all batches of the step, from the Trainer.

        Raises:
            LossInputError: a tensor is in neither, or in both.
        """
        total: torch.Tensor = self.objective(**self._tensors(outputs, labels))
        if num_items_in_batch is not None and isinstance(labels, torch.Tensor):
            return total * share_of_items(self._items(labels), num_items_in_batch).to(total.device)
        if not torch.is_grad_enabled():  # an evaluation, where each batch counts for itself
            return total
        batches = batches_in_step.get(getattr(self.objective, "_orig_mod", self.objective))
        if batches is None:
            raise LossInputError(
                "the Trainer does not count the items of these labels, so the share of a batch in an "
                "accumulated step is unknown: add `LossCallback(manager)` to the callbacks of the Trainer"
            )
        return total / batches

    def _tensors(self, outputs: object, labels: object) -> dict[str, object]:
        if not isinstance(outputs, Mapping):
            raise LossInputError(
                f"the model must return a mapping of tensors, such as a ModelOutput, got a "
                f"{type(outputs).__name__}"
            )
        named = labels if isinstance(labels, Mapping) else {"labels": labels} if labels is not None else {}
        needed, optional = self.objective.needed(), self.objective.optional()
        found: dict[str, object] = {}
        for name in sorted(needed | optional):
            both = [each[name] for each in (outputs, named) if each.get(name) is not None]
            if len(both) > 1:
                raise LossInputError(
                    f"tensor `{name}` is in the outputs of the model and in the labels: rename one of them"
                )
            if both:
                found[name] = both[0]
        missing = sorted(needed - found.keys())
        if missing:
            raise LossInputError(
                f"objective `{self.objective.name}` is missing {_names(missing)}: the outputs of the model "
                f"have {_names(outputs)}, the labels have {_names(named)}"
            )
        return found


def _names(names: object) -> str:
    found = [f"`{name}`" for name in names] if isinstance(names, (list, Mapping)) else []
    return ", ".join(found) or "nothing"
