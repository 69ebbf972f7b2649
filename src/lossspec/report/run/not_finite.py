"""Words the values of a log that are not finite: how many of which losses, and where the first is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.report.arrays import np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.log.reading.reader import LossLogData

#: How many losses a sentence names.
_NAMED = 8


def not_finite(log: LossLogData) -> Iterator[str]:
    """Yield a sentence for each section whose weighted values are not all finite."""
    for section, losses in {"training": log.losses, **log.validations}.items():
        rows = {name: np.flatnonzero(~np.isfinite(each.weighted)) for name, each in losses.items()}
        names = [name for name in losses if len(rows[name])]
        if names:
            first = min(names, key=lambda name: losses[name].time[rows[name][0]])
            columns, row = losses[first], rows[first][0]
            listed = ", ".join(f"{name} ({len(rows[name]):,})" for name in names[:_NAMED])
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            yield (
                f"in {section}, values of {listed}{more} are not finite: the first is of {first}, at epoch "
                f"{columns.epoch[row]:g}, step {columns.step[row]:,}"
            )
