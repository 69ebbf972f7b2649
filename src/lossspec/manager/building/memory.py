"""Refuses a spec whose losses would allocate more memory than its caller allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.names import shorten
from lossspec.registry.allocation import allocated, size, sizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.language.model import Spec, Term
    from lossspec.registry import LossType


def check_memory(spec: Spec, entries: Mapping[str, LossType], limit: object) -> None:
    """Refuse losses that would allocate more than the limit together, before any is built.

    Args:
        spec: the spec.
        entries: the registered type of each term.
        limit: the number of bytes.

    Raises:
        LossSpecError: they would, or the limit is not a number.
    """
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise LossSpecError(f"`max_bytes` must be a number of bytes, such as 2**30, got {limit!r}")
    taken = {name: allocated(entries[name], term.args) for name, term in spec.losses.items()}
    total = sum(taken.values())
    if total > limit:
        name = max(taken, key=lambda each: taken[each])
        raise LossSpecError(
            f"the losses of `{spec.reference}` would allocate {size(total)}, more than the {size(limit)} of "
            f"`max_bytes`: `{name}` takes {size(taken[name])} ({_values(spec.losses[name], entries[name])}): "
            "lower these, or pass a larger `max_bytes` if you trust the spec"
        )


def _values(term: Term, entry: LossType) -> str:
    given = [(each, term.args.get(each, entry.args[each].default)) for each in sizes(entry)]
    return ", ".join(f"{name} = {shorten(str(value))}" for name, value in given)
