"""Hover: what ``lossspec describe`` says of the name under the cursor, or what a key is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from lossspec.errors import LossSpecError
from lossspec.language.text.reference import Reference
from lossspec.language.text.selection import tensor_of
from lossspec.registry import find, find_balancer
from lossspec.report.describe.schedule import describe_schedule
from lossspec.report.describe.spec import describe_spec
from lossspec.report.describe.type import allowed, call_input, describe_type, head
from lossspec.server.state import vocabulary
from lossspec.server.state.shapes import description, keys_at

if TYPE_CHECKING:
    from lossspec.faults import KeyPath
    from lossspec.server.state.document import Document
    from lossspec.server.state.positions import Positions

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def hover(document: Document, positions: Positions, position: lsp.Position) -> lsp.Hover | None:
    """Return what is known of what stands at a position, or None."""
    offset = positions.offset(position)
    found = document.tables.at(offset)
    if found is None:
        return None
    path, at, (start, end) = found
    if at == "key":
        text = _key(document, path)
    else:
        text = _value(document, path, document.source.text[start:end], offset - start)
    if not text:
        return None
    return lsp.Hover(markup(text), positions.of_offsets(start, end))


def markup(text: str) -> lsp.MarkupContent:
    """Return a plain text with its columns kept."""
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, f"```text\n{text.replace('```', '')}\n```")


def _value(document: Document, path: KeyPath, text: str, at: int) -> str:
    if "${" in text:
        return _param(document, path, text, at)
    name = document.value(path)
    if not isinstance(name, str):
        return ""
    kind = vocabulary.kind_at(document, path)
    if kind == "spec":
        return _spec(name, document)
    if kind in {"loss type", "balancer", "schedule"}:
        return describe(kind, name)
    known = tensor_of(name) if kind == "tensor" else name
    detail = vocabulary.names(document, path, kind).get(known, "")
    return f"{kind} {name}: {detail}" if detail else ""


def describe(kind: str, name: str) -> str:
    """Return the description of a loss type, a balancer or a schedule, or "" if it is unknown."""
    if kind == "schedule":
        return describe_schedule(name) or ""
    try:
        return describe_type(name)
    except LossSpecError:
        return ""


def _spec(text: str, document: Document) -> str:
    """Return the description of a spec that a document extends, or what is wrong with it."""
    try:
        reference = Reference.parse(text)
        file = vocabulary.spec_file(reference.name, document.path)
        return describe_spec(str(Reference(str(file), reference.variants))) if file else ""
    except LossSpecError as error:
        return str(error).strip()


def _param(document: Document, path: KeyPath, text: str, at: int) -> str:
    for each in _NAME.finditer(text):
        if each.start() <= at <= each.end():
            found = vocabulary.params(document, path).get(each[0])
            return f"parameter {each[0]} = {found}" if found else ""
    return ""


def _key(document: Document, path: KeyPath) -> str:
    """Return what a key is for: an argument or an input of a loss, a parameter, or a key of the language."""
    _, rest = document.scope(path)
    match rest:
        case ("losses", _, "args" | "inputs" as section, str(name)):
            return _argument(document.type_of(path[:-2]), section, name)
        case ("objectives", _, "balance", "args" | "inputs" as section, str(name)):
            return _argument(document.type_of(path[:-2]), section, name)
        case ("params", str(name)):
            found = vocabulary.params(document, path).get(name)
            return f"parameter {name} = {found}" if found else ""
        case ("losses", str(name)):
            tag = document.type_of(path)
            return describe("loss type", tag) if tag else ""
    *parent, last = path
    schema = keys_at(document, tuple(parent)).get(str(last))
    text = description(schema) if schema else ""
    return f"{last}: {text}" if text else ""


def _argument(tag: str | None, section: str, name: str) -> str:
    entry = (find(tag) or find_balancer(tag)) if tag else None
    if entry is None:
        return ""
    if section == "args":
        argument = entry.args.get(name)
        return "\n".join([head(argument), argument.description, allowed(argument)]) if argument else ""
    wanted = next((each for each in entry.inputs if each.name == name), None)
    return f"{name}: {call_input(wanted)}" if wanted else ""
