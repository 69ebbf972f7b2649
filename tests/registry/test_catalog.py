"""Reading a catalogue: every key arrives, and every mistake is reported with its file and key."""

import json
from pathlib import Path

import pytest
import tomli
from attrs import fields_dict
from click.testing import CliRunner
from jsonschema import Draft7Validator, Draft202012Validator

import lossspec
from lossspec.cli.validate import validate_command
from lossspec.data import folder
from lossspec.errors import RegistrationError
from lossspec.registry import libraries, types
from lossspec.registry.catalog import builtin_summaries, builtin_type, excerpt, read_catalog
from lossspec.registry.catalog_faults import catalog_faults, schema_path
from lossspec.registry.entry import Argument, CallInput, LossType

SHIPPED = folder("registry/catalog")
PLUGIN = Path(__file__).parents[2] / "docs" / "examples" / "plugin"

WHOLE = """
distribution = "my-losses"
extra = "mine"
module = "mylosses.code"
[types.Plain]
summary = "Plain."
inputs.input = "(N)"
[types.Full]
target = "mylosses.other:Full"
function = true
summary = "Full."
formula = "x"
reference = "https://example.org"
note = "n"
downloads = "d"
inputs.input = "(N)"
inputs.maps = { kind = "list", shape = "(M)", required = false }
[types.Full.args]
weight = { type = "array", items = { type = "number" }, tensor = true, description = "w" }
beta = { type = "number", minimum = 0, default = 0.5, live = true, description = "b" }
file = { type = "string", path = true, required = true, description = "f" }
reduction = { type = "string", enum = ["none", "mean"], ours = true, default = "none", description = "r" }
"""

BAD = [
    ("[types.X", "Expected"),
    ("colour = 1", "unknown key `colour`"),
    (
        "[types.X]\nsumary = 's'",
        "unknown key `sumary` in `types.X`: a key with a similar name exists: `summary`",
    ),
    ("[types.X]", "key `summary` is missing in `types.X`"),
    ("types = 1", "`types` must be a table, got a number"),
    ("[types]\nX = 1", "`types.X` must be a table, got a number"),
    ("[types.X]\nsummary = 's'\nfunction = 'yes'", "`types.X.function` must be true or false, got a string"),
    (
        "[types.X]\nsummary = 's'\ntarget = 'os:system'",
        "`types.X.target` must be `module:attribute` in the package `mylosses`",
    ),
    (
        "[types.X]\nsummary = 's'\ntarget = 'mylosses.code'",
        "`types.X.target` must match",
    ),
    (
        "[types.X]\nsummary = 's'\ninputs.x = 1",
        "`types.X.inputs.x` must be a string or a table, got a number",
    ),
    (
        "[types.X]\nsummary = 's'\ninputs.x = { kind = 'number' }",
        '`types.X.inputs.x.kind` must be one of `tensor`, `list`, `callable`, got `"number"`',
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'number' }",
        "key `description` is missing in `types.X.args.a`",
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { description = 'd' }",
        "key `type` is missing in `types.X.args.a`",
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'number', min = 1 }",
        "unknown key `min` in `types.X.args.a`",
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'array', path = true, description = 'd' }",
        "`types.X.args.a.path` is for an argument of type `string` only",
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'number', ours = true, description = 'd' }",
        "`types.X.args.a.ours` is for `reduction` and `weights_path` only",
    ),
]


def test_every_key_arrives_in_its_entry(catalog):
    found = read_catalog(catalog(WHOLE), "me")
    plain, full = found["mylosses.Plain"], found["mylosses.Full"]
    assert plain.target == "mylosses.code:Plain"
    assert (plain.distribution, plain.extra, plain.owner) == ("my-losses", "mine", "me")
    assert full.target == "mylosses.other:Full"
    assert (full.function, full.formula, full.note, full.downloads) == (True, "x", "n", "d")
    assert full.inputs == (CallInput("input", shape="(N)"), CallInput("maps", "list", "(M)", required=False))
    assert list(full.args.values()) == [
        Argument("weight", {"type": "array", "items": {"type": "number"}}, "w", tensor=True),
        Argument("beta", {"type": "number", "minimum": 0}, "b", default=0.5, live=True),
        Argument("file", {"type": "string"}, "f", required=True, path=True),
        Argument("reduction", {"type": "string", "enum": ["none", "mean"]}, "r", default="none", ours=True),
    ]


