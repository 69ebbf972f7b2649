"""The result of a probe: numbers for each term and each two terms, and what stands out in words."""

from __future__ import annotations

import json
import math
from itertools import combinations
from typing import TYPE_CHECKING

from attrs import field, frozen

from lossspec.names import abbreviate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: A term with a larger share of the gradient drowns the others.
DROWNS = 0.99
#: Terms with a smaller cosine pull against each other.
AGAINST = -0.2


@frozen
class ProbedTerm:
    """One term at one batch.

    Attributes:
        name: the term.
        value: its raw value.
        weight: its applied weight now: term weight times objective weight, as a balance moves it.
        weighted: the product of the two.
        share: the size of ``weighted`` as a part of the sum of the sizes, in [0, 1].
        gradient_norm: the 2-norm of the gradient of ``weighted``; 0 if it has none.
        gradient_share: that norm as a part of the sum of the norms, in [0, 1].
    """

    name: str
    value: float
    weight: float
    weighted: float
    share: float
    gradient_norm: float
    gradient_share: float


@frozen
class Probe:
    """What each term of an objective does at one batch.

    Attributes:
        objective: the objective.
        wrt: what the gradients are taken at.
        terms: the terms that run now, in the order of the spec.
        total: their total.
        cosines: for each two terms, the cosine of the angle between their gradients; NaN if one has none.
    """

    objective: str
    wrt: str
    terms: tuple[ProbedTerm, ...]
    total: float
    cosines: Mapping[tuple[str, str], float] = field(factory=dict)

    @property
    def findings(self) -> list[str]:
        """What stands out, in words: at most one line a term or two terms."""
        return [*self._not_finite(), *self._no_gradient(), *self._drowning(), *self._against()]

    def _not_finite(self) -> Iterator[str]:
        for term in self.terms:
            what = {"value": term.value, "weighted value": term.weighted, "gradient": term.gradient_norm}
            for name, number in what.items():
                if not math.isfinite(number):
                    which = f"the {name} of `{abbreviate(term.name)}`"
                    yield f"{which} is {number}: it is the first that is not finite"
                    return

    def _no_gradient(self) -> Iterator[str]:
        for term in self.terms:
            if term.gradient_norm == 0.0:
                yield f"`{abbreviate(term.name)}` has no gradient at {abbreviate(self.wrt)}"

    def _drowning(self) -> Iterator[str]:
        for term in self.terms:
            if len(self.terms) > 1 and term.gradient_share > DROWNS:
                name = abbreviate(term.name)
                yield f"`{name}` drowns the others: it has {term.gradient_share:.1%} of the gradient"

    def _against(self) -> Iterator[str]:
        for (first, second), cosine in self.cosines.items():
            if cosine < AGAINST:
                names = f"`{abbreviate(first)}` and `{abbreviate(second)}`"
                yield f"{names} pull against each other: the cosine is {cosine:.2f}"

    def text(self) -> str:
        """Return a table of the terms, the cosines, and the findings; long names are cut.

        >>> term = ProbedTerm("l1", 0.5, 100.0, 50.0, 1.0, 2.0, 1.0)
        >>> print(Probe("G", "`y_fake`", (term,), 50.0).text())
        objective G at this batch: total 50, gradients at `y_fake`
        term  value  weight  weighted   share  gradient  of gradient
        l1      0.5     100        50  100.0%         2       100.0%
        """
        heads = "term", "value", "weight", "weighted", "share", "gradient", "of gradient"
        rows = [heads, *(self._cells(term) for term in self.terms)]
        objective, wrt = abbreviate(self.objective), abbreviate(self.wrt)
        lines = [f"objective {objective} at this batch: total {self.total:.4g}, gradients at {wrt}"]
        lines += _aligned(rows)
        if self.cosines:
            names = [term.name for term in self.terms]
            square = [[self._cosine(row, column) for column in names] for row in names]
            lines += [
                "",
                *_aligned([("cosine", *names), *([n, *r] for n, r in zip(names, square, strict=True))]),
            ]
        if self.findings:
            lines += ["", *self.findings]
        return "\n".join(lines)

    @staticmethod
    def _cells(term: ProbedTerm) -> tuple[str, ...]:
        numbers = (f"{each:.4g}" for each in (term.value, term.weight, term.weighted))
        return (
            term.name,
            *numbers,
            f"{term.share:.1%}",
            f"{term.gradient_norm:.4g}",
            f"{term.gradient_share:.1%}",
        )

    def _cosine(self, row: str, column: str) -> str:
        if row == column:
            return "1"
        cosine = self.cosines.get((row, column), self.cosines.get((column, row), math.nan))
        return "-" if math.isnan(cosine) else f"{cosine:.2f}"

    def json(self) -> str:
        """Return the same as JSON; a number that is not finite is null."""
        return json.dumps({**self.record(), "findings": self.findings}, indent=2, allow_nan=False)

    def record(self) -> dict[str, object]:
        """Return the numbers as JSON data; one that is not finite is None."""
        terms = {
            term.name: {
                name: _finite(getattr(term, name))
                for name in ("value", "weight", "weighted", "share", "gradient_norm", "gradient_share")
            }
            for term in self.terms
        }
        return {
            "objective": self.objective,
            "wrt": self.wrt,
            "total": _finite(self.total),
            "terms": terms,
            "cosines": [
                {"terms": list(pair), "cosine": _finite(cosine)} for pair, cosine in self.cosines.items()
            ],
        }


def pairs(names: list[str]) -> list[tuple[str, str]]:
    """Return each two names, in order."""
    return list(combinations(names, 2))


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    rows = [tuple(map(abbreviate, row)) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
