"""The branches of a ``oneOf``: the JSON type of a value, then its ``type`` key, picks the one that is meant.

Trying every branch would cost more with each loss that is registered, and report each branch that does
not match. A sorted choice reports the mistakes of the branch that was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]
#: What has a ``type``; the definitions of its types are called ``KIND.NAME``.
Kind = Literal["loss", "balance", "schedule"]
DEFINITIONS = "#/$defs/"
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
_REFERENCE = {"$ref": DEFINITIONS + "reference"}


class Choice:
    """The branches of a ``oneOf`` or ``anyOf``, by what picks them.

    Args:
        branches: the branches. A choice is cached by their identity, so it keeps them alive.
        definition: looks up what a branch refers to.

    Attributes:
        tagged: branches whose ``type`` is a constant, by that constant.
        kind: what the tagged branches define, or None if there are none.
        plain: the other branches, by the JSON type of the values that they take.
        expected: words for what the value may be.
    """

    def __init__(self, branches: list[Schema], definition: Callable[[str], Schema]) -> None:
        self.branches = branches
        self.tagged: dict[str, Schema] = {}
        self.kind: Kind | None = next(filter(None, map(_kind, branches)), None)
        self.plain: dict[str, list[Schema]] = {}
        self.expected: list[str] = []
        for branch in branches:
            self._add(branch, definition(branch["$ref"]) if "$ref" in branch else branch)
        if self.kind == "schedule":
            self.expected.append("a schedule")

    def pick(self, value: object) -> Schema | None:
        """Return the branch for a value that is not a table with a ``type``, or None if it fits none."""
        candidates = self.plain.get(_JSON_TYPES.get(type(value), ""), [])
        if isinstance(value, str):  # an expression, or what an expression fills in: the marks tell
            is_expression = "${" in value
            candidates = [each for each in candidates if (each == _REFERENCE) is is_expression] or [
                each for each in candidates if each != _REFERENCE
            ]
        return candidates[0] if candidates else None

    def _add(self, branch: Schema, schema: Schema) -> None:
        tag = schema.get("properties", {}).get("type", {})
        if isinstance(tag, dict) and "const" in tag:
            self.tagged[tag["const"]] = branch
            return
        choices = schema.get("enum", [])
        types = schema.get("type") or sorted({_JSON_TYPES[type(each)] for each in choices})
        names = [types] if isinstance(types, str) else types
        for name in names:
            for each in ("number", "integer") if name == "number" else (name,):
                self.plain.setdefault(each, []).append(branch)
        if branch == _REFERENCE:
            self.expected.append("a `${param}`")
        else:
            self.expected.extend([f"`{each}`" for each in choices] or names)


def _kind(branch: Schema) -> Kind | None:
    """Return what a branch defines a type of, by the name of its definition."""
    name = str(branch.get("$ref", "")).removeprefix(DEFINITIONS).partition(".")[0]
    return cast("Kind", name) if name in get_args(Kind) else None
