"""Writes values to Weights & Biases: into a run that the caller started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lossspec.errors import LossSpecError
from lossspec.writers.config import config_of, formula_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import wandb

    from lossspec.log.points import SeriesPoint
    from lossspec.log.protocol import Run

#: The x axis of our series.
POSITION = "lossspec/position"


class WandbWriter:
    """Logs values to a run of W&B.

    The names are ``raw/TERM``, ``weight/TERM``, ``weighted/TERM`` and ``total/OBJECTIVE``, with the prefix
    ``SECTION/`` for validation sections. Their x axis is ``lossspec/position``, so they do not depend on the
    step that W&B counts. The resolved spec, its digest and its formula are the configuration ``lossspec``.
    A run that W&B resumes does not get the points again that it has.

    Args:
        run: the return value of ``wandb.init``; you finish it. None on ranks other than 0.
    """

    whole = False

    def __init__(self, run: wandb.Run | None) -> None:
        self._given = run
        self._metrics: set[str] = set()
        self._positions: dict[str, float] = {}

    @property
    def _run(self) -> wandb.Run:
        if self._given is None:
            raise LossSpecError("`run` must be a run of `wandb.init` on rank 0, got None")
        return self._given

    def begin(self, run: Run, *, resumes: bool) -> Mapping[str, float]:
        """Write the configuration and the formula, and define the x axis."""
        ours = {**config_of(run), "formula": formula_of(run)}
        self._run.config.update({"lossspec": ours}, allow_val_change=True)
        self._run.define_metric(POSITION, hidden=True)
        if resumes and self._run.resumed:
            self._positions = dict(self._run.summary.get("lossspec", {}).get("positions", {}))
        return dict(self._positions)

    def write(self, points: Sequence[SeriesPoint]) -> None:
        """Log the points of a flush: one call for each position."""
        rows: dict[float, dict[str, Any]] = {}
        for each in points:
            position, time = each.point.position, each.point.time
            row = rows.setdefault(position, {POSITION: position, "_timestamp": time})
            row.update(each.values())
            row["_timestamp"] = max(time, row["_timestamp"])
            self._positions[each.section] = max(position, self._positions.get(each.section, position))
        for position in sorted(rows):
            for name in rows[position].keys() - {POSITION, "_timestamp"}:
                if name not in self._metrics:
                    self._run.define_metric(name, step_metric=POSITION)
                    self._metrics.add(name)
            self._run.log(rows[position])
        self._run.summary["lossspec"] = {"positions": self._positions}

    def close(self) -> None:
        """Do nothing: whoever started the run finishes it."""
