"""Resolves a draft and checks the result; to validate it, the base and each variant alone as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from lossspec.faults import Fault, get
from lossspec.language.checks import resolved_faults
from lossspec.language.checks.unused import unused, words
from lossspec.language.diagnostics.findings import CallerOrigin
from lossspec.language.resolve.layers import Layer
from lossspec.language.resolve.params import given_faults
from lossspec.language.resolve.resolve import Resolved, resolve
from lossspec.language.resolve.variants import declared, selection_faults, stack, with_variants
from lossspec.language.text.limits import MAX_VARIANTS, MAX_VARIED
from lossspec.validation.invalid import mark_invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.language.diagnostics.findings import Findings
    from lossspec.language.documents.document import Draft
    from lossspec.language.resolve.layers import Stack


def resolve_draft(
    draft: Draft,
    variants: Sequence[str],
    findings: Findings,
    *,
    over: Sequence[Layer] = (),
    given: Mapping[str, object] | None = None,
    every: bool = False,
) -> Resolved | None:
    """Resolve a draft with variants and the caller's values, and add every fault to the findings.

    Args:
        draft: the draft.
        variants: the variants to apply.
        findings: takes the faults.
        over: overlays of the caller, already checked against the schema.
        given: the caller's parameters.
        every: whether the base and each variant alone are checked as well.

    Returns:
        The resolved document, or None if its chain of ``extends`` is broken.
    """
    if not draft.is_whole:
        return None
    base = chosen = stack(draft)
    if variants or over or given:
        chosen = _with_caller(with_variants(base, variants), over, given or {}, findings)
        _check_selection(draft, base, variants, chosen, findings)
    stacks = [base, *(_each_variant(base, findings) if "variants" in base.table else ())]
    if chosen is not base:
        stacks.append(chosen)
    first: Resolved | None = None
    reported: set[tuple[object, ...]] = set()
    for each in stacks if every else [chosen]:
        resolved = resolve(each, findings, first)
        _check(resolved, findings, reported)
        first = first or resolved
    if found := unused(stacks):
        _add_unused(draft, found, findings)
    return first if chosen is base else resolved


def _check(resolved: Resolved, findings: Findings, reported: set[tuple[object, ...]]) -> None:
    """Add the faults of a resolved document; a missing key once, not again for each variant."""
    for fault in resolved_faults(resolved):
        if findings.is_full:
            break
        missing = (fault.path, fault.message)
        if fault.at == "value" or missing not in reported:
            findings.add(*resolved.stack.placed(fault))
        if fault.at == "key":
            reported.add(missing)


def _check_selection(
    draft: Draft, base: Stack, variants: Sequence[str], chosen: Stack, findings: Findings
) -> None:
    """Add what is wrong with the variants that the caller picks."""
    caller = [layer for layer in chosen.layers if isinstance(layer.origin, CallerOrigin)]
    for fault in selection_faults(base, variants, caller):
        if fault.code != "variant-conflict":  # it is in the caller's reference, not in a file
            findings.add(CallerOrigin("+".join((draft.name, *variants))), fault)
        else:
            findings.add(*base.placed(fault))


def _each_variant(base: Stack, findings: Findings) -> list[Stack]:
    """Return each variant alone over the base; none if there are too many."""
    variants, losses = declared(base.table), base.table.get("losses")
    count = len(losses) if isinstance(losses, dict) else 0
    most = min(MAX_VARIANTS, MAX_VARIED // max(count, 1))
    if len(variants) <= most:
        return [with_variants(base, [name]) for name in variants]
    message = f"a spec of {count:,} losses can have at most {most:,} variants, got {len(variants):,}"
    where, help_ = ("variants", list(variants)[most]), "split it: one spec may extend another"
    findings.add(*base.placed(Fault("too-many-variants", message, where, "key", help_)))
    return []


def _with_caller(
    below: Stack, over: Sequence[Layer], given: Mapping[str, object], findings: Findings
) -> Stack:
    """Return a stack with the caller's overlays and parameters on top."""
    for layer in over:
        below = below.add(layer)
    if not given:
        return below
    params = below.table.get("params")
    known = params if isinstance(params, dict) else {}
    origin = CallerOrigin("params")
    faults = list(given_faults(known, given))
    for fault in faults:
        findings.add(origin, fault)
    table = mark_invalid({"params": {name: given[name] for name in given if name in known}}, faults)
    return below.add(Layer(origin, (), table))


def _add_unused(draft: Draft, found: list[tuple[Stack, Fault]], findings: Findings) -> None:
    """Add the parameters and tensors that nothing uses, unless a fault may hide their use."""
    codes, in_doubt = findings.codes(), set(words([*_in_doubt(draft, findings)]))
    if {"variant-conflict", "unknown-variant", "too-many-variants"} & codes:  # other tables may use it
        return
    for stack_, fault in found:
        section, name = fault.path
        if findings.is_full:
            break
        if name in in_doubt or (
            section == "inputs" and "missing-key" in codes
        ):  # missing inputs would use some
            continue
        origin, placed = stack_.placed(fault)
        is_inherited = origin is not draft.origin and not isinstance(origin, CallerOrigin)
        if is_inherited and origin.diagnose([placed]):  # and no comment there ignores it
            origin, placed = draft.origin, evolve(fault, path=("extends",), at="value")
        findings.add(origin, placed)


def _in_doubt(draft: Draft, findings: Findings) -> Iterator[object]:
    """Yield the parts of documents with faults, and what they may mean: all that they name may be used."""
    each: Draft | None = draft
    while each is not None:
        for fault in findings.of(each.origin):
            if not fault.path:
                continue
            yield get(each.written, fault.path)
            yield fault.replacement
        each = each.parent
    yield dict.fromkeys(draft.filled)
