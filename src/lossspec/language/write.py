"""Writes specs as TOML: what is read back is equal.

>>> import lossspec
>>> from lossspec.language.write import write
>>> text = write(lossspec.load("pix2pix", params={"lambda_l1": 50.0}))
>>> print(text[text.index("[losses.G_L1]"):text.index("[losses.D_real]")].strip())
[losses.G_L1]
type = "torch.L1Loss"
inputs = ["y_fake", "y"]
weight = 50.0
objective = "G"
tags = ["pixel"]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w

from lossspec.language.checks.objectives import TOTAL
from lossspec.language.model import Spec, Term
from lossspec.language.structure import converter

Table = dict[str, Any]
#: Arrays of up to this many characters are written on one line.
_LINE = 100


def write(spec: Spec | Mapping[str, object]) -> str:
    """Return the TOML of a resolved spec, or of a table.

    A resolved spec has its variants applied and its parameters filled in: its text has neither, and
    resolves to the same digest.
    """
    return _on_one_line(tomli_w.dumps(to_table(spec) if isinstance(spec, Spec) else spec))


def to_table(spec: Spec) -> Table:
    """Return the document of a resolved spec, without keys at their default.

    A tensor of `[inputs]` that only other variants take is left out: nothing in the document would use it.
    """
    table = converter().unstructure(spec)
    if "inputs" in table:
        taken = {each.name for term in spec.losses.values() for each in term.references}
        balances = (each.balance for each in spec.objectives.values() if each.balance is not None)
        taken |= {each.name for balance in balances for each in balance.inputs}
        table["inputs"] = {name: text for name, text in table["inputs"].items() if name in taken}
    losses, objectives = table.pop("losses"), table.pop("objectives")
    table = {"format": 1, **table, "losses": _with_total(losses)}
    kept = {name: each for name, each in objectives.items() if each}
    return {**table, "objectives": kept} if kept else table


def terms_to_table(terms: Mapping[str, Term]) -> Table:
    """Return the ``[losses]`` of a document, without keys at their default."""
    return _with_total(converter().unstructure(terms, Mapping[str, Term]))


def _with_total(losses: Table) -> Table:
    """Name the objective of each term if one term names its own: only all terms together can leave it out."""
    if any("objective" in each for each in losses.values()):
        for each in losses.values():
            each.setdefault("objective", TOTAL)
    return losses


def _on_one_line(text: str) -> str:
    """Put each short array on one line; tomli-w writes no line ends in strings."""
    lines: list[str] = []
    starts: list[int] = []
    for line in text.removesuffix("\n").split("\n"):
        lines.append(line)
        if line.endswith("["):
            starts.append(len(lines) - 1)
        elif starts and line.strip() in ("]", "],"):
            start = starts.pop()
            head, *items, last = lines[start:]
            joined = head + " ".join(item.strip() for item in items).removesuffix(",") + last.strip()
            if len(joined) <= _LINE:
                lines[start:] = [joined]
    return "\n".join(lines) + "\n"
