"""Checks that all terms have an objective or none has, and that each objective has terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.names import near_or_all, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.resolve.resolve import Resolved

#: The objective of terms that name none.
TOTAL = "total"


def objective_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield a fault for each term without an objective, and for each objective without terms."""
    losses = spec.section("losses")
    used = dict.fromkeys(loss["objective"] for loss in losses.values() if "objective" in loss)
    first = next((name for name, loss in losses.items() if "objective" in loss), None)
    for name, loss in losses.items():
        if used and "objective" not in loss and "type" in loss:
            known = ", ".join(f'`objective = "{each}"`' for each in used if isinstance(each, str))
            yield Fault(
                "no-objective",
                f"`losses.{name}` has no objective, but other losses have one",
                ("losses", name),
                "key",
                f"add {known}" if known else "",
                related=((("losses", first or "", "objective"), "this one has"),),
            )
    objectives = spec.section("objectives")
    names = [each for each in used if isinstance(each, str)] if used else [TOTAL]
    if not objectives or spec.has_invalid_losses() or len(names) < len(used):
        return
    for name in objectives:
        if name not in names:
            found = nearest(name, names)
            yield Fault(
                "empty-objective",
                f"objective `{name}` has no losses",
                ("objectives", name),
                "key",
                near_or_all("an objective", found, names),
                replacement=found,
            )
