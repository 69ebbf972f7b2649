"""Means of recorded values over some time, from the rows of flushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from lossspec.log.rows import RAW, SAMPLES, WIDTH, applied_weights, weighted
from lossspec.log.totals import totals

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping


@define
class Means:
    """Sums values, each times its number of samples, until they are read.

    Attributes:
        sums: sum and number of samples for each tag: ``raw/TERM`` and ``total/OBJECTIVE``.
        weights: the last applied weight, by ``weight/TERM``.
    """

    sums: dict[str, tuple[float, float]] = field(factory=dict)
    weights: dict[str, float] = field(factory=dict)

    def add(self, losses: Mapping[str, array[float]], objectives: Mapping[str, str]) -> None:
        """Add the rows of losses, and of the totals of their objectives."""
        for name, rows in losses.items():
            self._add(f"raw/{name}", rows[RAW::WIDTH], rows[SAMPLES::WIDTH])
            *_, self.weights[f"weight/{name}"] = applied_weights(rows)
        for name, rows in totals(losses, objectives).items():
            self._add(f"total/{name}", list(weighted(rows)), rows[SAMPLES::WIDTH])

    def _add(self, tag: str, values: array[float] | list[float], samples: array[float]) -> None:
        known, count = self.sums.get(tag, (0.0, 0.0))
        self.sums[tag] = known + sum(map(float.__mul__, values, samples)), count + sum(samples)

    def read(self) -> dict[str, float]:
        """Return the means and the last weights, and start again."""
        found = {tag: total / count for tag, (total, count) in self.sums.items()} | self.weights
        self.sums, self.weights = {}, {}
        return found

    def state_dict(self) -> dict[str, object]:
        """Return the sums, and no weights: each new value brings its own."""
        return {tag: list(sums) for tag, sums in self.sums.items()}

    def load_state_dict(self, state: Mapping[str, tuple[float, float]]) -> None:
        """Continue with saved sums."""
        self.sums, self.weights = {tag: (total, count) for tag, (total, count) in state.items()}, {}
