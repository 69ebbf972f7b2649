"""What people see of the losses of a total: an equation with the weights of now, and rows of numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.language.model import Balance, ObjectiveSpec, Spec
from lossspec.language.summary import total
from lossspec.log.rows import RAW
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from lossspec.manager.loss.loss import LMLoss


def equation(name: str, losses: Sequence[LMLoss], balancer: str = "") -> str:
    """Return the sum of losses with the weights that they have now; one that is not known is a ``?``.

    >>> import torch
    >>> from lossspec.manager.loss.loss import LMLoss
    >>> equation("G", [LMLoss("gan", torch.nn.L1Loss()), LMLoss("l1", torch.nn.L1Loss(), 100.0)])
    'G = gan + 100·l1'
    """
    factor = losses[0].objective_weight if losses else 1.0
    text = total(name, factor, [(loss.term_weight, loss.name) for loss in losses])
    return f"{text}, balanced by {balancer}" if balancer else text


def spec_of(name: str, losses: Sequence[LMLoss], balance: Balance | None = None) -> Spec | None:
    """Return a spec of the losses of one objective, for its formula; None if one is not of a spec."""
    terms = {loss.name: loss.term for loss in losses if loss.term is not None}
    if not losses or len(terms) < len(losses):
        return None
    weight = losses[0].objective_schedule or losses[0].objective_weight
    if not isinstance(weight, Schedule | float):
        return None
    return Spec(name, name, terms, {name: ObjectiveSpec(name, weight, balance)})


def rows(losses: Iterable[LMLoss], balanced: Collection[str] = ()) -> dict[str, dict[str, str]]:
    """Return the cells of each loss: its objective, applied weight, and last values, raw and weighted.

    Args:
        losses: the losses.
        balanced: the names of those whose weight a balance moves as well.
    """
    return {
        loss.name: {
            "objective": loss.objective or "",
            "weight now": _number(loss.applied_weight, "?") + (" · balance" if loss.name in balanced else ""),
            "last raw value": _number(loss.history.last[RAW] if loss.history.last else math.nan),
            "last weighted value": _number(loss.last_value),
        }
        for loss in losses
    }


def _number(value: float, unknown: str = "-") -> str:
    return unknown if math.isnan(value) else f"{value:.4g}"
