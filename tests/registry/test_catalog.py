"""A catalogue is read strictly: whatever is wrong, the message names the file and the key."""

import pytest

from lossspec.errors import RegistrationError
from lossspec.registry import libraries, types
from lossspec.registry.catalog import read_catalog, read_summaries, read_type
from lossspec.registry.entry import Argument, CallInput
from lossspec.registry.lookup import _path

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
    ("[types.X]", "`types.X.summary` must be a string"),
    ("types = 1", "`types` must be a table"),
    ("[types]\nX = 1", "`types.X` must be a table"),
    ("[types.X]\nsummary = 's'\nfunction = 'yes'", "`types.X.function` must be true or false"),
    (
        "[types.X]\nsummary = 's'\ntarget = 'os:system'",
        "`types.X.target` must be `module:attribute` in the package `mylosses`",
    ),
    ("[types.X]\nsummary = 's'\ntarget = 'mylosses.code'", "`types.X.target` must be `module:attribute`"),
    ("[types.X]\nsummary = 's'\ninputs.x = 1", "`types.X.inputs.x` must be a table"),
    (
        "[types.X]\nsummary = 's'\ninputs.x = { kind = 'number' }",
        "`types.X.inputs.x.kind` must be one of `tensor`, `list`, `callable`",
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'number' }",
        "`types.X.args.a.description` must be a string",
    ),
    ("[types.X]\nsummary = 's'\nargs.a = { description = 'd' }", "`types.X.args.a` needs a `type`"),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'number', min = 1 }",
        "unknown key `min` in `types.X.args.a`",
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'array', path = true, description = 'd' }",
        "`types.X.args.a.path` is for a string",
    ),
    (
        "[types.X]\nsummary = 's'\nargs.a = { type = 'number', ours = true, description = 'd' }",
        "`types.X.args.a.ours` is for `reduction` and `weights_path`",
    ),
]


def test_every_key_arrives_where_it_belongs(catalog):
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
def test_what_is_wrong_is_named_with_its_file(catalog, types_, message):
    path = catalog(types_)
    with pytest.raises(RegistrationError) as caught:
        read_catalog(path, "me")
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("head", ["", "library = 1", "library = 'my.losses'"])
def test_the_library_is_the_name_of_a_package(catalog, head):
    with pytest.raises(RegistrationError, match="`library` must be"):
        read_catalog(catalog("", head), "me")


def test_a_catalogue_that_is_not_utf8_is_refused(catalog):
    path = catalog("")
    path.write_bytes(b"library = '\xff'")
    with pytest.raises(RegistrationError, match=r"mylosses\.toml: 'utf-8' codec"):
        read_catalog(path, "me")


@pytest.mark.parametrize("library", sorted(set(libraries())))
def test_reading_a_part_gives_what_reading_all_gives(library):
    whole = types(library)
    assert read_summaries(_path(library)) == {name: entry.summary for name, entry in whole.items()}
    assert {name: read_type(_path(library), "lossspec", name) for name in whole} == whole
    assert read_type(_path(library), "lossspec", f"{library}.NoSuchLoss") is None


def test_a_catalogue_without_types_has_none(catalog):
    assert read_summaries(catalog("")) == {}
    assert read_type(catalog(""), "me", "mylosses.X") is None
