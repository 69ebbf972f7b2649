"""The text of ``lossspec describe`` for a spec: parameters, inputs, objectives, variants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lossspec.clean import line as clean_line
from lossspec.language.diagnostics.findings import Findings
from lossspec.language.documents.document import read_draft
from lossspec.language.load import load
from lossspec.language.text.reference import SUFFIX
from lossspec.report.describe.text import columns, toml
from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.language.documents.document import Draft
    from lossspec.language.model import Balance, Input, Spec, Term

Table = dict[str, object]


def describe_spec(reference: str) -> str:
    """Return the text for a spec.

    Raises:
        UnknownNameError: the spec does not exist.
        SpecError: the spec has problems.
    """
    return "\n".join(_spec(load(reference)))


def _spec(spec: Spec) -> Iterator[str]:
    file = Path(spec.folder or "") / f"{spec.name}{SUFFIX}"
    draft: Draft | None = read_draft(file, Findings())
    params: Table = {}
    variants: Table = {}
    while draft is not None:  # from the spec to the specs that it extends: its own entries win
        own = _table(draft.written, "variants")
        for table in (*(_table(each, "params") for each in own.values()), _table(draft.written, "params")):
            params = {**{name: each for name, each in table.items() if isinstance(each, dict)}, **params}
        variants = {**own, **variants}
        draft = draft.parent
    yield f"{spec.reference}: {clean_line(spec.description)}"
    yield f"  file    {file}"
    yield f"  digest  {spec.digest}"
    yield from (f"  source  {each}" for each in spec.references)
    yield from _section(
        "parameters",
        {f"{name} = {toml(value)}": _description(params, name) for name, value in spec.params.items()},
    )
    yield from _section("inputs", spec.inputs)
    for objective in spec.objectives.values():
        terms = {term.name: _term(term) for term in spec.losses.values() if term.objective == objective.name}
        yield from _section(f"objective {objective.name}, weight {_weight(objective.weight)}", terms)
        if objective.balance is not None:
            yield _balance(objective.balance)
    yield from _section("variants", {name: _description(variants, name) for name in variants})


def _section(title: str, rows: Mapping[str, str]) -> Iterator[str]:
    if rows:
        yield ""
        yield title
        yield from columns({head: [text] for head, text in rows.items()})


def _table(document: object, key: str) -> Table:
    """Return a table of a document, empty if it is not one: a variant that is not picked may have faults."""
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _description(table: Table, name: str) -> str:
    entry = table.get(name)
    return str(entry.get("description", "")) if isinstance(entry, dict) else ""


def _term(term: Term) -> str:
    inputs = ", ".join(map(_input, term.inputs))
    text = f"{term.type}({inputs}), weight {_weight(term.weight)}"
    text += f", reduce {toml(term.reduce.written())}" if term.reduce is not None else ""
    text += f", lists {toml(term.lists.written())}" if term.lists is not None else ""
    return f"{text}, optional" if term.if_missing == "skip" else text


def _balance(balance: Balance) -> str:
    inputs = ", ".join(map(_input, balance.inputs))
    return f"  balanced by {balance.type}({inputs}): {', '.join(balance.losses)}"


def _input(each: Input) -> str:
    name = each.reference
    text = toml(each.value) if each.name is None else f"{name}.detach()" if each.detach else name
    return f"{each.argument}={text}" if each.argument else text


def _weight(weight: float | Schedule) -> str:
    return toml(weight.to_table()) if isinstance(weight, Schedule) else f"{weight:g}"
