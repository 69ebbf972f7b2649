"""Documents: the classes, and that what is written is read back."""

import json
import tomllib

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from lossspec.spec.diagnostics import SpecError
from lossspec.spec.document import (
    Document,
    Lazy,
    Loss,
    ObjectiveTable,
    Param,
    Tensor,
    Variant,
    converter,
    read,
    to_table,
)
from lossspec.spec.known import validator
from lossspec.spec.write import write

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
numbers = st.one_of(finite, st.integers(-(2**63), 2**63 - 1))
expressions = st.one_of(
    names.map(lambda name: f"${{{name}}}"),
    st.tuples(names, names).map(lambda two: f"${{-{two[0]} * {two[1]} / 2}}"),
)
schedules = st.one_of(
    st.fixed_dictionaries({"type": st.just("constant"), "value": numbers}),
    st.fixed_dictionaries(
        {
            "type": st.just("linear"),
            "unit": st.sampled_from(["epoch", "step", "fraction"]),
            "start": numbers,
            "end": st.one_of(numbers, expressions),
            "start_value": numbers,
            "end_value": expressions,
        }
    ),
)
weights = st.one_of(numbers, expressions, schedules)
values = st.recursive(
    st.one_of(numbers, st.booleans(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)
tensors = st.one_of(
    names, numbers, expressions, st.fixed_dictionaries({"name": names}, optional={"detach": st.booleans()})
)
inputs = st.one_of(st.lists(tensors, max_size=3), st.dictionaries(names, tensors, max_size=3))
shared = {
    "weight": weights,
    "inputs": inputs,
    "objective": names,
    "tags": st.lists(texts, max_size=3),
    "at_zero": st.sampled_from(["skip", "record", "compute"]),
    "lists": st.one_of(
        st.sampled_from(["sum", "mean"]), st.lists(st.one_of(numbers, expressions), min_size=1, max_size=3)
    ),
    "every": st.fixed_dictionaries({"steps": st.integers(1, 99), "gain": st.one_of(numbers, expressions)}),
}
losses = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("torch.SmoothL1Loss")},
        optional={
            **shared,
            "args": st.fixed_dictionaries(
                {},
                optional={
                    "reduction": st.sampled_from(["mean", "sum", "${m}"]),
                    "beta": st.one_of(st.floats(0, 9), schedules),
                },
            ),
        },
    ),
    st.fixed_dictionaries({}, optional={**shared, "args": st.dictionaries(texts, values, max_size=3)}),
)
scalars = st.one_of(numbers, st.booleans(), texts)
params = st.one_of(
    scalars,
    st.fixed_dictionaries(
        {},
        optional={
            "default": scalars,
            "minimum": numbers,
            "maximum": numbers,
            "choices": st.lists(scalars, min_size=1, max_size=3),
            "description": texts,
        },
    ),
)
balances = st.fixed_dictionaries(
    {},
    optional={
        "args": st.dictionaries(texts, values, max_size=3),
        "inputs": inputs,
        "losses": st.lists(names, max_size=3),
    },
)
objectives = st.fixed_dictionaries({}, optional={"weight": weights, "balance": balances})
overlay = {
    "description": texts,
    "references": st.lists(texts, max_size=3),
    "remove": st.lists(texts, max_size=3),
    "params": st.dictionaries(names, params, max_size=3),
    "inputs": st.dictionaries(names, texts, max_size=3),
    "losses": st.dictionaries(names, losses, max_size=3),
    "objectives": st.dictionaries(names, objectives, max_size=3),
}
documents = st.fixed_dictionaries(
    {"format": st.just(1)},
    optional={
        **overlay,
        "extends": st.sampled_from(["base", "my-base+a+b"]),
        "variants": st.dictionaries(names, st.fixed_dictionaries({}, optional=overlay), max_size=3),
    },
)

WHOLE = """\
format = 1
extends = "base+a"
remove = ["losses.b"]
[params]
w = 2.0
v = { default = 1, minimum = 0, description = "v" }
mode = { choices = ["a", "b"] }
[losses.a]
type = "torch.L1Loss"
inputs = ["x", { name = "y", detach = true }, 1]
weight = { type = "constant", unit = "step", value = 1.0 }
every = { steps = 4, gain = 4.0 }
[losses.c]
inputs = { input = "x", target = { name = "y" } }
tags = []
lists = [1, 0.5]
[objectives.G]
weight = "${w}"
[variants.v.losses.a]
weight = 3
"""


def test_what_the_classes_hold():
    document = read(WHOLE)
    assert document == Document(
        extends="base+a",
        remove=("losses.b",),
        params={
            "w": Param(2.0),
            "v": Param(1, minimum=0, description="v"),
            "mode": Param(choices=("a", "b")),
        },
        losses={
            "a": Loss(
                type="torch.L1Loss",
                inputs=("x", Tensor("y", detach=True), 1),
                weight={"type": "constant", "unit": "step", "value": 1.0},
                every=Lazy(4, 4.0),
            ),
            "c": Loss(inputs={"input": "x", "target": Tensor("y")}, tags=(), lists=(1, 0.5)),
        },
        objectives={"G": ObjectiveTable(weight="${w}")},
        variants={"v": Variant(losses={"a": Loss(weight=3)})},
    )


@settings(max_examples=100, deadline=None)
@given(documents)
def test_what_is_written_is_read_back(table):
    assert validator().faults(table) == []
    document = converter().structure(table, Document)
    assert read(write(document)) == document
    assert tomllib.loads(write(table)) == table


@settings(max_examples=50, deadline=None)
@given(documents)
def test_types_and_order_are_kept(table):
    """1 stays an integer, 1.0 a float, and terms stay in their order, which is that of summation."""
    again = tomllib.loads(write(converter().structure(table, Document)))
    assert json.dumps(again, sort_keys=True) == json.dumps(to_table(read(write(table))), sort_keys=True)
    assert list(again.get("losses", {})) == list(table.get("losses", {}))


def test_an_empty_array_says_more_than_none():
    assert "tags = []" in write(Document(losses={"a": Loss(tags=())}))
    assert "tags" not in write(Document(losses={"a": Loss()}))


@pytest.mark.parametrize(
    "table",
    [
        {"format": 1.0},
        {"format": True},
        {"description": 3},
        {"losses": {"a": {"type": 3}}},
        {"losses": {"a": {"weight": True}}},
        {"losses": {"a": {"tags": "pixel"}}},
        {"losses": {"a": {"wieght": 1.0}}},
        {"losses": {"a": {"inputs": [True]}}},
        {"losses": {"a": {"every": {"steps": 1}}}},
        {"params": {"w": []}},
    ],
    ids=str,
)
def test_nothing_is_turned_into_something_else(table):
    with pytest.raises(Exception, match="While structuring"):
        converter().structure({"format": 1, **table}, Document)


def test_reading_shows_every_fault_of_the_schema():
    with pytest.raises(SpecError) as caught:
        read("format = 1\nlosses.a = { wieght = 1.0, tags = 3 }\n")
    assert [each.code for each in caught.value.diagnostics] == ["unknown-key", "wrong-type"]


def test_a_file_is_read_too(tmp_path):
    path = tmp_path / "a.loss.toml"
    path.write_text(WHOLE)
    document = read(path)
    path.write_text(write(evolve(document, description="changed")))
    assert read(path) == evolve(document, description="changed")
