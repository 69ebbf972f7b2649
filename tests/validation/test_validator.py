"""The validator: what it accepts, what it says, and what it costs."""
# ruff: noqa: E501 - tables of messages, each whole on its line

import copy
import json
import math
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from lossspec.language.schema.committed import schema_path, validator
from lossspec.validation import messages as words
from lossspec.validation.validator import Validator

SPECS = sorted(Path(__file__).parents[2].glob("specs/*.loss.toml"))


def small_schema():
    """The committed schema with two loss types: the oracle tries every branch of a ``oneOf``."""
    schema = json.loads(schema_path().read_text())
    kept = ("loss.torch.L1Loss", "loss.torch.SmoothL1Loss", "loss.change")
    schema["$defs"]["loss"]["oneOf"] = [{"$ref": f"#/$defs/{name}"} for name in kept]
    return schema


SMALL = Validator(small_schema())
PLAIN = Draft7Validator(small_schema())  # as jsonschema has it, nothing extended

LOSS = {
    "type": "torch.SmoothL1Loss",
    "args": {
        "reduction": "mean",
        "beta": {"type": "linear", "start": 0, "end": 9, "start_value": 1, "end_value": 2},
    },
    "inputs": ["y_fake", {"name": "y", "detach": True}],
    "weight": "${w * 2}",
    "objective": "G",
    "tags": ["pixel"],
    "at_zero": "record",
    "lists": [0.5, "${w}"],
    "every": {"steps": 16, "gain": 16.0},
}
DOCUMENT = {
    "format": 1,
    "description": "x",
    "references": ["https://arxiv.org"],
    "extends": "base+a",
    "remove": ["losses.G"],
    "params": {
        "w": {"default": 1.0, "minimum": 0.0, "maximum": 2, "description": "x"},
        "m": {"choices": ["a"]},
        "b": True,
    },
    "inputs": {"y": "truth"},
    "losses": {"a": LOSS, "b": {"weight": 3, "args": {"anything": 1}}},
    "objectives": {
        "G": {
            "weight": {"type": "window", "start": 3, "value": 0.5, "unit": "step"},
            "balance": {
                "type": "lossspec.OutputBalancer",
                "args": {"decay": 1},
                "inputs": {"t": "y"},
                "losses": ["a"],
            },
        }
    },
    "variants": {"v": {"losses": {"a": {"type": "torch.L1Loss", "inputs": ["a", 1.0]}}}},
}

scalars = st.one_of(
    st.booleans(),
    st.integers(-2, 300),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: not value.is_integer()),
    st.sampled_from(["", "a", "mean", "${w}", "${w * 2}", "${", "a-b", "torch.L1Loss", "linear", "1.0"]),
    st.sampled_from(
        [[], ["a"], [1.5, "${w}"], {}, {"type": "linear"}, {"name": "a"}, {"type": "constant", "value": 1}]
    ),
    st.sampled_from([{"type": "torch.L1Loss", "inputs": ["a", "b"]}, {"default": 1, "minimum": True}]),
).map(copy.deepcopy)


