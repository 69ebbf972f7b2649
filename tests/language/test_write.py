"""Writing resolved specs: the text resolves to the same digest."""

from pathlib import Path

import pytest
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

import lossspec
from lossspec.language.write import write

SPECS = sorted(
    path.name.removesuffix(".loss.toml") for path in Path(__file__).parents[2].glob("specs/*.loss.toml")
)


@pytest.fixture
def reread(tmp_path):
    def reread(spec):
        path = tmp_path / f"{spec.name}.loss.toml"
        path.write_text(write(spec), encoding="utf-8")
        return lossspec.load(path)

    return reread


@pytest.mark.parametrize("name", [*SPECS, "pix2pix+extended+vgg+lsgan+decay"])
def test_a_resolved_spec_is_read_back(name, reread):
    spec = lossspec.load(name)
    again = reread(spec)
    assert again.digest == spec.digest
    assert again.losses == spec.losses
    assert again.objectives == spec.objectives
    assert again.inputs == spec.inputs
    assert write(again) == write(spec)


def test_every_key_of_a_term_is_written(reread, tmp_path):
    path = tmp_path / "one.loss.toml"
    path.write_text("""
format = 1
description = "日本 \\" \\\\ \\n"
params.p = 2.0
[losses.a]
type = "torch.SmoothL1Loss"
inputs = { target = 1.0, input = { name = "x", detach = true } }
weight = { type = "linear", unit = "step", start = 0, end = "${p}", start_value = 1, end_value = 0 }
args = { beta = { type = "constant", unit = "epoch", value = 0.5 }, reduction = "sum" }
objective = "G"
tags = ["a", "b"]
at_zero = "compute"
lists = [0.1, 0.2]
every = { steps = 3, gain = 2.5 }
[losses.b]
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = -0.0
objective = "G"
[objectives.G]
weight = { type = "constant", unit = "step", value = 2.0 }
balance = { type = "lossspec.OutputBalancer", losses = ["b", "a"], inputs = ["z"], args.per_item = false }
""")
    spec = lossspec.load(path)
    again = reread(spec)
    assert (again.losses, again.objectives, again.digest) == (spec.losses, spec.objectives, spec.digest)


strings = st.text(st.characters(exclude_categories=["Cs"]))
tables = st.dictionaries(
    strings,
    st.recursive(
        st.one_of(strings, st.integers(0, 9), st.booleans()),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(strings, inner)),
        max_leaves=8,
    ),
)


@pytest.mark.slow
@given(tables)
@example({"a": ["[", "]", "],", "x ["]})
@example({"a": [["[\n", "]"], [{"b": "], ["}]]})
def test_arrays_on_one_line_say_the_same(table):
    import tomllib

    assert tomllib.loads(write(table)) == tomllib.loads(tomli_w.dumps(table)) == table


def test_short_arrays_stand_on_one_line_and_long_ones_do_not():
    long = ["x" * 30] * 5
    assert write({"a": ["x", "y"], "b": [], "c": long}).splitlines() == [
        'a = ["x", "y"]',
        "b = []",
        "c = [",
        *(f'    "{"x" * 30}",' for _ in long),
        "]",
    ]
