"""Warns of losses whose library is not installed: the spec is valid, but cannot be built here."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.registry import missing_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.language.resolve.resolve import TypedTerm


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
