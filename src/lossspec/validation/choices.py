"""Picks the branch of a ``oneOf`` by the JSON type of a value and by its ``type`` key.

Trying every branch would cost more with each registered loss, and report each branch that does not match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]
#: What has a ``type``; the definitions of its types are called ``KIND.NAME``.
Kind = Literal["loss", "balance", "schedule"]
_KINDS: dict[str, Kind] = {"loss": "loss", "balance": "balance", "schedule": "schedule"}
#: The last part of the name of the definition of a table that changes an inherited loss or balance.
CHANGE = "change"
DEFINITIONS = "#/$defs/"
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
_REFERENCE = {"$ref": DEFINITIONS + "reference"}


class Choice:
    """The branches of a ``oneOf`` or ``anyOf``, by what picks them.

    Args:
        branches: the branches. A choice is cached by their identity, so it keeps them alive.
        definition: looks up what a branch refers to.

    Attributes:
        kind: what the tagged branches define, or None if there are none.
        tagged: the branches of types, by the name of the type.
        plain: the other branches, by the JSON type of the values that they take.
        expected: words for what the value can be.
    """

    def __init__(self, branches: list[Schema], definition: Callable[[str], Schema]) -> None:
        self.branches = branches
        self.kind: Kind | None = None
        self.tagged: dict[str, Schema] = {}
        self.plain: dict[str, list[Schema]] = {}
        self.expected: list[str] = []
        for branch in branches:
            reference = branch.get("$ref", "")
            kind, _, name = reference.removeprefix(DEFINITIONS).partition(".")
            self.kind = _KINDS.get(kind, self.kind)
            if kind in _KINDS and name != CHANGE:
                self.tagged[name] = branch
            else:
                self._add(branch, definition(reference) if reference else branch)
        if self.kind == "schedule":
            self.expected.append("a schedule")

    def pick(self, value: object) -> Schema | None:
        """Return the branch for a value without a ``type``, or None if no branch takes it."""
        candidates = self.plain.get(_JSON_TYPES.get(type(value), ""), [])
        if isinstance(value, str):  # an expression, or plain text
            is_expression = "${" in value
            candidates = [each for each in candidates if (each == _REFERENCE) is is_expression] or [
                each for each in candidates if each != _REFERENCE
            ]
        return candidates[0] if candidates else None

    def _add(self, branch: Schema, schema: Schema) -> None:
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
