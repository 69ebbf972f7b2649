"""The JSON Schema: one document that every reader takes, and that says what the registry says."""

import json
import re

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from lossspec import schedules
from lossspec.language.schema.committed import schema_path
from lossspec.language.schema.generate import definition, generate
from lossspec.language.schema.keys import SHARED
from lossspec.registry import Argument, LossType, balancers, types
from lossspec.validation.errors import UNDERSTOOD as WORDED

COMMITTED = json.loads(schema_path().read_text())
TEXT_ONLY = {
    "$schema",
    "$id",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "discriminator",
    "x-tombi-toml-version",
}
UNDERSTOOD = {
    "$ref",
    "properties",
    "items",
    "oneOf",
    "anyOf",
    *WORDED,
}


def nodes(schema, path=()):
    """Yield every schema in a schema, with its path."""
    yield path, schema
    for key in ("properties", "$defs"):
        for name, each in schema.get(key, {}).items():
            if isinstance(each, dict):
                yield from nodes(each, (*path, key, name))
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], (*path, key))
    for key in ("oneOf", "anyOf"):
        for index, each in enumerate(schema.get(key, ())):
            yield from nodes(each, (*path, key, index))


NODES = list(nodes(COMMITTED))


def test_the_committed_schema_matches_the_registry():
    made = json.loads(json.dumps(generate(types(), balancers())))
    assert made == COMMITTED, "run `lossspec schema -o schemas/lossspec.schema.json`"


@pytest.mark.slow
@pytest.mark.parametrize("draft", [Draft7Validator, Draft202012Validator])
def test_both_drafts_take_it(draft):
    draft.check_schema({**COMMITTED, "$schema": draft.META_SCHEMA["$id"]})


def test_it_uses_only_what_faults_are_worded_for():
    used = {key for _, schema in NODES for key in schema}
    assert used <= UNDERSTOOD | TEXT_ONLY


def test_a_ref_has_no_siblings_that_draft_07_ignores():
    assert [path for path, schema in NODES if "$ref" in schema and len(schema) > 1] == []


def test_every_reference_leads_somewhere_in_the_schema_itself():
    targets = {schema["$ref"] for _, schema in NODES if "$ref" in schema}
    assert targets <= {f"#/$defs/{name}" for name in COMMITTED["$defs"]}


def test_every_property_has_a_description():
    def text(schema):
        if "$ref" in schema:
            schema = COMMITTED["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return schema.get("description", "")

    silent = [
        (*path, name)
        for path, schema in NODES
        for name, each in schema.get("properties", {}).items()
        if each is not True and not text(each)
    ]
    assert silent == []


@pytest.mark.parametrize("kind", ["loss", "balance"])
def test_type_and_args_are_only_in_the_branches(kind):
    outer = COMMITTED["$defs"][kind]
    shared = set(outer["properties"])
    assert shared == set(SHARED[kind])
    for branch in outer["oneOf"]:
        definition = COMMITTED["$defs"][branch["$ref"].removeprefix("#/$defs/")]
        assert definition["additionalProperties"] is False
        assert {key for key, each in definition["properties"].items() if each is True} == shared


def test_every_type_and_every_schedule_is_there():
    definitions = COMMITTED["$defs"]
    assert {f"loss.{name}" for name in types()} == {
        key for key in definitions if re.match(r"loss\.\w+\.", key)
    }
    assert {f"balance.{name}" for name in balancers()} == {
        key for key in definitions if re.match(r"balance\.\w+\.", key)
    }
    assert {f"schedule.{name}" for name in schedules.types()} == {
        key for key in definitions if key.startswith("schedule.")
    }
    assert {each["$ref"] for each in definitions["weight"]["oneOf"] if "$ref" in each} > {
        each["$ref"] for each in definitions["schedule"]["oneOf"]
    }


REFERENCE = {"$ref": "#/$defs/reference"}
RAMP = {"$ref": "#/$defs/schedule.ramp"}


@pytest.mark.parametrize(
    ("schema", "live", "expected"),
    [
        ({"type": "number"}, False, {"oneOf": [{"type": "number"}, REFERENCE]}),
        ({"type": "number"}, True, {"oneOf": [{"type": "number"}, REFERENCE, RAMP]}),
        ({"type": "string"}, False, {"type": "string"}),
        ({"type": ["number", "string"]}, False, {"type": ["number", "string"]}),
        ({"enum": ["a", "b"]}, False, {"oneOf": [{"enum": ["a", "b"]}, REFERENCE]}),
        (
            {"type": "string", "pattern": "^a$"},
            False,
            {"oneOf": [{"type": "string", "pattern": "^a$"}, REFERENCE]},
        ),
        (
            {"type": "array", "items": {"type": "number"}},
            False,
            {"oneOf": [{"type": "array", "items": {"oneOf": [{"type": "number"}, REFERENCE]}}, REFERENCE]},
        ),
    ],
)
def test_arguments_can_be_parameters_and_schedules(schema, live, expected, monkeypatch):
    monkeypatch.setattr("lossspec.language.schema.generate.schedule_references", lambda: [RAMP])
    argument = Argument("a", schema, "an argument", live=live, default=3)
    entry = LossType("mine.Loss", "mine:Loss", "mine", {"a": argument})
    made = definition("loss", entry)
    assert made["properties"]["args"]["properties"]["a"] == {
        "description": "an argument",
        "default": 3,
        **expected,
    }
