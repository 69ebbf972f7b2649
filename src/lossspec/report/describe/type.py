"""The text of ``lossspec describe`` for a loss type or a balancer, with an example to paste into a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import UnknownNameError
from lossspec.language.checks.reductions import may_return_elements
from lossspec.names import listed, unknown
from lossspec.registry import balancers, find, find_balancer, libraries, missing_library, summaries
from lossspec.report.describe.text import columns, toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.registry import Argument, CallInput, LossType

_ONE_NUMBER = "one number: a term of it cannot have `reduce`"
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
        "allocates": f"{entry.allocates} bytes" if entry.allocates else "",
        "returns": "" if entry.balancer or may_return_elements(entry) else _ONE_NUMBER,
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


_LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def _kind(schema: Mapping[str, object]) -> str:
    enum, either = schema.get("enum"), schema.get("anyOf")
    if isinstance(enum, list):
        return _or([toml(value) for value in enum])
    if isinstance(either, list):
        return " or ".join(_kind(each) for each in either)
    kinds = schema.get("type", "any value")
    names = [str(each) for each in kinds] if isinstance(kinds, list) else [str(kinds)]
    items, bounds = schema.get("items"), _bounds(schema)
    if not isinstance(items, dict):
        return _bounded(" or ".join(names), bounds)
    array, inner = _array(schema), _innermost(items)
    others = [name for name in names if name != "array"]
    if not others:
        return _bounded(array, f"each {inner}" if inner else "")
    if bounds == inner:  # of a number, and of each number of an array
        return _bounded(f"{' or '.join(others)} or {array}", bounds)
    return f"{_bounded(' or '.join(others), bounds)}, or {_bounded(array, f'each {inner}' if inner else '')}"


def _or(words: Sequence[str]) -> str:
    """Join words.

    >>> _or(["a", "b", "c"]), _or(["a"])
    ('a, b or c', 'a')
    """
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _bounds(schema: Mapping[str, object]) -> str:
    return " and ".join(f"{word} {schema[key]}" for key, word in _LIMITS.items() if key in schema)


def _bounded(words: str, bounds: str) -> str:
    return f"{words}, {bounds}" if bounds else words


def _array(schema: Mapping[str, object]) -> str:
    """Return an array, its length where it is fixed, and what its elements are, without their bounds.

    >>> _array({"items": {"type": "array", "items": {"type": "number"}}, "minItems": 2, "maxItems": 2})
    'array of 2 arrays of numbers'
    """
    items, least = schema.get("items"), schema.get("minItems")
    length = f"{least} " if least is not None and least == schema.get("maxItems") else ""
    if not isinstance(items, dict):
        return "array"
    kind = str(items.get("type", "value"))
    inside = _array(items).replace("array", "arrays", 1) if kind == "array" else f"{kind}s"
    return f"array of {length}{inside}"


def _innermost(items: object) -> str:
    """Return the bounds of the elements of an array, or of arrays in it."""
    if not isinstance(items, dict):
        return ""
    return _bounds(items) or _innermost(items.get("items"))


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
