"""Registers losses with a manager: checks names, sets weights, makes histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.errors import RegistrationError
from lossspec.log.rows import LMHistory
from lossspec.manager.building.objective import build_balances
from lossspec.manager.getters import StrippedLoss
from lossspec.names import is_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lossspec.language.model import Spec
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.curve import Curve
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.run import Run


class Registration:
    """Registers losses, each under a valid, unique name and with one manager only.

    Args:
        run: holds the losses.
        weights: keeps their weights current.
        limit: the most rows of a loss that wait.
        written: whether a full history is flushed at once; else its oldest rows are dropped.
    """

    def __init__(self, run: Run, weights: Weights, limit: int, *, written: bool) -> None:
        self._run = run
        self._weights = weights
        self._limit = limit
        self._written = written
        self.validating = False

    def add_all(self, losses: Mapping[str, LMLoss], spec: Spec | None) -> None:
        """Register the losses of a spec, all or none.

        Raises:
            RegistrationError: the manager already has losses, or one of these cannot be registered.
        """
        if self._run.losses:
            raise RegistrationError(
                f"this manager already has losses ({', '.join(self._run.losses)}): load the spec before you "
                "register other losses, or make a new manager"
            )
        by_objective: dict[str | None, list[LMLoss]] = {}
        for loss in losses.values():
            self._check(loss)
            by_objective.setdefault(loss.objective, []).append(loss)
        balances = build_balances(spec) if spec is not None else {}
        for balance in balances.values():
            balance.module.to(self._run.device)
        self._run.spec = spec
        self._run.balances.update(balances)
        for name, terms in by_objective.items():
            found = spec.objectives.get(name) if spec is not None and name is not None else None
            self._attach(terms, found.weight if found is not None else 1.0)
        self._run.losses.update(losses)

    def add(self, loss: LMLoss) -> None:
        """Register one more loss.

        Raises:
            RegistrationError: it cannot be registered.
        """
        self._check(loss)
        self._attach([loss], 1.0)
        self._run.losses[loss.name] = loss

    def _check(self, loss: LMLoss) -> None:
        if not is_name(loss.name):
            raise RegistrationError(
                f"{loss.name!r} is not a valid name for a loss: use letters, digits and `_`, and do not "
                "start with a digit"
            )
        if loss.name in self._run.losses:
            raise RegistrationError(
                f"loss `{loss.name}` is already registered with this manager: use another name"
            )
        if loss.on_weight_set is not None or isinstance(loss, StrippedLoss):
            raise RegistrationError(f"loss `{loss.name}` is already registered with another manager")

    def _attach(self, losses: Iterable[LMLoss], objective_weight: float | Curve) -> None:
        for loss in losses:
            loss.set_objective_weight(objective_weight)
            loss.registered_weight = loss.loss_weight
        self._weights.add(losses)
        for loss in losses:
            if isinstance(loss.function, nn.Module) and self._run.device is not None:
                loss.function.to(self._run.device)
            loss.training, loss.validation = self._history(), self._history()
            loss.history = loss.validation if self.validating else loss.training

    def _history(self) -> LMHistory:
        slack = 0 if self._written else self._limit // 8 + 64  # so that trimming is rare
        return LMHistory(self._limit, slack)

    def validate(self, *, active: bool) -> None:
        """Record to the validation histories from now on, or to the training histories."""
        self.validating = active
        for loss in self._run.losses.values():
            loss.history = loss.validation if active else loss.training

    def forget(self) -> None:
        """Empty all histories."""
        for loss in self._run.losses.values():
            for history in (loss.training, loss.validation):
                history.take()
                history.lost = 0
