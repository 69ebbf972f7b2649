"""What no schema can say of a spec: each check takes a resolved document and yields its faults.

A check asks nothing of a value that is ``FAULTY``: another one has reported it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from lossspec.language.checks.arguments import argument_faults
from lossspec.language.checks.balance import balance_faults
from lossspec.language.checks.inputs import input_faults
from lossspec.language.checks.library import library_faults
from lossspec.language.checks.objectives import objective_faults
from lossspec.language.checks.schedules import schedule_faults
from lossspec.language.checks.terms import term_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import Fault
    from lossspec.language.resolve.resolve import Resolved


def resolved_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield every fault of a resolved document, at paths of the merged one."""
    return chain(
        term_faults(spec),
        input_faults(spec),
        argument_faults(spec),
        schedule_faults(spec),
        objective_faults(spec),
        balance_faults(spec),
        library_faults(spec),
    )
