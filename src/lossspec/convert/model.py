"""What an import found: the losses that it carried over, and what it could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

Table = dict[str, object]


@frozen
class Carried:
    """One table of the spec, and where each of its values came from.

    Attributes:
        table: what stands in the spec, such as the table of a loss.
        sources: for a key of the table (``weight``, ``args.eps``), the key of the file that it came from.
        note: what its reader should know, such as a factor in the peer's code; "" for nothing.
    """

    table: Table
    sources: Mapping[str, str] = field(factory=dict)
    note: str = ""


@frozen
class Missing:
    """Something that was not carried over.

    Attributes:
        key: where it stands in the file.
        loss: the peer's own name of the loss; "" where it is not one.
        reason: why, and what to do.
    """

    key: str
    loss: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key}{f' ({self.loss})' if self.loss else ''}: {self.reason}"


@define
class Imported:
    """A spec in the making.

    Attributes:
        peer: whose configuration it was, as people call it.
        origin: the file, or the function.
        description: the first line of the spec.
        inputs: what each tensor is.
        losses: the losses by name, in the order in which the peer adds them up.
        objectives: the tables of objectives that have one.
        variants: the losses that a variant adds, by the name of the variant.
        notes: what concerns all of it.
        missing: what was not carried over.
    """

    peer: str
    origin: str
    description: str = ""
    inputs: dict[str, str] = field(factory=dict)
    losses: dict[str, Carried] = field(factory=dict)
    objectives: dict[str, Carried] = field(factory=dict)
    variants: dict[str, dict[str, Carried]] = field(factory=dict)
    notes: list[str] = field(factory=list)
    missing: list[Missing] = field(factory=list)

    def miss(self, key: str, loss: str, reason: str) -> None:
        """List something that was not carried over."""
        self.missing.append(Missing(key, loss, reason))
