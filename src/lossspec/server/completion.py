"""Completion: what may be typed at the cursor."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from attrs import frozen
from lsprotocol import types as lsp

from lossspec.registry import find, find_balancer
from lossspec.server.hover import describe, markup
from lossspec.server.state import vocabulary
from lossspec.server.state.cursor import Place, place_at
from lossspec.server.state.shapes import description, is_table, keys_at, schemas_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.faults import KeyPath
    from lossspec.server.state.document import Document
    from lossspec.server.state.positions import Positions

#: Items in one answer.
_MOST = 2_000
_PARAM = re.compile(r"\$\{[^}]*?([A-Za-z_]\w*)?$", re.ASCII)
_WORD = re.compile(r"\w*", re.ASCII)
_KINDS: dict[str, lsp.CompletionItemKind] = {
    "loss type": lsp.CompletionItemKind.Class,
    "balancer": lsp.CompletionItemKind.Class,
    "schedule": lsp.CompletionItemKind.Function,
    "spec": lsp.CompletionItemKind.File,
    "tensor": lsp.CompletionItemKind.Variable,
    "key": lsp.CompletionItemKind.Property,
    "choice": lsp.CompletionItemKind.EnumMember,
    "param": lsp.CompletionItemKind.Constant,
}


@frozen
class Choice:
    """One thing to type.

    Attributes:
        name: what the list shows.
        kind: what it is, a key of the kinds of items.
        detail: one line on it.
        text: the text that it puts in place of what is typed; the name if empty.
    """

    name: str
    kind: str
    detail: str = ""
    text: str = ""


def complete(document: Document, positions: Positions, position: lsp.Position) -> lsp.CompletionList:
    """Return what may be typed at a position; the editor picks those that match what is typed."""
    offset = positions.offset(position)
    place = place_at(document.source.text, offset) if document.is_read else Place("none")
    start, end = place.start, place.end
    document = document.without_line(offset)
    if place.role in {"key", "header"}:
        found = [*_keys(document, place)]
    elif place.role == "none":
        found = []
    elif inside := _PARAM.search(place.typed):
        name = inside[1] or ""
        start += len(place.typed) - len(name)
        rest = _WORD.match(positions.source.text, offset)
        end = rest.end() if rest else offset
        found = [
            Choice(name, "param", text) for name, text in vocabulary.params(document, place.path).items()
        ]
    else:
        found = [*_values(document, place)]
    where = positions.of_offsets(start, end)
    items = [
        lsp.CompletionItem(
            label=each.name,
            kind=_KINDS.get(each.kind, lsp.CompletionItemKind.Value),
            detail=each.detail or None,
            sort_text=f"{index:05}",
            filter_text=each.name if place.quote else each.text or each.name,
            text_edit=lsp.TextEdit(where, each.text or each.name),
            data={"kind": each.kind, "name": each.name},
        )
        for index, each in enumerate(found[:_MOST])
    ]
    return lsp.CompletionList(is_incomplete=len(found) > _MOST, items=items)


def described(item: lsp.CompletionItem) -> lsp.CompletionItem:
    """Return an item with the description of the type that it names, if it names one."""
    data = item.data if isinstance(item.data, dict) else {}
    kind, name = data.get("kind"), data.get("name")
    if kind in {"loss type", "balancer", "schedule"} and isinstance(name, str):
        item.documentation = markup(describe(kind, name))
    return item


def _keys(document: Document, place: Place) -> Iterator[Choice]:
    """Yield the keys that a table may still get, and the names that it may change."""
    path = place.path
    taken = (_written(document, path) | place.keys) - {place.typed}
    keys = keys_at(document, path, place.types)
    needed = ("type", "inputs") if {"type", "args"} & keys.keys() else ()  # of a loss, balance or schedule
    first = [name for name in needed if name in keys]
    for name, schema in {**{name: keys[name] for name in first}, **keys}.items():
        if is_table(schema) if place.role == "header" else name not in taken:
            yield Choice(name, "key", description(schema).partition("\n")[0])
    for name, detail in _own_names(document, path, place).items():
        if name not in taken:
            yield Choice(name, "key", detail)


def _own_names(document: Document, path: KeyPath, place: Place) -> vocabulary.Names:
    """Return the names that keys of a table take from elsewhere in the spec or from the registry."""
    table, rest = document.scope(path)
    match rest:
        case ("losses", _, "inputs") | ("objectives", _, "balance", "inputs"):
            owner = path[:-1]
            tag = place.types.get(owner) or document.type_of(owner) or ""
            entry = find(tag) or find_balancer(tag)
            return {each.name: each.shape for each in entry.inputs} if entry else {}
        case ("inputs",):
            return vocabulary.tensors(table)
        case ("objectives",):
            return vocabulary.names(document, path, "objective")
        case ("losses" | "params" | "variants" as section,):
            inherited = table.get(section)
            return dict.fromkeys(inherited, "") if isinstance(inherited, dict) else {}
    return {}


def _written(document: Document, path: KeyPath) -> set[str]:
    """Return the keys that a table of this document has."""
    value: object = document.table
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return set(value) if isinstance(value, dict) else set()


def _values(document: Document, place: Place) -> Iterator[Choice]:
    """Yield the values that a key may have."""
    path = place.path
    kind = vocabulary.kind_at(document, path)
    before, plus, _ = place.typed.rpartition("+")
    if kind == "spec" and plus:
        name, *picked = before.split("+")
        for each, detail in vocabulary.variants(name, document.path).items():
            if each not in picked:
                name = f"{before}+{each}"
                yield Choice(name, "spec", detail, _quoted(name, place))
        return
    if kind == "tensor" and set(place.typed) & set("[."):  # the name is there; what it holds is not known
        return
    for name, detail in vocabulary.names(document, path, kind).items():
        yield Choice(name, kind, detail, _quoted(name, place))
    if kind:
        return
    schemas = schemas_at(document, path, place.types)
    for value in dict.fromkeys(_choices(schemas)):
        if value.startswith('"'):
            yield Choice(value[1:-1], "choice", "", _quoted(value[1:-1], place))
        elif not place.quote:
            yield Choice(value, "choice")
    if any("${" in str(schema.get("pattern", "")).replace("\\", "") for schema in schemas):
        for name, detail in vocabulary.params(document, path).items():
            reference = f"${{{name}}}"
            yield Choice(reference, "param", detail, _quoted(reference, place))


def _choices(schemas: list[dict[str, object]]) -> Iterator[str]:
    """Yield the values that schemas list, as TOML."""
    for schema in schemas:
        listed = [*cast("list[object]", schema.get("enum", []))]
        listed += [schema["const"]] if "const" in schema else []
        if schema.get("type") == "boolean":
            listed += [True, False]
        yield from (json.dumps(each) for each in listed if isinstance(each, str | int | float))


def _quoted(text: str, place: Place) -> str:
    """Return a string with the quotes that are still missing around it."""
    if not place.quote:
        return f'"{text}"'
    return text if place.is_closed else text + place.quote
