"""Writes what was imported as TOML, with a comment at each value that says where it came from."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from lossspec.clean import comment as clean_comment
from lossspec.errors import ConfigError
from lossspec.language.text.limits import MAX_BYTES
from lossspec.language.write import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.convert.model import Carried, Imported, Table

_HEADER = re.compile(r"\[([^\[\]]+)\]")
_VALUE = re.compile(r"([\w-]+) = ")
#: A line that would be longer has its comment above it.
_LINE = 100


def to_toml(imported: Imported) -> str:
    """Return the text of the spec: it validates, and it says what is missing.

    Raises:
        ConfigError: it would be larger than a spec may be.

    >>> from lossspec.convert import import_document
    >>> options = {"model_type": "SRModel", "train": {"pixel_opt": {"type": "L1Loss", "loss_weight": 0.5}}}
    >>> text = to_toml(import_document(options, "basicsr", "train.yml"))
    >>> print(text[text.index("[losses.pix]"):].strip())
    [losses.pix]
    type = "torch.L1Loss"  # train.pixel_opt.type = L1Loss
    inputs = ["sr", "hr"]
    weight = 0.5  # train.pixel_opt.loss_weight
    """
    head = [f"Imported from {imported.origin} ({imported.peer}) by `lossspec import`.", *imported.notes]
    if imported.missing:
        head += ["", "Not carried over:", *(f"- {each}" for each in imported.missing)]
    comments = [line for each in head for line in _comment(each)]
    text = "\n".join([*comments, "", *_commented(write(_document(imported)), imported)]) + "\n"
    if len(text.encode()) > MAX_BYTES:
        raise ConfigError(f"{imported.origin}: the spec would be larger than {MAX_BYTES // 1024} KiB")
    return text


def _document(imported: Imported) -> Table:
    document: Table = {"format": 1}
    if imported.description:
        document["description"] = imported.description
    if imported.inputs:
        document["inputs"] = imported.inputs
    document["losses"] = _tables(imported.losses)
    if imported.objectives:
        document["objectives"] = _tables(imported.objectives)
    if imported.variants:
        document["variants"] = {name: {"losses": _tables(each)} for name, each in imported.variants.items()}
    return document


def _tables(carried: Mapping[str, Carried]) -> Table:
    return {name: each.table for name, each in carried.items()}


def _commented(text: str, imported: Imported) -> Iterator[str]:
    """Yield the lines of a spec, each value with its source, and each table with its note above it."""
    sources, notes = _comments(imported)
    table = ""
    for line in text.removesuffix("\n").split("\n"):
        if header := _HEADER.fullmatch(line):
            table = header[1]
            if table in notes:
                yield from _comment(notes[table])
            yield line
            continue
        value = _VALUE.match(line)
        source = sources.get(f"{table}.{value[1]}") if value else None
        if source is None:
            yield line
            continue
        comment = _comment(source)
        if line.endswith("[") or len(comment) > 1 or len(line) + len(comment[0]) > _LINE:
            yield from comment
            yield line
        else:
            yield f"{line}  {comment[0]}"


def _comments(imported: Imported) -> tuple[dict[str, str], dict[str, str]]:
    """Return the source of each value and the note of each table, by their dotted keys."""
    sources: dict[str, str] = {}
    notes: dict[str, str] = {}
    places = {"losses": imported.losses, "objectives": imported.objectives}
    places |= {f"variants.{name}.losses": each for name, each in imported.variants.items()}
    for place, carried in places.items():
        for name, each in carried.items():
            sources |= {f"{place}.{name}.{key}": source for key, source in each.sources.items()}
            if each.note:
                notes[f"{place}.{name}"] = each.note
    return sources, notes


def _comment(text: str) -> list[str]:
    """Return a text as lines of comment; a file may hold any character in its keys."""
    shown = clean_comment(text)
    hang = "  " if shown.startswith("- ") else ""
    return [f"# {line}".rstrip() for line in wrap(shown, _LINE, subsequent_indent=hang) or [""]]
