"""The differences of two specs: each kind of change, and none if the digests are equal."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import attrs
import pytest

import lossspec
from lossspec.language.model import Term
from lossspec.report.diff import IGNORED, Change, differences

SPECS = Path(__file__).parents[2] / "specs"
BASE = """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "G", tags = ["t"] }
losses.b = { type = "torch.MSELoss", inputs = ["x", 1.0], objective = "D", weight = 2 }
"""
RAMP = '{ type = "linear", unit = "epoch", start = 0, end = %s, start_value = 0.0, end_value = 1.0 }'
CASES = [
    ("losses.c = { type = 'torch.L1Loss', inputs = ['x', 'y'], objective = 'G' }", ("losses", "c"), "added"),
    ("remove = ['losses.b']", ("losses", "b"), "removed"),
    ("losses.a.weight = 3", ("losses", "a", "weight"), 1, 3),
    ("losses.b.weight = 1", ("losses", "b", "weight"), 2, 1),
    ("losses.a.inputs = ['y', 'x']", ("losses", "a", "inputs"), ["x", "y"], ["y", "x"]),
    ("losses.b.inputs = ['x', 0.9]", ("losses", "b", "inputs"), ["x", 1], ["x", 0.9]),
    ("losses.a.objective = 'D'", ("losses", "a", "objective"), "G", "D"),
    ("losses.a.args.reduction = 'sum'", ("losses", "a", "args", "reduction"), "added", "sum"),
    ("losses.a.at_zero = 'record'", ("losses", "a", "at_zero"), "skip", "record"),
    ("losses.a.inputs = ['x[-1]', 'y']", ("losses", "a", "inputs"), ["x", "y"], ["x[-1]", "y"]),
    ("losses.a.reduce = { by = 1 }", ("losses", "a", "reduce"), None, "sum"),
    ("losses.b.reduce = { weights = 'm' }", ("losses", "b", "reduce"), None, {"weights": "m"}),
    ("losses.a.if_missing = 'skip'", ("losses", "a", "if_missing"), "error", "skip"),
    ("losses.a.lists = { combine = 'min' }", ("losses", "a", "lists"), None, "min"),
    ("losses.a.lists = 'mean'", ("losses", "a", "lists"), None, "mean"),
    ("losses.a.every = { steps = 2, gain = 2.0 }", ("losses", "a", "every"), None, {"steps": 2, "gain": 2}),
    ("objectives.D.weight = 0.5", ("objectives", "D", "weight"), 1, 0.5),
    ("losses.a.type = 'torch.HuberLoss'", ("losses", "a", "type"), "torch.L1Loss", "torch.HuberLoss"),
]


@pytest.mark.parametrize(
    "case", CASES, ids=[case[0].split(" =")[0] + str(at) for at, case in enumerate(CASES)]
)
def test_each_kind_of_change(spec_of, tmp_path, case):
    text, path, *values = case
    spec_of(f"{BASE}\n[variants.v]\n{text}", "both")
    before, after = lossspec.load(tmp_path / "both.loss.toml"), lossspec.load(f"{tmp_path}/both.loss.toml+v")
    found = [change for change in differences(before, after) if change.path == path]
    assert len(found) == 1
    (change,) = found
    if values[0] in ("added", "removed"):
        assert change.kind == values[0]
        assert values[1:] == ([change.after] if len(values) > 1 else [])
    else:
        assert (change.kind, change.before, change.after) == ("changed", *values)
    (back,) = [change for change in differences(after, before) if change.path == path]
    assert (back.before, back.after) == (change.after, change.before)


def test_the_cases_have_every_key_of_a_term():
    changed = {path[2] for _, path, *_ in CASES if path[0] == "losses" and len(path) > 2}
    assert changed == {each.name for each in attrs.fields(Term)} - {"name", *IGNORED}


def test_schedules_of_one_type_are_compared_by_key(spec_of):
    def spec(weight):
        text = f"losses.a = {{ type = 'torch.L1Loss', inputs = ['x', 'y'], weight = {weight} }}"
        return spec_of(text, "s")

    assert differences(spec(RAMP % 5), spec(RAMP % 7)) == [
        Change(("losses", "a", "weight", "end"), "changed", 5, 7)
    ]
    (change,) = differences(spec(RAMP % 5), spec('{ type = "constant", unit = "epoch", value = 1.0 }'))
    assert change.path == ("losses", "a", "weight")
    assert change.after == {"type": "constant", "unit": "epoch", "value": 1}


def test_the_order_of_summation_counts(spec_of):
    a = 'losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'
    b = 'losses.b = { type = "torch.L1Loss", inputs = ["x", "z"] }\n'
    first, second = spec_of(a + b, "one"), spec_of(b + a, "two")
    assert differences(first, second) == [Change(("losses",), "changed", ["a", "b"], ["b", "a"])]


def test_what_computes_nothing_does_not_count(spec_of):
    quiet = BASE.replace('tags = ["t"]', 'tags = ["u"]').replace("weight = 2", "weight = 2.0")
    assert differences(spec_of(BASE, "one"), spec_of(f'description = "x"\n{quiet}', "two")) == []


REFERENCES = [
    f"{path.name.removesuffix('.loss.toml')}{variant}"
    for path in sorted(SPECS.glob("*.loss.toml"))
    for variant in ["", *(f"+{name}" for name in tomllib.loads(path.read_text()).get("variants", {}))]
]


@pytest.mark.slow
def test_two_specs_differ_exactly_if_their_digests_do():
    specs = [lossspec.load(reference) for reference in REFERENCES]
    for one, other in itertools.combinations(specs, 2):
        assert bool(differences(one, other)) == (one.digest != other.digest), (one.reference, other.reference)
