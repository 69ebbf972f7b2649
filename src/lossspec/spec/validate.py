"""Validates: every mistake in a spec, in file order, before anything is built.

>>> import lossspec
>>> [each.message for each in lossspec.validate('''
... format = 1
... losses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"], wieght = 100 }
... ''')]
['unknown key `wieght` in `losses.l1`']
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.registry.catalog_faults import catalog_faults
from lossspec.spec.diagnostics import Diagnostic, SpecError
from lossspec.spec.draft import make_draft, read_draft
from lossspec.spec.examine import examine
from lossspec.spec.find import file_of
from lossspec.spec.origin import Findings, TextOrigin
from lossspec.spec.read import parse, read_source, text_source
from lossspec.spec.reference import SUFFIX, Reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from lossspec.spec.draft import Draft
    from lossspec.spec.source import Source


def validate(spec: str | Path | Callable[..., object]) -> list[Diagnostic]:
    """Return every problem of a spec: of the base and of each of its variants, of what it extends, too.

    Args:
        spec: a path, of a spec or of a plug-in's catalogue (``catalog/LIBRARY.toml``); a reference
            ``NAME[+VARIANT...]``; the text of a spec, known by a line end or an equals sign; or a Python spec
            function, which is called with its defaults.

    Returns:
        The problems in the order of the file; none if the spec is right. Nothing is imported but data.
    """
    if callable(spec):
        return validate_function(spec)
    if isinstance(spec, str) and ("\n" in spec or ("=" in spec and SUFFIX not in spec)):
        try:
            return validate_source(text_source(spec))
        except SpecError as error:
            return list(error.diagnostics)
    if is_catalog(path := Path(spec)):
        return validate_catalog(path)
    return validate_reference(str(spec))


def is_catalog(path: Path) -> bool:
    """Say whether a path is that of a plug-in's catalogue: a TOML file in a folder ``catalog``.

    >>> is_catalog(Path("mylosses/catalog/mylosses.toml")), is_catalog(Path("catalog/a.loss.toml"))
    (True, False)
    """
    return path.resolve().parent.name == "catalog" and path.suffix == ".toml" and SUFFIX not in path.name


def validate_catalog(path: Path) -> list[Diagnostic]:
    """Return every problem of a plug-in's catalogue, in the order of the file."""
    try:
        source = read_source(path)
        document = parse(source)
    except SpecError as error:
        return list(error.diagnostics)
    return TextOrigin(source).diagnose(catalog_faults(document))


def validate_source(source: Source, name: str = "spec") -> list[Diagnostic]:
    """Return every problem of a spec that has been read."""
    findings = Findings()
    try:
        draft = make_draft(name, TextOrigin(source), parse(source), findings, source.path)
    except SpecError as error:
        return list(error.diagnostics)
    return _validate(draft, (), findings)


def validate_function(function: Callable[..., object]) -> list[Diagnostic]:
    """Return every problem of the table that a Python function returns; each points at the function."""
    from lossspec.spec.function import spec  # most specs are files

    findings = Findings()
    try:
        draft = spec(function).draft({}, findings)
    except SpecError as error:
        return list(error.diagnostics)
    return _validate(draft, (), findings)


def validate_reference(text: str) -> list[Diagnostic]:
    """Return every problem of the spec that a reference names, its variants together, too."""
    findings = Findings()
    try:
        reference = Reference.parse(text)
        path = file_of(reference)
        draft = read_draft(path, findings)
    except SpecError as error:
        return list(error.diagnostics)
    except LossSpecError as error:
        return [Diagnostic("unknown-spec", "error", str(error), text)]
    return _validate(draft, reference.variants, findings)


def _validate(draft: Draft, variants: tuple[str, ...], findings: Findings) -> list[Diagnostic]:
    examine(draft, variants, findings, every=True)
    return findings.diagnostics()
