"""The weights of a spec at chosen epochs, as text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.clean import cell as clean_cell
from lossspec.report.draw.text import Row, exact, figure, grid
from lossspec.report.forecast.weights import balance_note, balanced, curves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.model import Spec
    from lossspec.report.forecast.weights import Curve, RunLength


@frozen
class WeightTable:
    """The value of every weight and scheduled argument at chosen epochs.

    Attributes:
        spec: the spec.
        epochs: the epochs.
        rows: each curve with its values at the epochs.
    """

    spec: Spec
    epochs: tuple[float, ...]
    rows: tuple[tuple[Curve, tuple[float, ...]], ...]

    def text(self) -> str:
        """Return a column for each epoch and a block of rows for each objective."""
        lines: list[Row] = [("epoch", *map(exact, self.epochs))]
        for objective in self.spec.objectives:
            lines += [(), (f"objective {objective}",)]
            for curve, values in self.rows:
                if curve.objective == objective:
                    lines.append((f"  {curve.name}", *map(figure, values)))
            lines += [(f"  {note}",)] if (note := balance_note(self.spec, objective)) else []
        return grid(lines)

    def csv(self) -> str:
        """Return a line for each epoch and a column for each curve, with all digits."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["epoch", *(clean_cell(curve.name) for curve, _ in self.rows)])
        for at, epoch in enumerate(self.epochs):
            writer.writerow([exact(epoch), *(exact(values[at]) for _, values in self.rows)])
        return out.getvalue()

    def json(self) -> str:
        """Return a JSON document; ``balanced`` has the type of the balancer of each term that has one."""
        weights = {curve.name: values for curve, values in self.rows if not curve.argument}
        arguments = {curve.name: values for curve, values in self.rows if curve.argument}
        document = {
            "spec": self.spec.reference,
            "digest": self.spec.digest,
            "epochs": self.epochs,
            "weights": weights,
            "arguments": arguments,
            "balanced": balanced(self.spec),
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def weight_table(spec: Spec, run: RunLength, epochs: Sequence[float]) -> WeightTable:
    """Return the weights at chosen epochs.

    Args:
        spec: the spec.
        run: the length of the run.
        epochs: the epochs, counted from 0; the fraction of an epoch is the part of its steps that is done.

    Raises:
        ClockError: a schedule counts steps, and ``run`` has no ``steps_per_epoch``.

    >>> import lossspec
    >>> from lossspec.report.forecast.weights import RunLength
    >>> print(weight_table(lossspec.load("pix2pix+decay"), RunLength(200), [0, 150, 199]).text())
    epoch       0  150  199
    <BLANKLINE>
    objective G
      G_GAN     1    1    1
      G_L1    100   50    1
    <BLANKLINE>
    objective D
      D_real  0.5  0.5  0.5
      D_fake  0.5  0.5  0.5
    """
    moments = [run.moment(epoch) for epoch in epochs]
    rows = [(curve, tuple(curve.at(moment) for moment in moments)) for curve in curves(spec)]
    return WeightTable(spec, tuple(epochs), tuple(rows))
