"""What a schema cannot check: each check takes a resolved document and yields its faults.

A value that is ``INVALID`` has been reported, and is skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.checks.arguments import argument_faults
from lossspec.language.checks.balance import balance_faults
from lossspec.language.checks.inputs import input_faults
from lossspec.language.checks.memory import memory_faults
from lossspec.language.checks.objectives import objective_faults
from lossspec.language.checks.reductions import reduction_faults
from lossspec.language.checks.schedules import schedule_faults
from lossspec.language.checks.terms import library_faults, term_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import Fault
    from lossspec.language.resolve.resolve import Resolved


def resolved_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield every fault of a resolved document, at paths of the merged one."""
    terms = spec.new_terms()
    yield from term_faults(spec)
    yield from input_faults(spec, terms)
    yield from argument_faults(spec, terms)
    yield from memory_faults(terms)
    yield from reduction_faults(terms)
    yield from schedule_faults(spec)
    yield from objective_faults(spec)
    yield from balance_faults(spec)
    yield from library_faults(terms)
