"""Warns of losses whose library is not installed here: the spec is right, but can't be built yet."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.registry import find, missing_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.resolve.resolve import Resolved


def library_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield a fault for each term whose loss is in no installed package.

    Without torch there is none: such an environment only reads specs, and builds no loss at all.
    """
    if find_spec("torch") is None:
        return
    installed = set()
    for name, loss in spec.new_losses():
        tag = loss.get("type")
        entry = find(tag) if isinstance(tag, str) else None
        if entry is None or entry.library in installed:
            continue
        problem = missing_library(entry)
        if not problem:
            installed.add(entry.library)
        else:
            message, _, help_ = problem.partition(": ")
            yield Fault("missing-extra", message, ("losses", name, "type"), help=help_)
