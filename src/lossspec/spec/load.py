"""Loads: finds a spec, applies variants, overlay and parameters, proves it, and returns it frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.spec.diagnostics import SpecError
from lossspec.spec.draft import Draft, read_draft
from lossspec.spec.examine import examine
from lossspec.spec.find import file_of
from lossspec.spec.known import validator
from lossspec.spec.layers import Layer
from lossspec.spec.origin import CallerOrigin, Findings
from lossspec.spec.reference import Reference
from lossspec.spec.structure import structure
from lossspec.spec.variants import declared
from lossspec.validation.reported import without_faulty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lossspec.faults import Fault
    from lossspec.spec.model import Spec

Table = dict[str, object]
_NONE: Mapping[str, object] = {}


def load(
    ref: str | Path | Callable[..., object],
    params: Mapping[str, object] = _NONE,
    overlay: Mapping[str, object] = _NONE,
) -> Spec:
    """Load a spec.

    Args:
        ref: ``NAME[+VARIANT...]``; the path of a ``.loss.toml`` file with or without variants; or a Python
            spec function.
        params: values of the spec's parameters.
        overlay: a table of the shape of a variant, laid over the spec and its variants.

    Returns:
        The spec, resolved and frozen.

    Raises:
        SpecError: with every problem found.
        UnknownNameError: there is no spec of that name.

    >>> spec = load("pix2pix", params={"lambda_l1": 50.0})
    >>> spec.losses["G_L1"].weight
    50.0
    """
    findings = Findings()
    params, overlay = _as_toml(params), _as_toml(overlay)
    if callable(ref):
        from lossspec.spec.function import spec  # most specs are files

        return load_draft(spec(ref).draft(params, findings), (), params, overlay, findings)
    reference = Reference.parse(str(ref))
    path = file_of(reference)
    draft = read_draft(path, findings)
    return load_draft(draft, reference.variants, params, overlay, findings)


def load_draft(
    draft: Draft,
    variants: tuple[str, ...],
    params: Mapping[str, object],
    overlay: Mapping[str, object],
    findings: Findings,
) -> Spec:
    """Resolve a draft into a spec, or raise all that is wrong with it."""
    over = [_overlay(overlay, findings)] if overlay else []
    resolved = examine(draft, variants, findings, over=over, given=params)
    findings.drop(lambda fault: _is_elsewhere(fault, _picked(draft, variants)))
    errors = [each for each in findings.diagnostics() if each.severity == "error"]
    if errors or resolved is None:
        raise SpecError(errors)
    order = [name for name in declared(resolved.stack.table) if name in variants]
    reference = str(Reference(draft.name, tuple(order)))
    folder = str(draft.folder.resolve()) if draft.folder else None
    return structure(resolved, draft.name, reference, folder)


def _picked(draft: Draft, variants: tuple[str, ...]) -> frozenset[str]:
    """Return the variants that are applied anywhere in the chain of a draft."""
    below = _picked(draft.parent, draft.parent_variants) if draft.parent else frozenset[str]()
    return below.union(variants)


def _is_elsewhere(fault: Fault, picked: frozenset[str]) -> bool:
    """Say whether a fault is in a variant that is not applied: it may name a library that is not here."""
    section, *rest = fault.path or ("",)
    return section == "variants" and bool(rest) and rest[0] not in picked


def _overlay(overlay: Mapping[str, object], findings: Findings) -> Layer:
    """Check the caller's overlay against the schema of variants."""
    origin = CallerOrigin("overlay")
    table = dict(overlay)
    faults = validator().faults(table, "overlay")
    for fault in faults:
        findings.add(origin, fault)
    return Layer(origin, (), without_faulty(table, faults))


def _as_toml(values: Mapping[str, object]) -> Table:
    if not values:
        return {}
    from lossspec.spec.as_toml import as_table  # it imports schedules

    return as_table(values)
