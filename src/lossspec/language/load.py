"""Loads and validates specs.

>>> import lossspec
>>> [each.message for each in lossspec.validate('''
... format = 1
... losses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"], wieght = 100 }
... ''')]
['unknown key `wieght` in `losses.l1`']
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from attrs import evolve

from lossspec.errors import LossSpecError
from lossspec.language.checks.arguments import local_files
from lossspec.language.converter import as_toml, large_integers
from lossspec.language.diagnostics.diagnostic import Diagnostic
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.findings import CallerOrigin, Findings, TextOrigin
from lossspec.language.documents.document import Draft, make_draft, names_in, read_draft
from lossspec.language.documents.read import parse, read_source, text_source
from lossspec.language.documents.search import file_of
from lossspec.language.resolve.layers import Layer
from lossspec.language.resolve.variants import declared
from lossspec.language.resolve_draft import resolve_draft
from lossspec.language.schema.committed import validator
from lossspec.language.structure import structure
from lossspec.language.text.reference import SUFFIX, Reference
from lossspec.names import nearest, type_name
from lossspec.paths import user_path
from lossspec.registry.catalog_faults import catalog_faults
from lossspec.validation.invalid import mark_invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lossspec.faults import Fault
    from lossspec.language.model import Spec
    from lossspec.language.text.source import Source

_NONE: Mapping[str, object] = {}
_IN_PARAMS = "set it with `params`, on the command line `--param {}=...`"


def load(
    ref: str | PathLike[str] | Callable[..., object],
    params: Mapping[str, object] = _NONE,
    overlay: Mapping[str, object] = _NONE,
) -> Spec:
    """Load a spec.

    Args:
        ref: ``NAME[+VARIANT...]``; the path of a ``.loss.toml`` file with or without variants; or a Python
            spec function.
        params: values of the spec's parameters.
        overlay: a table of the shape of a variant, merged over the spec and its variants.

    Returns:
        The spec, resolved and frozen.

    Raises:
        SpecError: with every problem found.
        UnknownNameError: there is no spec of that name.
        LossSpecError: ``ref`` is something else.

    >>> spec = load("pix2pix", params={"lambda_l1": 50.0})
    >>> spec.losses["G_L1"].weight
    50.0
    """
    findings = Findings()
    params, overlay = _given("params", params), _given("overlay", overlay)
    if callable(ref):
        from lossspec.language.function import spec  # most specs are files

        return load_draft(spec(ref).draft(params, findings), (), params, overlay, findings)
    reference = Reference.parse(_text_of(ref))
    path, within = file_of(reference)
    draft = read_draft(path, findings, within=within)
    return load_draft(draft, reference.variants, params, overlay, findings)


def _text_of(ref: object) -> str:
    """Return a name or a path as text."""
    if isinstance(ref, str | PathLike):
        return str(ref)
    advice = ": return it from a function, `lossspec.spec(lambda: table)`" if isinstance(ref, dict) else ""
    raise LossSpecError(
        f"a spec must be a name, the path of a file or a function, got {type_name(ref)}{advice}"
    )


def _given(name: str, values: Mapping[str, object] | None) -> dict[str, object]:
    """Return the caller's params or overlay as TOML has them."""
    if not values:
        return {}
    table = as_toml(values)
    if faults := list(large_integers({"params": table} if name == "params" else table)):
        raise SpecError(CallerOrigin(name).diagnose(faults))
    return table


def load_draft(
    draft: Draft,
    variants: tuple[str, ...],
    params: Mapping[str, object],
    overlay: Mapping[str, object],
    findings: Findings,
) -> Spec:
    """Resolve a draft into a spec, or raise a SpecError with all of its errors."""
    over = [_overlay(overlay, draft, findings)] if overlay else []
    resolved = resolve_draft(draft, variants, findings, over=over, given=params)
    findings.drop(lambda fault: _is_elsewhere(fault, _picked(draft, variants)))
    errors = [each for each in findings.diagnostics() if each.severity == "error"]
    if errors or resolved is None:
        raise SpecError(errors)
    order = [name for name in declared(resolved.stack.table) if name in variants] if variants else []
    reference = "+".join((draft.name, *order))
    folder = str(draft.folder.resolve()) if draft.folder else None
    return evolve(structure(resolved, draft.name, reference, folder), files=local_files(resolved))


def _picked(draft: Draft, variants: tuple[str, ...]) -> frozenset[str]:
    """Return the variants that are applied anywhere in the chain of a draft."""
    below = _picked(draft.parent, draft.parent_variants) if draft.parent else frozenset[str]()
    return below.union(variants)


