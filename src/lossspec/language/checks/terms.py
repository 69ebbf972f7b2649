"""Checks that there are terms, and that each has a type and inputs, its own or inherited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.text.limits import MAX_LOSSES, too_many_losses
from lossspec.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.resolve.resolve import Resolved


def term_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield a fault for each term without ``type`` or ``inputs``, or for a spec without terms."""
    losses = spec.section("losses")
    if not spec.table.get("losses"):
        yield Fault(
            "no-losses", "the spec has no losses", ("losses",), "key", "add one under `[losses.NAME]`"
        )
        return
    if len(losses) > MAX_LOSSES and (fault := too_many_losses(spec.table)):
        yield fault
        return
    whole = [name for name, loss in losses.items() if "type" in loss]
    for name, loss in losses.items():
        if "type" not in loss:
            found = nearest(name, whole)
            hint = f"a loss with a similar name exists: `{found}`" if found else 'add `type = "..."`'
            message = f"key `type` is missing in `losses.{name}`, and none is inherited"
            yield Fault("missing-key", message, ("losses", name), "key", hint, replacement=found)
        elif "inputs" not in loss:
            message = f"key `inputs` is missing in `losses.{name}`"
            yield Fault("missing-key", message, ("losses", name), "key", 'add `inputs = ["...", "..."]`')
