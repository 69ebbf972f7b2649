"""Validates a document against the JSON Schema with ``jsonschema``, and turns its errors into faults.

``jsonschema`` is extended in two places: ``keywords`` replaces keywords that TOML needs otherwise, and
``oneOf`` goes straight to the branch that is meant (``choices``), so that messages are exact and the cost of
a document does not grow with the registry.

>>> validator = Validator({"$defs": {}, "type": "object", "properties": {"weight": {"type": "number"}},
...                        "additionalProperties": False})
>>> [(fault.code, fault.path, fault.help) for fault in validator.faults({"wieght": 1.0})]
[('unknown-key', ('wieght',), 'a key with a similar name exists: `weight`')]
"""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from lossspec.faults import MAX_PROBLEMS
from lossspec.validation import errors, messages
from lossspec.validation.choices import DEFINITIONS, Choice
from lossspec.validation.invalid import INVALID
from lossspec.validation.keywords import KEYWORDS, TYPE_CHECKER, alternatives, has_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lossspec.faults import Fault, KeyPath
    from lossspec.validation.choices import Kind, Schema

    #: Words the fault of a string, at a key path, that does not match a pattern.
    Wording = Callable[[str, KeyPath], Fault]


_NUMBER = {"type": "number"}


def _is_meant(error: Any, at: KeyPath, meant: set[tuple[KeyPath, str | None]]) -> bool:
    """Return whether a key is missing that a misspelt one means, or for which what that means can stand."""
    if error.validator not in {"required", "allOf"}:
        return False
    others = alternatives(error) if error.validator == "allOf" else ()
    keys = [at[-1], *(name for first, last in others if at[-1] in last for name in first)]
    return any((at[:-1], key) in meant for key in keys)


