"""Checks a document against the schema: every fault, at its key path, in words that name the nearest key.

An interpreter of the few keywords that the schema uses. ``oneOf`` and ``anyOf`` are not tried branch by
branch: the JSON type of the value, then its ``type`` key, picks the one branch that is meant. So messages
are exact, and the cost of a document does not grow with the registry. ``jsonschema`` is the oracle of its
tests: the two accept the same documents.

>>> engine = Engine({"$defs": {}, "type": "object", "properties": {"weight": {"type": "number"}},
...                  "additionalProperties": False})
>>> [(fault.code, fault.path, fault.help) for fault in engine.faults({"wieght": 1.0})]
[('unknown-key', ('wieght',), 'a key with a similar name exists: `weight`')]
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, cast, get_args

from lossspec.spec import words
from lossspec.spec.diagnostics import Fault
from lossspec.spec.faulty import FAULTY
from lossspec.spec.limits import MAX_PROBLEMS
from lossspec.spec.rules import RULES, bad_names, missing_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lossspec.spec.diagnostics import KeyPath

Schema = dict[str, object]
#: What has a ``type``; the definitions of its types are called ``KIND.NAME``.
Kind = Literal["loss", "balance", "schedule"]
_PREFIX = "#/$defs/"
_NAMES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class Choice:
    """The branches of a ``oneOf``, by what picks them.

    Attributes:
        branches: the ``oneOf`` itself. A choice is known by its identity, so it must live as long.
        tagged: branches whose ``type`` is a constant, by that constant, each as the reference to it.
        kind: what the tagged branches define.
        plain: the other branches by the JSON type of the values that they take.
        expected: words for what the value may be.
    """

    def __init__(self, branches: list[Schema]) -> None:
        self.branches = branches
        self.tagged: dict[str, Schema] = {}
        self.kind: Kind | None = None
        self.plain: dict[str, list[Schema]] = {}
        self.expected: list[str] = []


class Engine:
    """The schema, ready to check documents.

    Args:
        schema: a JSON Schema of the subset that ``frame`` and ``schema`` make.
        more: gives the definition of a type that the schema does not know, by its kind and name, or None.
        others: names the types besides those of the schema that a misspelt one of that kind may mean.
    """

    def __init__(
        self,
        schema: Schema,
        more: Callable[[Kind, str], Schema | None] = lambda _kind, _name: None,
        others: Callable[[Kind, str], Iterable[str]] = lambda _kind, _name: (),
    ) -> None:
        self.schema = schema
        self._definitions = cast("dict[str, Schema]", schema["$defs"])
        self._more, self._others = more, others
        self._choices: dict[int, Choice] = {}

    def faults(self, value: object, definition: str = "", path: KeyPath = ()) -> list[Fault]:
        """Return what is wrong with a value, in the order of the document.

        Args:
            value: the document, or a part of one.
            definition: the name of the definition that it must satisfy; the whole schema if empty.
            path: where the value stands.
        """
        found: list[Fault] = []
        self._check(value, self._definitions[definition] if definition else self.schema, path, found)
        return found

    def _check(self, value: object, schema: Schema, path: KeyPath, found: list[Fault]) -> None:  # noqa: C901, PLR0912
        if value is FAULTY or len(found) > MAX_PROBLEMS:
            return
        while "$ref" in schema:
            schema = self._definition(schema)
        before = len(found)
        expected = schema.get("type")
        if expected is not None and not _is(value, expected):
            found.append(_type_fault(value, expected, path))
            return
        for keyword, argument in schema.items():
            if keyword == "properties" and type(value) is dict:
                properties = cast("dict[str, Schema | bool]", argument)
                for key, each in value.items():
                    inner = properties.get(key)
                    if type(inner) is dict:
                        self._check(each, inner, (*path, key), found)
            elif keyword == "additionalProperties" and argument is not True and type(value) is dict:
                self._additional(value, schema, path, found)
            elif keyword == "propertyNames" and type(value) is dict:
                found.extend(bad_names(value, argument, path))
            elif keyword == "items" and type(value) is list:
                for index, each in enumerate(value):
                    self._check(each, cast("Schema", argument), (*path, index), found)
            elif keyword in ("oneOf", "anyOf"):
                self._choose(value, cast("list[Schema]", argument), path, found)
            elif keyword in RULES:
                found.extend(RULES[keyword](value, argument, path))
        if "required" in schema and type(value) is dict:  # last: a misspelt key is not missing as well
            wrong = [each for each in found[before:] if each.code == "unknown-key" and each.path[:-1] == path]
            meant = {each.replacement for each in wrong}
            required = cast("list[str]", schema["required"])
            found.extend(missing_keys(value, [key for key in required if key not in meant], path))

    def _definition(self, reference: Schema) -> Schema:
        """Look a reference up in the schema itself, or among the types that it does not know."""
        name = cast("str", reference["$ref"]).removeprefix(_PREFIX)
        found = self._definitions.get(name)
        if found is None:  # a registered loss may name registered schedules
            kind, _, type_ = name.partition(".")
            found = self._more(cast("Kind", kind), type_)
        if found is None:
            raise KeyError(name)
        return found

    def _additional(
        self, value: dict[str, object], schema: Schema, path: KeyPath, found: list[Fault]
    ) -> None:
        properties = cast("dict[str, Schema | bool]", schema.get("properties", {}))
        each = schema["additionalProperties"]
        for key, item in value.items():
            if key in properties:
                continue
            if type(each) is dict:
                self._check(item, each, (*path, key), found)
                continue
            fault = words.unknown_key(
                key, path, _known(properties), _arguments(properties), has_args="args" in value
            )
            found.append(fault)
            meant = properties.get(fault.replacement or "")
            if type(meant) is dict and fault.replacement not in value:
                self._check(item, meant, (*path, key), found)

    def _choose(self, value: object, branches: list[Schema], path: KeyPath, found: list[Fault]) -> None:
        choice = self._choices.get(id(branches))
        if choice is None:
            choice = self._choices[id(branches)] = self._sort(branches)
        if type(value) is dict and choice.kind is not None:
            self._by_tag(value, choice.kind, choice, path, found)
            return
        candidates = choice.plain.get(_NAMES.get(type(value), ""), [])
        if type(value) is str:  # an expression, or what could be filled in: the marks tell
            is_expression = "${" in value
            meant = [each for each in candidates if self._is_reference(each) is is_expression]
            candidates = meant or [each for each in candidates if not self._is_reference(each)]
        if candidates:
            self._check(value, candidates[0], path, found)
        else:
            found.append(words.wrong_type(value, path, choice.expected))

    def _is_reference(self, branch: Schema) -> bool:
        return branch.get("$ref") == f"{_PREFIX}reference"

    def _by_tag(
        self, value: dict[str, object], kind: Kind, choice: Choice, path: KeyPath, found: list[Fault]
    ) -> None:
        """Check a table against the branch that its ``type`` picks."""
        if "type" not in value:
            if "object" in choice.plain:
                self._check(value, choice.plain["object"][0], path, found)
            else:
                found.append(_no_type(value, path, choice))
            return
        tag = value["type"]
        if tag is FAULTY:
            return
        if not isinstance(tag, str):
            found.append(words.wrong_type(tag, (*path, "type"), ["string"]))
            return
        branch = choice.tagged.get(tag) or self._more(kind, tag)
        if branch is not None:
            self._check(value, branch, path, found)
        else:
            found.append(words.unknown_type(kind, tag, path, {*choice.tagged, *self._others(kind, tag)}))
            if "object" in choice.plain:  # what it has whatever its type
                rest = {key: each for key, each in value.items() if key != "type"}
                self._check(rest, choice.plain["object"][0], path, found)

    def _sort(self, branches: list[Schema]) -> Choice:
        """Sort the branches of a ``oneOf`` by what picks them; done once for each."""
        choice = Choice(branches)
        for branch in branches:
            schema = self._definition(branch) if "$ref" in branch else branch
            choice.kind = choice.kind or _kind(branch)
            tag = cast("Mapping[str, object]", schema.get("properties", {})).get("type")
            if isinstance(tag, dict) and "const" in tag:
                choice.tagged[tag["const"]] = branch
                continue
            types = schema.get("type") or sorted({_NAMES[type(each)] for each in schema.get("enum", ())})  # type: ignore[attr-defined]
            for name in [types] if isinstance(types, str) else cast("list[str]", types):
                for each in ("number", "integer") if name == "number" else (name,):
                    choice.plain.setdefault(each, []).append(branch)
            choice.expected.extend(
                ["a `${param}`"] if self._is_reference(branch) else _expected(schema, types)
            )
        if choice.kind == "schedule":
            choice.expected.append("a schedule")
        return choice


def _kind(branch: Schema) -> Kind | None:
    """Return what a branch defines a type of, by the name of its definition."""
    name = str(branch.get("$ref", "")).removeprefix(_PREFIX).partition(".")[0]
    return cast("Kind", name) if name in get_args(Kind) else None


def _is(value: object, expected: object) -> bool:
    name = _NAMES.get(type(value), "")
    if name == "number" and not math.isfinite(cast("float", value)):
        return False
    wanted = (expected,) if isinstance(expected, str) else cast("list[str]", expected)
    return name in wanted or (name == "integer" and "number" in wanted)


def _type_fault(value: object, expected: object, path: KeyPath) -> Fault:
    if isinstance(value, float) and not math.isfinite(value):
        return Fault("not-finite", f"`{words.dotted(path)}` is {value}: expected a finite number", path)
    wanted = [expected] if isinstance(expected, str) else cast("list[str]", expected)
    return words.wrong_type(value, path, wanted)


def _expected(schema: Schema, types: object) -> list[str]:
    choices = schema.get("enum")
    if isinstance(choices, list):
        return [f"`{each}`" for each in choices]
    return [types] if isinstance(types, str) else cast("list[str]", types)


def _known(properties: Mapping[str, object]) -> list[str]:
    # a loss without a type, which is checked as a change to one, may have misspelt just that
    is_change = "args" in properties and "type" not in properties
    return ["type", *properties] if is_change else [*properties]


def _arguments(properties: Mapping[str, object]) -> Sequence[str]:
    args = properties.get("args")
    return list(args.get("properties", ())) if isinstance(args, dict) else ()


def _no_type(value: dict[str, object], path: KeyPath, choice: Choice) -> Fault:
    known = ", ".join(f"`{each}`" for each in choice.tagged)
    for key in value:
        if words.means(key, "type"):
            return words.unknown_key(key, path, ["type"])
    return Fault(
        "missing-key",
        f"`{words.dotted(path)}` is a schedule without a `type`",
        path,
        "key",
        f"known are {known}",
    )
