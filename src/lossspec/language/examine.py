"""Examines a draft: the base, each variant alone, and what was asked for, each through every check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from lossspec.faults import Fault, get
from lossspec.language.checks import resolved_faults
from lossspec.language.checks.unused import unused
from lossspec.language.diagnostics.findings import CallerOrigin
from lossspec.language.resolve import params as parameters
from lossspec.language.resolve.layers import Layer
from lossspec.language.resolve.resolve import Resolved, resolve
from lossspec.language.resolve.variants import declared, selection_faults, stack, with_variants
from lossspec.language.text.limits import MAX_VARIANTS, MAX_VARIED
from lossspec.validation.reported import without_faulty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.language.diagnostics.findings import Findings, Origin
    from lossspec.language.documents.document import Draft
    from lossspec.language.resolve.layers import Stack


def examine(
    draft: Draft,
    variants: Sequence[str],
    findings: Findings,
    *,
    over: Sequence[Layer] = (),
    given: Mapping[str, object] | None = None,
    every: bool = False,
) -> Resolved | None:
    """Resolve a draft with variants and the caller's values, and note every fault.

    Args:
        draft: what to resolve.
        variants: those that are asked for.
        findings: takes the faults.
        over: overlays of the caller, already checked against the schema.
        given: the caller's parameters.
        every: whether the base and each variant alone are checked as well.

    Returns:
        The resolved document, or None if its chain of ``extends`` is broken.
    """
    if not draft.is_whole:
        return None
    base = stack(draft)
    chosen = _laid(with_variants(base, variants), over, given or {}, findings)
    caller = [layer for layer in chosen.layers if isinstance(layer.origin, CallerOrigin)]
    for fault in selection_faults(base, variants, caller):
        if fault.code != "variant-conflict":  # what the caller says stands in no file
            findings.add(CallerOrigin("+".join((draft.name, *variants))), fault)
        else:
            findings.add(*base.placed(fault))
    others = _alone(base, findings)
    first = resolve(base if every else chosen, findings)
    told: set[tuple[object, ...]] = set()
    _check(first, findings, told)
    for each in others if every else ():
        _check(resolve(each, findings, first), findings, told)
    resolved = first
    if every and (variants or over or given):
        resolved = resolve(chosen, findings, first)
        _check(resolved, findings, told)
    doubtful = list(_doubtful(draft, findings))
    for where, fault in unused([base, *others, chosen], doubtful, _whole(findings)):
        if findings.is_full:
            break
        findings.add(*_own(draft, where, fault))
    return resolved


def _check(resolved: Resolved, findings: Findings, told: set[tuple[object, ...]]) -> None:
    """Note the faults of a resolved document; what a term lacks is told once, not for each variant."""
    for fault in resolved_faults(resolved):
        if findings.is_full:
            break
        lack = (fault.path, fault.message)
        if fault.at == "value" or lack not in told:
            findings.add(*resolved.stack.placed(fault))
        if fault.at == "key":
            told.add(lack)


def _whole(findings: Findings) -> list[str]:
    """Return the sections of which it can be said what is unused in them."""
    codes = findings.codes()
    if {
        "variant-conflict",
        "unknown-variant",
        "too-many-variants",
    } & codes:  # it is not known what is laid over what
        return []
    return ["params"] if "missing-key" in codes else ["params", "inputs"]  # what misses inputs would use some


def _alone(base: Stack, findings: Findings) -> list[Stack]:
    """Return each variant alone over the base; none if they are too many."""
    variants, losses = declared(base.table), base.table.get("losses")
    count = len(losses) if isinstance(losses, dict) else 0
    most = min(MAX_VARIANTS, MAX_VARIED // max(count, 1))
    if len(variants) <= most:
        return [with_variants(base, [name]) for name in variants]
    message = f"{len(variants):,} variants of {count:,} losses: at most {most:,}"
    where, help_ = ("variants", list(variants)[most]), "split it: one spec may extend another"
    findings.add(*base.placed(Fault("too-many-variants", message, where, "key", help_)))
    return []


def _laid(below: Stack, over: Sequence[Layer], given: Mapping[str, object], findings: Findings) -> Stack:
    """Lay the caller's overlays and parameters over a stack."""
    for layer in over:
        below = below.lay(layer)
    if not given:
        return below
    params = below.table.get("params")
    known = params if isinstance(params, dict) else {}
    origin = CallerOrigin("params")
    faults = [*parameters.unknown_params(known, given), *parameters.of_other_kinds(known, given)]
    for fault in faults:
        findings.add(origin, fault)
    laid = without_faulty({"params": parameters.lay(known, given)}, faults)
    return below.lay(Layer(origin, (), laid))


def _doubtful(draft: Draft, findings: Findings) -> Iterator[object]:
    """Yield the parts of documents where faults are, and what they may have meant."""
    each: Draft | None = draft
    while each is not None:
        for fault in findings.of(each.origin):
            if not fault.path:
                continue
            yield get(each.written, fault.path)
            yield fault.replacement
        each = each.parent
    yield dict.fromkeys(draft.filled)


def _own(draft: Draft, where: Stack, fault: Fault) -> tuple[Origin, Fault]:
    """Place what nothing uses: an inherited one is this document's doing, at its ``extends``."""
    origin, placed = where.placed(fault)
    if origin is draft.origin or isinstance(origin, CallerOrigin):
        return origin, placed
    return draft.origin, evolve(fault, path=("extends",), at="value")