class Validator:
    """The schema, ready to validate documents.

    Args:
        schema: a JSON Schema of the subset that ``language.schema`` makes.
        more: gives the definition of a type that the schema does not know, by its kind and name, or None.
        others: names further types of a kind that a misspelt one may mean.
        wordings: what words the faults of a pattern, by pattern, if there is more to say than the pattern.
    """

    def __init__(
        self,
        schema: Schema,
        more: Callable[[Kind, str], Schema | None] = lambda _kind, _name: None,
        others: Callable[[Kind, str], Iterable[str]] = lambda _kind, _name: (),
        wordings: Mapping[str, Wording] | None = None,
    ) -> None:
        self.schema = {key: each for key, each in schema.items() if key != "$schema"}  # it would pick a class
        self._more, self._others = more, others
        self._wordings = wordings or {}
        self._choices: dict[int, Choice] = {}
        keywords = {**KEYWORDS, "$ref": self._ref, "oneOf": self._one_of, "anyOf": self._one_of}
        keywords["items"] = self._items
        extended: Any = extend(Draft7Validator, keywords, type_checker=TYPE_CHECKER)  # type: ignore[no-untyped-call]
        self._validator = extended(self.schema)

    def faults(self, value: object, definition: str = "", path: KeyPath = ()) -> list[Fault]:
        """Return what is wrong with a value, in the order of the document.

        Args:
            value: the document, or a part of one.
            definition: the name of the definition that it must satisfy; the whole schema if empty.
            path: where the value is in the document.
        """
        schema = self._definition(DEFINITIONS + definition) if definition else self.schema
        return list(islice(self._faults(value, schema, path), MAX_PROBLEMS + 1))

    def _faults(self, value: object, schema: Schema, path: KeyPath) -> Iterator[Fault]:
        meant: set[tuple[KeyPath, str | None]] = set()
        for error in self._validator.descend(value, schema):
            at = (*path, *error.absolute_path)
            if error.validator in {"oneOf", "anyOf"}:
                yield self._no_branch(error, at)
            elif error.validator == "pattern" and (word := self._wordings.get(str(error.validator_value))):
                yield word(cast("str", error.instance), at)
            elif error.validator != "additionalProperties":
                if not _is_meant(error, at, meant):
                    yield errors.fault(error, at)
            else:  # the value of a misspelt key is checked as that of the key that was meant
                fault = errors.fault(error, at)
                yield fault
                meant.add((at[:-1], fault.replacement))
                inner = error.schema.get("properties", {}).get(fault.replacement)
                if isinstance(inner, dict) and fault.replacement not in error.instance:
                    yield from self._faults(error.instance[at[-1]], inner, at)

    def _ref(
        self, validator: Any, reference: str, value: object, _schema: Schema
    ) -> Iterator[ValidationError]:
        yield from validator.descend(value, self._definition(reference))

    def _definition(self, reference: str) -> Schema:
        """Look a reference up in the schema, or among the types that it does not have."""
        name = reference.removeprefix(DEFINITIONS)
        found = cast("dict[str, Schema]", self.schema["$defs"]).get(name)
        if found is None:  # a registered loss may name registered schedules
            kind, _, type_ = name.partition(".")
            found = self._more(cast("Kind", kind), type_)
        if found is None:
            raise KeyError(name)
        return found

    def _items(
        self, validator: Any, items: Schema, value: object, _schema: Schema
    ) -> Iterator[ValidationError]:
        """Check the items of an array; numbers that any schema of a number takes cost next to nothing."""
        if not isinstance(value, list):
            return
        takes_numbers = self._takes_any_number(items)
        for index, each in enumerate(value):
            is_number = type(each) is int or (type(each) is float and math.isfinite(each))
            if not (takes_numbers and is_number):
                yield from validator.descend(each, items, path=index)

    def _takes_any_number(self, schema: Schema) -> bool:
        if "$ref" in schema:
            schema = self._definition(schema["$ref"])
        return _NUMBER in schema.get("oneOf", [])

    def _choice(self, branches: list[Schema]) -> Choice:
        choice = self._choices.get(id(branches))
        if choice is None:
            choice = self._choices[id(branches)] = Choice(branches, self._definition)
        return choice

    def _one_of(
        self, validator: Any, branches: list[Schema], value: object, schema: Schema
    ) -> Iterator[ValidationError]:
        """Check a value against the branch that its JSON type, or its ``type``, picks."""
        if value is INVALID or not has_type(validator, value, schema):
            return
        choice = self._choice(branches)
        is_tagged = isinstance(value, dict) and choice.kind is not None
        if is_tagged and "type" in cast("dict[str, object]", value):
            yield from self._by_type(validator, choice, cast("dict[str, object]", value))
        elif (branch := choice.pick(value)) is not None:
            yield from validator.descend(value, branch)
        else:
            yield ValidationError("no branch")

    def _by_type(self, validator: Any, choice: Choice, value: dict[str, object]) -> Iterator[ValidationError]:
        tag, kind = value["type"], cast("Kind", choice.kind)
        if tag is INVALID:
            return
        if not isinstance(tag, str):
            yield ValidationError(
                "wrong type", path=["type"], validator="type", validator_value="string", instance=tag
            )
            return
        branch = choice.tagged.get(tag) or self._more(kind, tag)
        if branch is not None:
            yield from validator.descend(value, branch)
            return
        yield ValidationError("unknown type", path=["type"], instance=tag)
        if "object" in choice.plain:  # the keys that every type has
            rest = {key: each for key, each in value.items() if key != "type"}
            yield from validator.descend(rest, choice.plain["object"][0])

    def _no_branch(self, error: ValidationError, at: KeyPath) -> Fault:
        """Return the fault of a value that no branch takes."""
        choice = self._choice(cast("list[Schema]", error.validator_value))
        if at and error.message == "unknown type":
            kind, tag = cast("Kind", choice.kind), str(error.instance)
            return messages.unknown_type(kind, tag, at[:-1], {*choice.tagged, *self._others(kind, tag)})
        if isinstance(error.instance, dict) and choice.kind is not None:
            return messages.no_type(error.instance, at, choice.tagged)
        return messages.wrong_type(error.instance, at, choice.expected)
