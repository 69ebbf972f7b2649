"""Warns of a loss that allocates more memory than building allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.registry.allocation import MAX_BYTES, allocated, size, sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lossspec.language.resolve.resolve import TypedTerm


def memory_faults(terms: Sequence[TypedTerm]) -> Iterator[Fault]:
    """Yield a fault for each term that alone takes more than the limit: the caller has to allow it."""
    for name, loss, entry in terms:
        args = loss.get("args", {})
        if entry is None or not entry.allocates or not isinstance(args, dict):
            continue
        number = allocated(entry, args)
        if number > MAX_BYTES:
            given = [each for each in sizes(entry) if each in args]
            place = ("losses", name, "args", given[0]) if given else ("losses", name)
            yield Fault(
                "much-memory",
                f"`{name}` allocates {size(number)} ({entry.allocates} bytes): "
                f"more than {size(MAX_BYTES)} is built only if the caller allows it",
                place,
                help=f"lower {' or '.join(f'`{each}`' for each in sizes(entry))}, or build it with "
                f"`max_bytes`, as in `LossManager.from_spec(..., max_bytes={_enough(number)})`",
            )


def _enough(number: float) -> str:
    """Return a whole number of GiB that is enough.

    >>> _enough(1.5 * 2**30)
    '2 * 2**30'
    """
    return f"{int(-(-number // 2**30))} * 2**30" if number < 2**100 else "..."