@pytest.mark.parametrize(("types_", "message"), BAD)
def test_a_mistake_is_reported_with_its_file(catalog, types_, message):
    path = catalog(types_)
    with pytest.raises(RegistrationError) as caught:
        read_catalog(path, "me")
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("", "key `library` is missing"),
        ("library = 1", "`library` must be a string, got a number"),
        ("library = 'my.losses'", '`library` must be a name, got `"my.losses"`'),
        ("library = 'mylosses'\nmodule = 'os'", "`module` must be in the package `mylosses`"),
    ],
)
def test_the_library_is_the_name_of_a_package(catalog, head, message):
    with pytest.raises(RegistrationError) as caught:
        read_catalog(catalog("", head), "me")
    assert message in str(caught.value)


def test_a_broken_catalogue_names_the_command_to_run(catalog):
    path = catalog("colour = 1\n[types.X]\nsumary = 's'")
    with pytest.raises(RegistrationError) as caught:
        read_catalog(path, "me")
    assert "unknown key `colour`" in str(caught.value)
    assert "unknown key `sumary`" in str(caught.value)
    assert f"`lossspec validate {path}`" in str(caught.value)


def test_validate_shows_the_positions_of_mistakes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "catalog").mkdir()
    path = tmp_path / "catalog" / "mylosses.toml"
    path.write_text("library = 'mylosses'\n[types.X]\nsumary = 's'\nargs.a = { type = 'number', ours = 1 }\n")
    result = CliRunner().invoke(validate_command, ["--format", "concise", "catalog/mylosses.toml"])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "catalog/mylosses.toml:3:1: error[unknown-key]: unknown key `sumary` in `types.X`",
        "catalog/mylosses.toml:4:6: error[missing-key]: key `description` is missing in `types.X.args.a`",
        (
            "catalog/mylosses.toml:4:36: error[wrong-type]: `types.X.args.a.ours` must be true or false, "
            "got a number"
        ),
    ]
    assert [each.code for each in lossspec.validate(path)] == ["unknown-key", "missing-key", "wrong-type"]


SCHEMA = json.loads(schema_path().read_text())
CATALOGS = [*SHIPPED.glob("*.toml"), *PLUGIN.glob("src/*/catalog/*.toml")]


@pytest.mark.parametrize("draft", [Draft7Validator, Draft202012Validator])
def test_the_schema_is_valid_in_both_drafts(draft):
    draft.check_schema({**SCHEMA, "$schema": draft.META_SCHEMA["$id"]})


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.stem)
def test_every_catalogue_of_ours_is_valid(path):
    document = tomli.loads(path.read_text())
    assert list(Draft7Validator(SCHEMA).iter_errors(document)) == []
    assert catalog_faults(document) == []


def test_the_schema_has_a_key_for_each_field():
    definitions = SCHEMA["$defs"]
    own = {"name", "distribution", "extra", "balancer", "owner"}
    assert definitions["type"]["properties"].keys() == fields_dict(LossType).keys() - own
    assert definitions["input.table"]["properties"].keys() == fields_dict(CallInput).keys() - {"name"}
    flags = definitions["argument"]["properties"].keys() - definitions["value"]["properties"].keys()
    assert flags == fields_dict(Argument).keys() - {"name", "schema"}


def test_a_catalogue_that_is_not_utf8_is_refused(catalog):
    path = catalog("")
    path.write_bytes(b"library = '\xff'")
    with pytest.raises(RegistrationError, match=r"mylosses\.toml: 'utf-8' codec"):
        read_catalog(path, "me")


@pytest.mark.parametrize("library", sorted(set(libraries())))
def test_reading_one_type_equals_reading_all(library):
    whole = types(library)
    assert builtin_summaries(library) == {name: entry.summary for name, entry in whole.items()}
    assert {name: builtin_type(library, name) for name in whole} == whole
    assert builtin_type(library, f"{library}.NoSuchLoss") is None


def test_an_excerpt_without_types_is_the_whole_text():
    assert excerpt('library = "mine"\n', lambda *_: False) == 'library = "mine"\n'
