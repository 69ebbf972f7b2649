"""The differences between two specs, term by term.

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

from attrs import NOTHING, fields, frozen

from lossspec.language.model import ObjectiveSpec, Term, plain
from lossspec.language.write import to_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from attrs import AttrsInstance

    from lossspec.language.model import Spec

    Table = Mapping[str, object]

#: A term and an objective with nothing but what is required: they have the defaults of the others.
TERM, OBJECTIVE = Term(name="", type="", inputs=()), ObjectiveSpec(name="")
#: The keys of a term that do not change what is computed.
IGNORED = {"tags"}


@frozen
class Change:
    """A difference between two specs.

    Attributes:
        path: the keys that lead to it: ``losses``, a name, a key, and so on.
        kind: "added" is only in the second spec, "removed" only in the first.
        before: the value in the first spec, as written in TOML; None if added.
        after: the value in the second spec; None if removed.
    """

    path: tuple[str, ...]
    kind: Literal["added", "removed", "changed"]
    before: object
    after: object


def differences(before: Spec, after: Spec) -> list[Change]:
    """Return the differences; the list is empty exactly if the digests are equal.

    Terms come first, in the order of the first spec, then objectives, then the order of summation if the
    common terms are in a different order.
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
        name: _whole(TERM, {**table, "objective": spec.losses[name].objective})
        for name, table in tables.items()
    }


def _objectives(spec: Spec) -> Table:
    tables = cast("dict[str, dict[str, object]]", to_table(spec).get("objectives", {}))
    return {name: _whole(OBJECTIVE, tables.get(name, {})) for name in spec.objectives}


def _whole(blank: AttrsInstance, table: Table) -> Table:
    """Return a table with the keys that it leaves out, each with the default that the blank object has."""
    kept = [each.name for each in fields(type(blank)) if each.name in table or each.default is not NOTHING]
    return {key: table.get(key, getattr(blank, key)) for key in kept}


def _tables(before: Table, after: Table, path: tuple[str, ...]) -> Iterator[Change]:
    """Yield the differences of two tables: inner tables key by key, schedules of different types as one."""
    for key in [*before, *(key for key in after if key not in before)]:
        here = (*path, key)
        if key in IGNORED and len(path) == 2:
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
    if isinstance(before, dict) and isinstance(after, dict) and not _differ_in_type(before, after, path):
        yield from _tables(before, after, path)
    else:
        yield Change(path, "changed", plain(before), plain(after))


def _differ_in_type(before: Table, after: Table, path: tuple[str, ...]) -> bool:
    """Return whether two tables below a term have different types, so that their keys do not compare."""
    return len(path) > 2 and before.get("type") != after.get("type")
