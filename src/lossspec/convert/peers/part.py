"""What one loss of a peer becomes: its type here, its arguments and its weight, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from lossspec.convert.model import Carried, Table
from lossspec.convert.options import NotCarriedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.convert.options import Options


@frozen
class Part:
    """A loss, before it is known which tensors it gets.

    Attributes:
        type: the loss type in the registry.
        weight: what the peer multiplies it by: a number, or a schedule.
        args: constructor arguments that differ from the defaults here, or that the file gives.
        sources: where ``weight`` and each ``args.NAME`` came from.
        note: what its reader should know.
    """

    type: str
    weight: float | Table = 1.0
    args: Mapping[str, object] = field(factory=dict)
    sources: Mapping[str, str] = field(factory=dict)
    note: str = ""

    def times(self, factor: float, why: str) -> Part:
        """Multiply the weight by a factor of the peer's code."""
        if isinstance(self.weight, dict):
            raise NotCarriedError("its weight is a schedule")
        sources = {**self.sources, "weight": f"{self.sources.get('weight', '1.0')}, {why}"}
        return evolve(self, weight=self.weight * factor, sources=sources)

    def sourced(self, key: str, source: str) -> Part:
        """Say where a value came from."""
        return evolve(self, sources={**self.sources, key: source})

    def term(self, inputs: Sequence[object], objective: str = "", **keys: object) -> Carried:
        """Return the table of the loss with these inputs."""
        table: Table = {"type": self.type, "inputs": list(inputs)}
        if self.args:
            table["args"] = dict(self.args)
        table["weight"] = self.weight
        if objective:
            table["objective"] = objective
        return Carried({**table, **keys}, self.sources, self.note)


def weighted(
    options: Options,
    type_: str,
    default: float | None = 1.0,
    *,
    key: str = "loss_weight",
    args: Mapping[str, object] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Part:
    """Return a part whose weight is an option, ``loss_weight`` unless named otherwise."""
    weight = options.number(key, default)
    named = {"type": f"{options.key}.type = {options.text('type')}", "weight": options.source(key)}
    return Part(type_, weight, dict(args or {}), {**named, **(sources or {})})
