"""The text of ``lossspec describe`` for a loss type or a balancer, with an example to paste into a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import UnknownNameError
from lossspec.names import listed, unknown
from lossspec.registry import balancers, find, find_balancer, libraries, missing_library, summaries
from lossspec.report.describe.text import columns, toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.registry import Argument, CallInput, LossType

_EXAMPLES: Mapping[object, object] = {
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "string": "...",
    "array": [1],
}


def describe_type(name: str) -> str:
    """Return the text for one loss type or balancer.

    Raises:
        UnknownNameError: no library has this type.
    """
    entry = find(name) or find_balancer(name)
    if entry is None:
        library = name.partition(".")[0]
        if library not in libraries():
            raise UnknownNameError(unknown("library", library, libraries()))
        raise UnknownNameError(unknown("loss type", name, [*summaries(library), *balancers()]))
    return "\n".join(
        [f"{entry.name}: {entry.summary}", *_facts(entry), "", *_sections(entry), "example", example(entry)]
    )


def named_like(name: str) -> str | None:
    """Return the text for the type whose class is called ``name``, or None if no library has one.

    Raises:
        UnknownNameError: several libraries have a class of this name.
    """
    found = [each for each in (*summaries(), *balancers()) if each.partition(".")[2] == name]
    if len(found) > 1:
        raise UnknownNameError(f"`{name}` exists in several libraries: {listed(found)}")
    return describe_type(found[0]) if found else None


def _facts(entry: LossType) -> Iterator[str]:
    facts = {
        "formula": entry.formula,
        "note": entry.note,
        "downloads": entry.downloads,
        "reference": entry.reference,
        "library": missing_library(entry) or f"{entry.distribution}, which is installed",
    }
    yield from (f"  {name:<9}  {text}" for name, text in facts.items() if text)


def _sections(entry: LossType) -> Iterator[str]:
    yield "inputs"
    yield from columns({each.name: [call_input(each)] for each in entry.inputs})
    yield ""
    if entry.args:
        yield "arguments"
        yield from columns({head(each): [each.description, allowed(each)] for each in entry.args.values()})
        yield ""


def call_input(each: CallInput) -> str:
    """Return the description of a call input: its kind and shape."""
    kind = {"tensor": "", "list": "a list: ", "callable": "a callable: "}[each.kind]
    return f"{kind}{each.shape}{'' if each.required else ' (optional)'}"


def head(argument: Argument) -> str:
    """Return the name of an argument with its default."""
    if argument.required:
        return f"{argument.name} (required)"
    return argument.name if argument.default is None else f"{argument.name} = {toml(argument.default)}"


def allowed(argument: Argument) -> str:
    """Return the description of the values that an argument accepts."""
    words = [_kind(argument.schema)]
    words += ["can be a schedule"] if argument.live else []
    words += ["becomes a tensor"] if argument.tensor else []
    words += ["a path under the spec's folder"] if argument.path else []
    return "; ".join(words)


def _kind(schema: Mapping[str, object]) -> str:
    enum, either = schema.get("enum"), schema.get("anyOf")
    if isinstance(enum, list):
        return " or ".join(toml(value) for value in enum)
    if isinstance(either, list):
        return " or ".join(_kind(each) for each in either)
    kinds = schema.get("type", "any value")
    words = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    items = schema.get("items")
    if isinstance(items, dict):
        words += f" of {_kind(items)}"
    limits = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    bounds = [f"{word} {schema[key]}" for key, word in limits.items() if key in schema]
    return f"{words}, {' and '.join(bounds)}" if bounds else words


def example(entry: LossType) -> str:
    """Return a valid term of this type as TOML, or a balance of the losses ``a`` and ``b``."""
    name = "".join(each for each in entry.name.rpartition(".")[2] if each.isalnum() or each == "_")
    lines = ["[objectives.total.balance]"] if entry.balancer else [f"[losses.{name}]"]
    lines.append(f'type = "{entry.name}"')
    if entry.balancer:
        lines.append('losses = ["a", "b"]')
    lines.append(f"inputs = {_inputs(entry)}")
    required = {each.name: _sample(each.schema) for each in entry.args.values() if each.required}
    if required:
        lines.append(f"args = {toml(required)}")
    return "\n".join(lines)


def _inputs(entry: LossType) -> str:
    required = [each.name for each in entry.inputs if each.required]
    in_order = required == [each.name for each in entry.inputs[: len(required)]]
    return toml(required if in_order else {name: name for name in required})


def _sample(schema: Mapping[str, object]) -> object:
    for key in ("examples", "enum"):
        values = schema.get(key)
        if isinstance(values, list):
            return values[0]
    return _EXAMPLES.get(schema.get("type"), 1.0)
