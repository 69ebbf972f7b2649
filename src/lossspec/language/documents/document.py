"""A draft: one document as written, checked against the schema, and the draft that it extends."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from lossspec.errors import LossSpecError
from lossspec.faults import Fault, get
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.findings import TextOrigin
from lossspec.language.documents.read import parse, read_source
from lossspec.language.documents.search import find
from lossspec.language.schema.committed import validator
from lossspec.language.text.limits import MAX_EXTENDS
from lossspec.language.text.reference import SUFFIX, BadReferenceError, Reference
from lossspec.validation.invalid import mark_invalid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from lossspec.language.diagnostics.findings import Findings, Origin

Table = dict[str, object]


@frozen(eq=False)
class Draft:
    """One document as written.

    Attributes:
        name: the spec's name.
        origin: where its faults are shown.
        written: the document, with its mistakes.
        table: the document with ``INVALID`` where the schema found a fault.
        folder: the folder of its file, or None.
        parent: the draft that it extends, or None.
        parent_variants: the variants of the parent that it extends.
        is_whole: whether every document that it extends could be read.
        filled: parameters whose values a Python function has already used.
    """

    name: str
    origin: Origin
    written: Table
    table: Table
    folder: Path | None = None
    parent: Draft | None = None
    parent_variants: tuple[str, ...] = ()
    is_whole: bool = True
    filled: frozenset[str] = frozenset()


def read_draft(path: Path, findings: Findings, name: str = "", within: Path | None = None) -> Draft:
    """Read a draft from a file, and the drafts that it extends.

    Args:
        path: the file.
        findings: takes the faults of the schema and of ``extends``.
        name: the name of the file in messages; the path if empty.
        within: the folder in which it must lie, after links; None for anywhere.

    Raises:
        SpecError: the file cannot be read or parsed.
    """
    source = read_source(path, name, within)
    stem = path.name.removesuffix(SUFFIX)
    return make_draft(stem, TextOrigin(source), parse(source), findings, path)


def make_draft(
    name: str,
    origin: Origin,
    written: Table,
    findings: Findings,
    path: Path | None = None,
    *,
    children: tuple[Path, ...] = (),
    filled: frozenset[str] = frozenset(),
) -> Draft:
    """Check a document against the schema, and read the drafts that it extends.

    Args:
        name: the spec's name.
        origin: where its faults are shown.
        written: the document.
        findings: takes the faults.
        path: its file, or None.
        children: the files that extend this one, directly or not, the first one first.
        filled: parameters whose values a Python function has already used.
    """
    faults = validator().faults(written)
    table = mark_invalid(written, faults)
    findings.expect(origin, faults)
    folder = path.parent if path is not None else None
    parent: Draft | None = None
    variants: tuple[str, ...] = ()
    if isinstance(table.get("extends"), str):
        chain = children if path is None else (*children, path)
        try:
            parent, variants = _parent(cast("str", table["extends"]), folder, chain, findings)
        except SpecError as error:
            findings.diagnosed.extend(error.diagnostics)
        except _ExtendsError as error:
            findings.add(origin, error.fault)
    known = {*names_in(parent, "params"), *_entries(table, "params")}
    for fault in faults:
        findings.add(origin, _as_param(fault, written, known))
    is_whole = parent.is_whole if parent is not None else "extends" not in table
    return Draft(name, origin, written, table, folder, parent, variants, is_whole, filled)


def names_in(draft: Draft | None, section: str) -> Iterator[str]:
    """Yield the names in a section of a draft and of the drafts that it extends, such as its parameters."""
    while draft is not None:
        yield from _entries(draft.table, section)
        draft = draft.parent


def _entries(table: Table, section: str) -> Iterable[str]:
    found = table.get(section)
    return found if isinstance(found, dict) else ()


def _as_param(fault: Fault, written: Table, known: Collection[str]) -> Fault:
    """Return a fault, with another help if its unknown key is a parameter."""
    *path, key = fault.path or ("",)
    is_place = not path or (len(path) == 2 and path[0] == "variants")
    if fault.code != "unknown-key" or not is_place or key not in known:
        return fault
    table = get(written, tuple(path))
    has_params = isinstance(table, dict) and "params" in table  # a dotted key cannot add to them
    return evolve(
        fault,
        help=f"it is a parameter: write `params.{key} = ...`",
        replacement=None if has_params else f"params.{key}",
        certain=not has_params,
    )


class _ExtendsError(Exception):
    """An ``extends`` that does not lead to a spec; it carries its fault."""

    def __init__(self, code: str, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.fault = Fault(code, message, ("extends",), help=help_)


def _parent(
    extends: str, folder: Path | None, chain: tuple[Path, ...], findings: Findings
) -> tuple[Draft, tuple[str, ...]]:
    try:
        reference = Reference.parse(extends)
    except BadReferenceError as error:
        raise _ExtendsError("bad-reference", str(error)) from error
    try:
        found = find(reference.name, folder, chain[-1] if chain else None)
    except LossSpecError as error:
        message, _, help_ = str(error).partition(": ")
        raise _ExtendsError("unknown-spec", message, help_) from error
    resolved = [each.resolve() for each in chain]
    if found.path.resolve() in resolved:
        start = resolved.index(found.path.resolve())
        circle = " -> ".join(each.name.removesuffix(SUFFIX) for each in (*chain[start:], found.path))
        raise _ExtendsError("extends-cycle", f"circular `extends`: {circle}")
    if len(chain) > MAX_EXTENDS:
        raise _ExtendsError("too-many-extends", f"a chain of `extends` can be at most {MAX_EXTENDS} long")
    source = read_source(found.path, within=found.folder.path)
    parent = make_draft(found.name, TextOrigin(source), parse(source), findings, found.path, children=chain)
    return parent, reference.variants
