"""Lists the specs of the search path: what each is, and what it can be found by.

A spec is read but not validated, and what it extends is read for its loss types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.errors import LossSpecError
from lossspec.faults import get
from lossspec.language.documents.read import parse, read_source
from lossspec.language.documents.search import every, find
from lossspec.language.text.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.language.documents.search import Found

#: What a spec says of itself, in its document and in each variant.
_TOLD = ("description", "references")


@frozen
class Listed:
    """A spec of the search path.

    Attributes:
        found: its file.
        description: its description; for a spec without one, what it extends.
        texts: what it can be found by: its name, description and references, the types of its losses with
            their text arguments, and the same of its variants and of what it extends.
        is_readable: whether it is TOML within the limits.
    """

    found: Found
    description: str
    texts: tuple[str, ...] = ()
    is_readable: bool = True

    def has(self, word: str) -> bool:
        """Return whether one of its texts contains a word, in upper or lower case."""
        sought = word.casefold()
        return any(sought in text.casefold() for text in self.texts)


def listed() -> list[Listed]:
    """Return every spec of the search path, sorted by name."""
    return [_listed(each) for each in every()]


def _listed(found: Found) -> Listed:
    try:
        document = parse(read_source(found.path, within=found.folder.path))
    except LossSpecError:
        return Listed(found, "cannot be read", (found.name,), is_readable=False)
    told = document.get("description")
    extends = document.get("extends")
    if isinstance(told, str) and told.strip():
        description = told
    else:
        description = f"Extends {extends}." if isinstance(extends, str) else ""
    return Listed(found, description, (found.name, *_texts(document), *_inherited(extends, found.path)))


def _inherited(extends: object, child: Path) -> Iterator[str]:
    """Yield the types of what a spec extends, and their text arguments."""
    seen = {child.resolve()}
    while isinstance(extends, str):
        try:
            found = find(Reference.parse(extends).name, child.parent, child)
            parent = found.path
            document = parse(read_source(parent, within=found.folder.path))
        except LossSpecError:
            return
        if parent.resolve() in seen:
            return
        seen.add(parent.resolve())
        yield from _types(document)
        extends, child = document.get("extends"), parent


def _texts(document: dict[str, object]) -> Iterator[str]:
    for key in _TOLD:
        yield from _strings(document.get(key))
    yield from _types(document)
    variants = document.get("variants")
    for name, each in variants.items() if isinstance(variants, dict) else ():
        yield name
        if isinstance(each, dict):
            yield from _texts(each)


def _types(document: dict[str, object]) -> Iterator[str]:
    for section, inner in (("losses", ()), ("objectives", ("balance",))):
        entries = document.get(section)
        for entry in entries.values() if isinstance(entries, dict) else ():
            for key in ("type", "args"):
                yield from _strings(get(entry, (*inner, key)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
