"""The losses of a manager: who may join, under which name, with which history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.errors import RegistrationError
from lossspec.log.rows import LMHistory
from lossspec.manager.building.balance import build_balances
from lossspec.manager.getters import StrippedLoss
from lossspec.names import is_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lossspec.language.model import Spec
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.curve import Curve
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.run import Run


class Roster:
    """Registers losses: none without a name, none twice, none of another manager.

    Args:
        run: where the losses are kept.
        weights: weighs them.
        limit: how many rows of a loss wait at most.
        written: whether a full history is written at once; else its oldest rows go.
    """

    def __init__(self, run: Run, weights: Weights, limit: int, *, written: bool) -> None:
        self._run = run
        self._weights = weights
        self._limit = limit
        self._written = written
        self.validating = False

    def add_all(self, losses: Mapping[str, LMLoss], spec: Spec | None) -> None:
        """Register the losses of a spec: all or none.

        Raises:
            RegistrationError: there are losses already, or one of these can't be registered.
        """
        if self._run.losses:
            raise RegistrationError(
                f"this manager has losses already ({', '.join(self._run.losses)}): take the spec first and "
                "register further losses after it, or make a new manager"
            )
        by_objective: dict[str | None, list[LMLoss]] = {}
        for loss in losses.values():
            self._refuse(loss)
            by_objective.setdefault(loss.objective, []).append(loss)
        balances = build_balances(spec) if spec is not None else {}
        for balance in balances.values():
            balance.module.to(self._run.device)
        self._run.spec = spec
        self._run.balances.update(balances)
        for name, terms in by_objective.items():
            found = spec.objectives.get(name) if spec is not None and name is not None else None
            self._adopt(terms, found.weight if found is not None else 1.0)
        self._run.losses.update(losses)

    def add(self, loss: LMLoss) -> None:
        """Register one more loss.

        Raises:
            RegistrationError: it can't be registered.
        """
        self._refuse(loss)
        self._adopt([loss], 1.0)
        self._run.losses[loss.name] = loss

    def _refuse(self, loss: LMLoss) -> None:
        if not is_name(loss.name):
            raise RegistrationError(f"{loss.name!r} is no name for a loss: use letters, digits and `_`")
        if loss.name in self._run.losses:
            raise RegistrationError(f"the name `{loss.name}` is taken by another loss of this manager")
        if loss.changed is not None or isinstance(loss, StrippedLoss):
            raise RegistrationError(f"the loss `{loss.name}` belongs to another manager: nothing is shared")

    def _adopt(self, losses: Iterable[LMLoss], objective_weight: float | Curve) -> None:
        self._weights.add(losses, objective_weight)
        for loss in losses:
            if isinstance(loss.function, nn.Module) and self._run.device is not None:
                loss.function.to(self._run.device)
            loss.training, loss.validation = self._history(), self._history()
            loss.history = loss.validation if self.validating else loss.training

    def _history(self) -> LMHistory:
        slack = 0 if self._written else self._limit // 8 + 64  # so that trimming is rare
        return LMHistory(self._limit, slack)

    def validate(self, *, under_way: bool) -> None:
        """Send what is recorded from now on to the validation histories, or back to the others."""
        self.validating = under_way
        for loss in self._run.losses.values():
            loss.history = loss.validation if under_way else loss.training

    def forget(self) -> None:
        """Empty the histories."""
        for loss in self._run.losses.values():
            for history in (loss.training, loss.validation):
                history.take()
                history.lost = 0
