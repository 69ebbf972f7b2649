"""What two specs compute differently, term by term.

>>> import lossspec
>>> before, after = lossspec.load("pix2pix"), lossspec.load("pix2pix+lsgan")
>>> for change in differences(before, after):
...     print(*change.path, change.before, change.after)
losses G_GAN type torch.BCEWithLogitsLoss torch.MSELoss
losses D_real type torch.BCEWithLogitsLoss torch.MSELoss
losses D_fake type torch.BCEWithLogitsLoss torch.MSELoss
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from attrs import frozen

from lossspec.language.model import plain
from lossspec.language.write import to_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.language.model import Spec

    Table = Mapping[str, object]

#: What a term or an objective is where the spec does not say.
DEFAULTS: Table = {"weight": 1, "at_zero": "skip", "lists": None, "every": None, "balance": None, "args": {}}
#: What changes nothing that is computed.
SILENT = {"tags"}


@frozen
class Change:
    """One thing that two specs have in different ways.

    Attributes:
        path: where it is: ``losses``, a name, a key, and so on.
        kind: whether it is only in the second, only in the first, or different.
        before: the value in the first, as in a spec; None where it has none.
        after: the value in the second.
    """

    path: tuple[str, ...]
    kind: Literal["added", "removed", "changed"]
    before: object
    after: object


def differences(before: Spec, after: Spec) -> list[Change]:
    """Return what differs: nothing exactly where the digests are equal.

    Terms come first, in the order of the first spec, then the objectives, then the order of the terms, which
    is the order of summation.
    """
    found = [*_tables(_losses(before), _losses(after), ("losses",))]
    found += _tables(_objectives(before), _objectives(after), ("objectives",))
    common = [name for name in before.losses if name in after.losses]
    reordered = [name for name in after.losses if name in before.losses]
    if common != reordered:
        found.append(Change(("losses",), "changed", common, reordered))
    return found


def _losses(spec: Spec) -> Table:
    tables = cast("dict[str, dict[str, object]]", to_table(spec)["losses"])
    return {
        name: {**DEFAULTS, **table, "objective": spec.losses[name].objective}
        for name, table in tables.items()
    }


def _objectives(spec: Spec) -> Table:
    tables = cast("dict[str, dict[str, object]]", to_table(spec).get("objectives", {}))
    return {name: {**DEFAULTS, **tables.get(name, {})} for name in spec.objectives}


def _tables(before: Table, after: Table, path: tuple[str, ...]) -> Iterator[Change]:
    """Yield what differs between two tables: inner tables key by key, but schedules of two types whole."""
    for key in [*before, *(key for key in after if key not in before)]:
        here = (*path, key)
        if key in SILENT and len(path) == 2:
            continue
        if key not in after:
            yield Change(here, "removed", plain(before[key]), None)
        elif key not in before:
            yield Change(here, "added", None, plain(after[key]))
        else:
            yield from _values(before[key], after[key], here)


def _values(before: object, after: object, path: tuple[str, ...]) -> Iterator[Change]:
    if plain(before) == plain(after):
        return
    if isinstance(before, dict) and isinstance(after, dict) and not _are_of_two_types(before, after, path):
        yield from _tables(before, after, path)
    else:
        yield Change(path, "changed", plain(before), plain(after))


def _are_of_two_types(before: Table, after: Table, path: tuple[str, ...]) -> bool:
    """Whether two tables below a term share no key that means the same: they are read whole."""
    return len(path) > 2 and before.get("type") != after.get("type")
