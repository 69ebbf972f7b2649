"""Layers: a document and its overlays, merged in order, which remember where each value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lossspec.faults import Fault, get, has
from lossspec.language.resolve.merge import merge
from lossspec.names import nearest, shorten
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import KeyPath
    from lossspec.language.diagnostics.findings import Origin

Table = dict[str, object]
#: The sections whose entries have names; a path to remove begins with one of them.
_SECTIONS = ("losses", "params", "inputs", "objectives", "variants")


@frozen(eq=False)
class Layer:
    """A table, merged over those below it.

    Attributes:
        origin: the document that it is in.
        prefix: where in that document.
        table: the table.
    """

    origin: Origin
    prefix: KeyPath
    table: Table


@frozen(eq=False)
class Stack:
    """Layers, and the document that they make.

    Attributes:
        table: the merged document.
        layers: what it was merged from, the last one on top.
        faults: what cannot be merged, each with its layer's document and the path in it.
    """

    table: Table
    layers: tuple[Layer, ...] = ()
    faults: tuple[tuple[Origin, Fault], ...] = ()

    def add(self, layer: Layer, base: Table | None = None) -> Stack:
        """Return the stack with one more layer on top.

        Args:
            layer: the layer.
            base: a further document whose parts ``remove`` can name: another layer of the same kind may
                have removed them already.
        """
        faults = self.faults
        if "remove" in layer.table:
            found = _removals(layer, self.table, base or self.table)
            faults = (*faults, *((layer.origin, fault) for fault in found))
        return Stack(merge(self.table, layer.table), (*self.layers, layer), faults)

    def place(self, path: KeyPath) -> tuple[Origin, KeyPath]:
        """Return the document that sets the value at a path of the merged one, and the path there.

        That is the last layer that has the path; if none has it, the last that has what encloses it.
        """
        for end in range(len(path), 0, -1):
            for layer in reversed(self.layers):
                if has(layer.table, path[:end]):
                    return layer.origin, (*layer.prefix, *path)
                if _is_plain_default(layer.table, path[:end]):
                    return layer.origin, (*layer.prefix, *path[: end - 1])
        own = self.layers[-1]
        return own.origin, (*own.prefix, *path)

    def placed(self, fault: Fault) -> tuple[Origin, Fault]:
        """Return a fault of the merged document as one of the document that sets the value."""
        origin, path = self.place(fault.path)
        related = []
        for other, label in fault.related:
            its_origin, its_path = self.place(other)
            if its_origin is origin:
                related.append((its_path, label))
        return origin, evolve(fault, path=path, related=tuple(related))


def _is_plain_default(table: Table, path: KeyPath) -> bool:
    """Return whether a path is the ``default`` of a parameter that has a plain value in the table."""
    is_default = len(path) == 3 and path[0] == "params" and path[2] == "default"
    return is_default and has(table, path[:2]) and not isinstance(get(table, path[:2]), dict)


def _removals(layer: Layer, table: Table, base: Table) -> Iterator[Fault]:
    """Yield a fault for each path to remove that does not exist."""
    removed = layer.table.get("remove", ())
    if not isinstance(removed, list):
        return
    for index, path in enumerate(removed):
        if not isinstance(path, str):
            continue
        parts = tuple(path.split("."))
        if has(table, parts) or has(base, parts):
            continue
        sections = [section for section in _SECTIONS if has(base, (section, *parts))]
        found = f"{sections[0]}.{path}" if sections else nearest(path, _paths(base))
        yield Fault(
            "unknown-path",
            f"there is nothing to remove at `{shorten(path)}`",
            (*layer.prefix, "remove", index),
            help=f"did you mean `{found}`?" if found else "",
            replacement=f'"{found}"' if found else None,
            certain=len(sections) == 1,
        )


def _paths(table: Table) -> Iterator[str]:
    """Yield the paths of a document that ``remove`` can name, down to the keys of a loss."""
    for section, entries in table.items():
        yield section
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            yield dotted((section, name))
            for key in entry if isinstance(entry, dict) else ():
                yield dotted((section, name, key))