def _is_elsewhere(fault: Fault, picked: frozenset[str]) -> bool:
    """Return whether a fault is in a variant that is not applied, which may name a library not installed."""
    section, *rest = fault.path or ("",)
    return section == "variants" and bool(rest) and rest[0] not in picked


def _overlay(overlay: Mapping[str, object], draft: Draft, findings: Findings) -> Layer:
    """Check the caller's overlay of a draft against the schema of variants."""
    origin = CallerOrigin("overlay")
    table = dict(overlay)
    faults = validator().faults(table, "overlay")
    for fault in faults:
        findings.add(origin, _meant(fault, draft))
    return Layer(origin, (), mark_invalid(table, faults))


def _meant(fault: Fault, draft: Draft) -> Fault:
    """Return a fault of an overlay, with another help if its key is a parameter or a loss of the draft."""
    if fault.code != "unknown-key" or len(fault.path) != 1:
        return fault
    name = str(fault.path[0])
    for section, advice in (("params", _IN_PARAMS), ("losses", "write `losses.{}`")):
        if found := nearest(name, names_in(draft, section)):
            kind = "a parameter" if section == "params" else "a loss"
            near = f"it is {kind}" if found == name else f"{kind} with a similar name exists, `{found}`"
            return evolve(fault, help=f"{near}: {advice.format(found)}", replacement=None, certain=False)
    return fault


def validate(spec: str | Path | Callable[..., object]) -> list[Diagnostic]:
    """Return every problem of a spec: of the base, of each of its variants, and of what it extends.

    Args:
        spec: a path, of a spec or of a plug-in's catalogue (``catalog/LIBRARY.toml``); a reference
            ``NAME[+VARIANT...]``; the text of a spec, known by a line end or an equals sign; or a Python spec
            function, which is called with its defaults.

    Returns:
        The problems in the order of the file; none if the spec is valid. Nothing is imported but data.
    """
    if callable(spec):
        from lossspec.language.function import spec as spec_function  # most specs are files

        function = spec_function(spec)
        return _validate(lambda findings: (function.draft({}, findings), ()))
    if isinstance(spec, str) and ("\n" in spec or ("=" in spec and SUFFIX not in spec)):
        return _validate(lambda findings: (_draft(text_source(spec), "spec", findings), ()))
    if is_catalog(path := user_path(spec)):
        return validate_catalog(path)
    return validate_reference(str(spec))


def is_catalog(path: Path) -> bool:
    """Return whether a path is that of a plug-in's catalogue: a TOML file in a folder ``catalog``.

    >>> from pathlib import Path
    >>> is_catalog(Path("mylosses/catalog/mylosses.toml")), is_catalog(Path("catalog/a.loss.toml"))
    (True, False)
    """
    return path.resolve().parent.name == "catalog" and path.suffix == ".toml" and SUFFIX not in path.name


def validate_catalog(path: Path) -> list[Diagnostic]:
    """Return every problem of a plug-in's catalogue, in the order of the file."""
    try:
        return validate_catalog_source(read_source(path))
    except SpecError as error:
        return list(error.diagnostics)


def validate_catalog_source(source: Source) -> list[Diagnostic]:
    """Return every problem of a plug-in's catalogue that has been read."""
    try:
        document = parse(source)
    except SpecError as error:
        return list(error.diagnostics)
    return TextOrigin(source).diagnose(catalog_faults(document))


def validate_source(source: Source, name: str = "spec", variants: tuple[str, ...] = ()) -> list[Diagnostic]:
    """Return every problem of a spec that has been read, also of these variants together."""
    return _validate(lambda findings: (_draft(source, name, findings), variants))


def _draft(source: Source, name: str, findings: Findings) -> Draft:
    return make_draft(name, TextOrigin(source), parse(source), findings, source.path)


def validate_reference(text: str) -> list[Diagnostic]:
    """Return every problem of the spec that a reference names, also of its variants together."""
    try:
        reference = Reference.parse(text)
        path, within = file_of(reference)
        return _validate(lambda findings: (read_draft(path, findings, within=within), reference.variants))
    except LossSpecError as error:
        return [Diagnostic("unknown-spec", "error", str(error), text)]


def _validate(read: Callable[[Findings], tuple[Draft, tuple[str, ...]]]) -> list[Diagnostic]:
    """Return every problem of the draft and the variants that a function reads."""
    findings = Findings()
    try:
        draft, variants = read(findings)
    except SpecError as error:
        return list(error.diagnostics)
    resolve_draft(draft, variants, findings, every=True)
    found = findings.diagnostics()
    if isinstance(draft.origin, TextOrigin) and "lossspec:" in draft.origin.source.text:
        from lossspec.language.diagnostics.ignores import with_ignore_faults  # few specs have such comments

        return with_ignore_faults(found, draft.origin.source, draft.origin.located(findings.of(draft.origin)))
    return found
