"""Checks that there are terms, that each has a type and inputs, and that its library is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.text.limits import MAX_LOSSES, too_many_losses
from lossspec.names import nearest
from lossspec.registry import missing_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.language.resolve.resolve import Resolved, TypedTerm


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


def library_faults(terms: Sequence[TypedTerm]) -> Iterator[Fault]:
    """Yield a fault for each term whose loss is in a package that is not installed.

    Without torch there are none: such an environment only reads specs.
    """
    if find_spec("torch") is None:
        return
    installed = set()
    for name, _, entry in terms:
        if entry is None or entry.library in installed:
            continue
        problem = missing_library(entry)
        if not problem:
            installed.add(entry.library)
        else:
            message, _, help_ = problem.partition(": ")
            yield Fault("missing-extra", message, ("losses", name, "type"), help=help_)
