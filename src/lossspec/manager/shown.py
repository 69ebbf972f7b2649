"""What people see of a manager and of an objective: a few lines in a terminal, a formula in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from lossspec.language import notebook
from lossspec.language.model import Balance
from lossspec.language.summary import cut, several
from lossspec.manager.loss.summary import equation, rows, spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.plan import Plan
    from lossspec.manager.objective.term import BoundTerm
    from lossspec.manager.record.recorders import Recorders
    from lossspec.manager.run import Run

#: The most lines about objectives.
_OBJECTIVES = 3
_COPY = "a copy, which records nothing"


class ShownObjective(nn.Module):
    """How an ``Objective`` is shown."""

    name: str
    _terms: tuple[tuple[LMLoss, BoundTerm], ...]
    _balance: BoundBalance | None
    _plan: Plan
    _recorders: Recorders

    def __repr__(self) -> str:
        """Show the sum with the weights of now, the tensors that it needs now, and whether it is a copy."""
        losses = [loss for loss, _ in self._terms]
        lines = [f"Objective {equation(self.name, losses, _balancer(self._balance))}"]
        lines.append(cut(f"needs {', '.join(sorted(self._plan.needed)) or 'nothing'}"))
        if optional := sorted(self._plan.optional):
            lines.append(cut(f"takes {', '.join(optional)} too, if given"))
        running = {loss.name for loss, *_ in self._plan.running}
        if skipped := [loss.name for loss in losses if loss.name not in running]:
            lines.append(cut(f"leaves out {', '.join(skipped)} now"))
        lines += [_COPY] if self._recorders.is_copy else []
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        losses = [loss for loss, _ in self._terms]
        balance = None
        if self._balance is not None:
            kind, balanced = _balancer(self._balance), tuple(sorted(self._balance.losses))
            balance = Balance(kind, balanced, inputs=self._balance.inputs)
        found = spec_of(self.name, losses, balance)
        self._recorders.fetch()
        title = repr(self).partition("\n")[0]
        return notebook.html(title, found, rows(losses, balance.losses if balance else ()))


class ShownManager:
    """How a ``LossManager`` is shown."""

    experiment_dir: Path | None
    _run: Run
    _clock: Clock
    _recorders: Recorders
    _writes: bool

    def __repr__(self) -> str:
        """Show the spec, the position of the clock, the log, and each objective with the weights of now."""
        objectives = self._by_objective()
        balances = self._run.balances
        lines = [equation(name, losses, _balancer(balances.get(name))) for name, losses in objectives.items()]
        return "\n  ".join([self._about(), *several(lines, list(objectives), _OBJECTIVES)])

    def _repr_html_(self) -> str:
        self._recorders.fetch()
        balanced = {name for each in self._run.balances.values() for name in each.losses}
        return notebook.html(self._about(), self._run.spec, rows(self._run.losses.values(), balanced))

    def _about(self) -> str:
        spec, clock = self._run.spec, self._clock
        what = f" of {spec.reference}" if spec is not None else "" if self._run.losses else " without losses"
        where = f"log in {self.experiment_dir}" if self._writes else "no log"
        where = _COPY if self._recorders.is_copy else where
        return cut(f"LossManager{what}: epoch {clock.epoch:g}, step {clock.step}, {where}", 160)

    def _by_objective(self) -> dict[str, list[LMLoss]]:
        found: dict[str, list[LMLoss]] = {}
        for loss in self._run.losses.values():
            found.setdefault(loss.objective or "losses", []).append(loss)
        return found


def _balancer(balance: BoundBalance | None) -> str:
    return "" if balance is None else type(balance.module).__name__
