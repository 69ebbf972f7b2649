"""Suggests weights from a probe: those that would give chosen shares of the gradient at that batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.manager.probe.result import Probe

#: Suggested weights are rounded to so many digits: one batch says no more.
DIGITS = 3


def factors(probe: Probe, shares: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return what to multiply the weight of each term by; the sum of the norms of their gradients stays.

    A term i with the gradient norm g_i gets the factor (s_i / sum s) * (sum g) / g_i, over the terms of
    ``shares``, where s_i is its share.

    Args:
        probe: the terms at one batch.
        shares: the share of the gradient that each term is to have, in any unit; by default all have the
            same. Terms that are not named keep their weights.

    Raises:
        LossSpecError: a share is not above 0, or a term is unknown or has no finite gradient.

    >>> from lossspec.manager.probe.result import Probe, ProbedTerm
    >>> terms = (ProbedTerm("a", 1, 1, 1, 0.5, 3.0, 0.75), ProbedTerm("b", 1, 1, 1, 0.5, 1.0, 0.25))
    >>> factors(Probe("G", "`x`", terms, 2.0))
    {'a': 0.6666666666666666, 'b': 2.0}
    """
    norms = {term.name: term.gradient_norm for term in probe.terms}
    wanted = dict.fromkeys(norms, 1.0) if shares is None else shares
    for name, share in wanted.items():
        if name not in norms:
            raise LossSpecError(unknown("term", name, norms, f" in the objective `{probe.objective}`"))
        if not 0.0 < share < math.inf:
            raise LossSpecError(f"the share of `{name}` must be a number above 0, got {share:g}")
        if not 0.0 < norms[name] < math.inf:
            raise LossSpecError(
                f"`{name}` has no finite gradient at {probe.wrt}, so no weight gives it a share: name the "
                "shares of other terms, as in `shares=a:0.7,b:0.3`"
            )
    of_norms, of_shares = sum(norms[name] for name in wanted), sum(wanted.values())
    return {name: share / of_shares * of_norms / norms[name] for name, share in wanted.items()}


def rounded(weight: float) -> float:
    """Round a suggested weight.

    >>> rounded(123.456), rounded(0.00123456)
    (123.0, 0.00123)
    """
    return float(f"{weight:.{DIGITS}g}")