def places(value, path=()):
    """Yield the path of every part of a document but its root."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, each in entries:
        yield (*path, key)
        yield from places(each, (*path, key))


@st.composite
def changed(draw):
    """A document with up to three places changed, removed or added to: some right, most wrong."""
    document = copy.deepcopy(DOCUMENT)
    for _ in range(draw(st.integers(0, 3))):
        *path, last = draw(st.sampled_from(list(places(document))))
        parent = document
        for key in path:
            parent = parent[key]
        what = draw(st.sampled_from(["change", "remove", "add"]))
        if what == "change":
            parent[last] = draw(scalars)
        elif what == "remove":
            del parent[last]
        elif isinstance(parent, dict):
            parent[draw(st.sampled_from(["weight", "wieght", "type", "args", "unit", "1st"]))] = draw(scalars)
        if not document:
            break
    return document


@settings(max_examples=3 * settings().max_examples)
@given(changed())
def test_the_verdict_is_that_of_plain_jsonschema(document):
    found = SMALL.faults(document)
    expected = [f"{list(error.absolute_path)}: {error.message[:80]}" for error in PLAIN.iter_errors(document)]
    assert bool(found) == bool(expected), (found, expected)


@pytest.mark.parametrize(
    "document",
    [
        {"format": 1.0},
        {"format": 1, "losses": {"a": {"weight": math.nan}}},
        {"format": 1, "losses": {"a": {"weight": math.inf}}},
        {"format": 1, "losses": {"a": {"every": {"steps": 16.0, "gain": 1.0}}}},
        {"format": 1, "losses": {"a\n": {"weight": 1}}},
    ],
)
def test_it_is_stricter_than_plain_jsonschema(document):
    # the type checker, and `$` as the end of a string: all there is besides
    assert not list(PLAIN.iter_errors(document))
    assert SMALL.faults(document)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_it_accepts_the_shipped_specs(path):
    document = tomllib.loads(path.read_text())
    assert validator().faults(document) == []


@settings(max_examples=3 * settings().max_examples)
@given(changed())
def test_each_fault_is_reported_once_at_an_existing_place(document):
    found = SMALL.faults(document)
    there = {(), *places(document)}
    assert all(fault.path in there for fault in found)
    assert len({(fault.path, fault.code, fault.message) for fault in found}) == len(found)


def in_loss(**keys):
    return {"format": 1, "losses": {"a": {"type": "torch.SmoothL1Loss", "inputs": ["x", "y"], **keys}}}


# what stands in the document, then: code, path, message, help, replacement
FAULTS = {
    "a misspelt key": (
        in_loss(wieght=1.0),
        ("unknown-key", "losses.a.wieght", "unknown key `wieght` in `losses.a`", "a key with a similar name exists: `weight`", "weight"),
    ),
    "a key from another library": (
        in_loss(loss_weight=1.0),
        ("unknown-key", "losses.a.loss_weight", "unknown key `loss_weight` in `losses.a`", "it is called `weight` here", "weight"),
    ),
    "an argument from another library": (
        {"format": 1, "losses": {"a": {"type": "lossspec.GANLoss", "args": {"gan_mode": "hinge", "role": "G"}}}},
        (
            "unknown-key",
            "losses.a.args.gan_mode",
            "unknown key `gan_mode` in `losses.a.args`",
            "it is called `mode` here",
            "mode",
        ),
    ),
    "an argument outside of args": (
        in_loss(beta=1.0),
        ("unknown-key", "losses.a.beta", "unknown key `beta` in `losses.a`", "it is an argument of the loss: `args = { beta = ... }`", "args.beta"),
    ),
    "a misspelt argument": (
        in_loss(args={"bata": 1.0}),
        ("unknown-key", "losses.a.args.bata", "unknown key `bata` in `losses.a.args`", "a key with a similar name exists: `beta`", "beta"),
    ),
    "a misspelt section": (
        {"format": 1, "loses": {"a": {"weight": 1.0}}},
        ("unknown-key", "loses", "unknown key `loses`", "a key with a similar name exists: `losses`", "losses"),
    ),
    "a misspelt type key": (
        {"format": 1, "losses": {"a": {"tpye": "torch.L1Loss"}}},
        ("unknown-key", "losses.a.tpye", "unknown key `tpye` in `losses.a`", "a key with a similar name exists: `type`", "type"),
    ),
    "no format": ({"losses": {}}, ("missing-key", "", "key `format` is missing", "", None)),
    "a format of the future": (
        {"format": 2},
        ("unknown-format", "format", "unknown format `2`: this version of lossspec reads format 1", "", "1"),
    ),
    "format true": (
        {"format": True},
        ("unknown-format", "format", "unknown format `true`: this version of lossspec reads format 1", "", "1"),
    ),
    "a number in quotes": (
        in_loss(weight="1.0"),
        ("wrong-type", "losses.a.weight", "`losses.a.weight` must be a number, a `${param}` or a schedule, got a string", "write the number without quotes", "1.0"),
    ),
    "a parameter without braces": (
        in_loss(weight="lambda_l1"),
        ("wrong-type", "losses.a.weight", "`losses.a.weight` must be a number, a `${param}` or a schedule, got a string", "a parameter is written `${lambda_l1}`", '"${lambda_l1}"'),
    ),
    "a malformed expression": (
        in_loss(weight="${a ** b}"),
        ("bad-expression", "losses.a.weight", '`"${a ** b}"` is not a valid expression', "`${...}` fills a whole value with parameters, numbers, `+ - * /` and parentheses", None),
    ),
    "an expression that is too long, and not valid": (
        in_loss(weight="${" + "a" * 256 + "**}"),
        ("bad-expression", "losses.a.weight", "`losses.a.weight` must have at most 256 characters, got 261", "", None),
    ),
    "a parameter that is an expression": (
        {"format": 1, "params": {"a": "x$y$", "b": "x$${a}"}},
        ("bad-expression", "params.b", '`params.b` must be a plain value, got the expression `"x$${a}"`', "write the expression where the parameter is used: its own value is never an expression", None),
    ),
    "a parameter whose default is an expression": (
        {"format": 1, "params": {"b": {"default": "${a}", "minimum": 1}}},
        ("bad-expression", "params.b.default", '`params.b.default` must be a plain value, got the expression `"${a}"`', "write the expression where the parameter is used: its own value is never an expression", None),
    ),
    "an expression where there can be none": (
        in_loss(at_zero="${w}"),
        ("unknown-value", "losses.a.at_zero", '`losses.a.at_zero` must be one of `skip`, `record`, `compute`, got `"${w}"`', "", None),
    ),
    "a name of a layer that does not exist": (
        {"format": 1, "losses": {"a": {"type": "lossspec.VGGPerceptualLoss", "args": {"layers": ["relu9_1"]}}}},
        ("unknown-value", "losses.a.args.layers[0]", '`losses.a.args.layers[0]` must match `^(conv|relu)([12]_[12]|[345]_[1234])$`, got `"relu9_1"`', "", None),
    ),
    "a boolean for a number": (
        in_loss(weight=True),
        ("wrong-type", "losses.a.weight", "`losses.a.weight` must be a number, a `${param}` or a schedule, got a boolean", "", None),
    ),
    "an array for a weight": (
        in_loss(weight=[1.0]),
        ("wrong-type", "losses.a.weight", "`losses.a.weight` must be a number, a `${param}` or a schedule, got an array", "", None),
    ),
    "NaN": (
        in_loss(weight=math.nan),
        ("not-finite", "losses.a.weight", "`losses.a.weight` must be a finite number, got nan", "", None),
    ),
    "a fraction for a count": (
        in_loss(every={"steps": 16.5, "gain": 1.0}),
        ("wrong-type", "losses.a.every.steps", "`losses.a.every.steps` must be a whole number or a `${param}`, got a fraction", "", None),
    ),
    "a whole number with a fraction": (
        in_loss(every={"steps": 16.0, "gain": 1.0}),
        ("wrong-type", "losses.a.every.steps", "`losses.a.every.steps` must be a whole number or a `${param}`, got a fraction", "write the whole number without a fraction", "16"),
    ),
    "a count of none": (
        in_loss(every={"steps": 0, "gain": 1.0}),
        ("out-of-range", "losses.a.every.steps", "`losses.a.every.steps` must be at least 1, got `0`", "", None),
    ),
    "half of a lazy term": (
        in_loss(every={"steps": 1}),
        ("missing-key", "losses.a.every", "key `gain` is missing in `losses.a.every`", "", None),
    ),
    "a misspelt choice": (
        in_loss(args={"reduction": "men"}),
        ("unknown-value", "losses.a.args.reduction", '`losses.a.args.reduction` must be one of `none`, `mean`, `sum`, got `"men"`', "a choice with a similar name exists: `mean`", '"mean"'),
    ),
    "a bound of the catalogue": (
        in_loss(args={"beta": -1.0}),
        ("out-of-range", "losses.a.args.beta", "`losses.a.args.beta` must be at least 0, got `-1.0`", "", None),
    ),
    "an argument that can't move": (
        in_loss(args={"reduction": {"type": "constant", "value": 1.0}}),
        ("wrong-type", "losses.a.args.reduction", "`losses.a.args.reduction` must be `none`, `mean`, `sum` or a `${param}`, got a table", "it cannot be a schedule: it is fixed when the loss is built", None),
    ),
    "a submodule in a type": (
        {"format": 1, "losses": {"a": {"type": "torch.nn.L1Loss"}}},
        ("unknown-type", "losses.a.type", "unknown loss type `torch.nn.L1Loss`", "a type is the import package and the class, without submodules: `torch.L1Loss`", '"torch.L1Loss"'),
    ),
    "a type without a library": (
        {"format": 1, "losses": {"a": {"type": "L1Loss"}}},
        ("unknown-type", "losses.a.type", "unknown loss type `L1Loss`", "a type begins with its package: `torch.L1Loss`", '"torch.L1Loss"'),
    ),
    "a misspelt class": (
        {"format": 1, "losses": {"a": {"type": "torch.L1Lss"}}},
        ("unknown-type", "losses.a.type", "unknown loss type `torch.L1Lss`", "a type with a similar name exists: `torch.L1Loss`", '"torch.L1Loss"'),
    ),
    "a misspelt library": (
        {"format": 1, "losses": {"a": {"type": "troch.L1Loss"}}},
        ("unknown-type", "losses.a.type", "unknown loss type `troch.L1Loss`", "a type with a similar name exists: `torch.L1Loss`", '"torch.L1Loss"'),
    ),
    "a library that nobody knows": (
        {"format": 1, "losses": {"a": {"type": "myrl.PPOClip"}}},
        ("unknown-type", "losses.a.type", "unknown loss type `myrl.PPOClip`", "no losses of `myrl` are registered, and no plug-in for it is installed", None),
    ),
    "a type that is no string": (
        {"format": 1, "losses": {"a": {"type": 3}}},
        ("wrong-type", "losses.a.type", "`losses.a.type` must be a string, got a number", "", None),
    ),
    "a misspelt schedule": (
        in_loss(weight={"type": "liner", "value": 1}),
        ("unknown-schedule", "losses.a.weight.type", "unknown schedule `liner`", "a type with a similar name exists: `linear`", '"linear"'),
    ),
    "a schedule without a type": (
        in_loss(weight={"tipe": "linear"}),
        ("unknown-key", "losses.a.weight.tipe", "unknown key `tipe` in `losses.a.weight`", "a key with a similar name exists: `type`", "type"),
    ),
    "a misspelt balancer": (
        {"format": 1, "objectives": {"G": {"balance": {"type": "lossspec.Balancer"}}}},
        (
            "unknown-type",
            "objectives.G.balance.type",
            "unknown balancer `lossspec.Balancer`",
            "a type with a similar name exists: `lossspec.OutputBalancer`",
            '"lossspec.OutputBalancer"',
        ),
    ),
    "a misspelt key of a schedule": (
        in_loss(weight={"type": "constant", "vlaue": 1.0, "value": 1.0}),
        ("unknown-key", "losses.a.weight.vlaue", "unknown key `vlaue` in `losses.a.weight`", "a key with a similar name exists: `value`", "value"),
    ),
    "a name with a hyphen": (
        {"format": 1, "losses": {"a-b": {"type": "torch.L1Loss"}}},
        ("bad-name", "losses.a-b", "`a-b` in `losses` is not a valid name: use letters, digits and `_`, and do not start with a digit", "", None),
    ),
    "a line end in a name": (
        {"format": 1, "losses": {"a\n": {"type": "torch.L1Loss"}}},
        ("bad-name", 'losses."a\\n"', '`"a\\n"` in `losses` is not a valid name: use letters, digits and `_`, and do not start with a digit', "", None),
    ),
    "a path in extends": (
        {"format": 1, "extends": "../base.loss.toml"},
        ("bad-reference", "extends", '`extends` must be NAME or NAME+VARIANT, not a path, got `"../base.loss.toml"`', "", None),
    ),
    "a tag that is a number": (
        in_loss(tags=["a", 3]),
        ("wrong-type", "losses.a.tags[1]", "`losses.a.tags[1]` must be a string, got a number", "", None),
    ),
    "an empty list of weights": (
        in_loss(lists=[]),
        ("wrong-length", "losses.a.lists", "`losses.a.lists` must have at least 1 element, got 0", "", None),
    ),
    "a tensor without a name": (
        in_loss(inputs=[{"detach": True}, "y"]),
        ("missing-key", "losses.a.inputs[0]", "key `name` is missing in `losses.a.inputs[0]`", "", None),
    ),
    "a loss that is no table": (
        {"format": 1, "losses": {"a": 3}},
        (
            "wrong-type",
            "losses.a",
            "`losses.a` must be a table, got a number",
            "write a table: `a = { type = ..., inputs = ... }`",
            None,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_message_and_help(name):
    document, expected = FAULTS[name]
    [fault] = validator().faults(document)
    path = words.dotted(fault.path)
    assert (fault.code, path, fault.message, fault.help, fault.replacement) == expected


def test_faults_are_in_document_order():
    document = in_loss(wieght="1.0", objective="a b", args={"beta": "x", "reduction": 3}, tags="t")
    found = [(fault.code, fault.path[-1]) for fault in validator().faults(document)]
    assert found == [
        ("bad-name", "objective"),
        ("wrong-type", "tags"),
        ("wrong-type", "beta"),
        ("wrong-type", "reduction"),
        ("unknown-key", "wieght"),
    ]


def test_a_misspelt_key_is_checked_as_the_one_meant():
    found = validator().faults({"format": 1, "loses": {"a": {"weight": True}}, "parms": {"w": []}})
    assert [fault.path for fault in found] == [
        ("loses",),
        ("loses", "a", "weight"),
        ("parms",),
        ("parms", "w"),
    ]


@pytest.mark.parametrize(
    ("key", "certain"),
    [
        ("wieght", True),
        ("loss_weight", True),
        ("imput", False),
        ("tgs", True),
        ("ags", False),
        ("xyzzy", False),
    ],
)
def test_only_a_key_with_one_near_name_is_certain(key, certain):
    [fault, *_] = validator().faults(in_loss(**{key: {}}))  # which has `inputs`: a key twice is an error
    assert fault.certain is certain


@pytest.mark.parametrize(
    "value", ["x" * 100_000, ["x" * 1000] * 1000, {"k" * 100_000: 1}, 10**4000], ids=type
)
def test_no_message_holds_a_value_of_any_size(value):
    for key in ("weight", "inputs", "tags", "type", "xyzzy", "objective", "lists"):
        for fault in validator().faults(in_loss(**{key: value})):
            assert len(fault.message) + len(fault.help) < 600


def registry_of(count):
    """A schema with ``count`` loss types besides those of the base."""
    schema = copy.deepcopy(validator().schema)
    base = schema["$defs"]["loss"]["oneOf"]
    one = json.dumps(schema["$defs"]["loss.torch.L1Loss"])
    kept = [each for each in base if each["$ref"].endswith((".torch.L1Loss", ".change"))]
    names = [f"made.Loss{index}" for index in range(count)]
    schema["$defs"] |= {f"loss.{name}": json.loads(one.replace("torch.L1Loss", name)) for name in names}
    schema["$defs"]["loss"]["oneOf"] = [{"$ref": f"#/$defs/loss.{name}"} for name in names] + kept
    return schema


@pytest.mark.parametrize("document", [in_loss(weight=2.0), in_loss(type="torch.L1Loss", wieght=1.0)])
def test_work_does_not_grow_with_the_registry(document):
    steps = {}
    document["losses"]["a"]["type"] = "torch.L1Loss"
    for count in (10, 300):
        made = Validator(registry_of(count))
        made.faults(document)  # what is built once is built
        calls = []
        sys.setprofile(lambda _frame, event, _argument, calls=calls: calls.append(event))
        try:
            made.faults(document)
        finally:
            sys.setprofile(None)
        steps[count] = calls.count("call")
    assert steps[10] == steps[300]


def test_unknown_types_are_looked_up_by_kind_and_name():
    asked = []

    def more(kind, name):
        asked.append((kind, name))
        return {
            "type": "object",
            "properties": {"type": {"const": name}, "own": {"type": "number"}},
            "additionalProperties": False,
        }

    made = Validator(validator().schema, more)
    document = {
        "format": 1,
        "losses": {"a": {"type": "mine.Loss", "own": "x", "weight": {"type": "ramp", "own": 1}}},
    }
    assert [fault.path for fault in made.faults(document)] == [
        ("losses", "a", "own"),
        ("losses", "a", "weight"),
    ][:1] + [fault.path for fault in made.faults(document)][1:]
    assert ("loss", "mine.Loss") in asked
    assert ("schedule", "ramp") in asked
