"""The digest: what computes counts, what only tells does not."""

import json

import pytest

import lossspec
from lossspec.language.model import canonical

TEXT = """
format = 1
description = "d"
references = ["r"]
params.w = 100
inputs = { x = "output", y = "truth" }
[losses.a]
type = "torch.SmoothL1Loss"
args.beta = 2.0
inputs = ["x", "y"]
weight = "${w}"
objective = "G"
tags = ["t"]
[losses.b]
type = "torch.L1Loss"
inputs = ["x", "y"]
objective = "G"
weight = { type = "linear", unit = "epoch", start = 0, end = 10, start_value = 1, end_value = 0 }
[objectives.G]
weight = 0.5
"""


@pytest.fixture
def digest(tmp_path):
    def digest(text, name="a"):
        path = tmp_path / f"{name}.loss.toml"
        path.write_text(text)
        return lossspec.load(path).digest

    return digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('description = "d"', ""),
        ('references = ["r"]', 'references = ["s"]'),
        ('x = "output"', 'x = "something else"'),
        ('inputs = { x = "output", y = "truth" }', ""),
        ('tags = ["t"]', ""),
        ("params.w = 100", "params.w = 100.0"),
        ("params.w = 100", 'params.w = { default = 1e2, minimum = 0, description = "w" }'),
        ("args.beta = 2.0", "args.beta = 2"),
        ("start = 0,", "start = 0.0,"),
        ("weight = 0.5", "weight = 5e-1"),
        ('objective = "G"\ntags', 'objective = "G"\nat_zero = "skip"\ntags'),
        ('tags = ["t"]', 'if_missing = "error"'),
        ("[objectives.G]", "[variants.v]\nlosses.a.weight = 3\n[objectives.G]"),
    ],
)
def test_changes_that_keep_the_digest(digest, old, new):
    assert old in TEXT
    assert digest(TEXT.replace(old, new)) == digest(TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("params.w = 100", "params.w = 101"),
        ("torch.L1Loss", "torch.MSELoss"),
        ("args.beta = 2.0", "args.beta = 2.5"),
        ('inputs = ["x", "y"]\nweight', 'inputs = ["y", "x"]\nweight'),
        ('inputs = ["x", "y"]\nweight', 'inputs = ["x", { name = "y", detach = true }]\nweight'),
        ('inputs = ["x", "y"]\nobj', 'inputs = ["x", 1.0]\nobj'),
        ('tags = ["t"]', 'at_zero = "record"'),
        ('tags = ["t"]', 'lists = "sum"'),
        ('tags = ["t"]', 'lists = "min"'),
        ('tags = ["t"]', 'reduce = "mean"'),
        ('tags = ["t"]', 'if_missing = "skip"'),
        ('inputs = ["x", "y"]\nweight', 'inputs = ["x[0]", "y"]\nweight'),
        ('tags = ["t"]', "every = { steps = 2, gain = 2 }"),
        ("end = 10", "end = 11"),
        ('unit = "epoch"', 'unit = "step"'),
        ("weight = 0.5", "weight = 0.25"),
        ("losses.a", "losses.c"),
        ('"G"', '"H"'),
    ],
)
def test_changes_that_change_the_digest(digest, old, new):
    assert old in TEXT
    changed = TEXT.replace(old, new).replace(
        "[objectives.G]", "[objectives.H]" if new == '"H"' else "[objectives.G]"
    )
    assert digest(changed) != digest(TEXT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('reduce = "mean"', 'reduce = { by = "elements" }'),
        ('reduce = "sum"', "reduce = { by = 1 }"),
        ('reduce = "batch"', 'reduce = { by = "batch" }'),
        ('reduce.weights = "x[0]"', 'reduce = { weights = { name = "x[0]" }, by = "elements" }'),
        ('lists = "mean"', 'lists = { combine = "mean" }'),
        ('lists = "min"', 'lists = { combine = "min", of = "results" }'),
    ],
)
def test_two_ways_to_write_the_same_have_one_digest(digest, one, other):
    made = [digest(TEXT.replace('tags = ["t"]', each)) for each in (one, other)]
    assert made[0] == made[1] != digest(TEXT)


def test_the_order_of_summation_counts(digest):
    head, _, rest = TEXT.partition("[losses.a]")
    a, _, rest = rest.partition("[losses.b]")
    b, _, end = rest.partition("[objectives.G]")
    swapped = f"{head}[losses.b]{b}[losses.a]{a}[objectives.G]{end}"
    assert digest(swapped) != digest(TEXT)


def test_neither_name_nor_folder_counts(digest):
    assert digest(TEXT, "other") == digest(TEXT)


def test_the_canonical_json_of_a_small_spec(tmp_path):
    """The digest is written into logs and checkpoints: what it is made of must never change by accident."""
    path = tmp_path / "a.loss.toml"
    path.write_text('format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["x", 1], weight = 100.0 }')
    spec = lossspec.load(path)
    assert json.loads(canonical(spec)) == {
        "format": 1,
        "losses": [
            {
                "name": "l1",
                "type": "torch.L1Loss",
                "inputs": [
                    {"name": "x", "value": None, "detach": False, "argument": None},
                    {"name": None, "value": 1, "detach": False, "argument": None},
                ],
                "args": {},
                "weight": 100,
                "objective": "total",
                "at_zero": "skip",
                "lists": None,
                "every": None,
            }
        ],
        "objectives": {"total": {"weight": 1, "balance": None}},
    }
    assert spec.digest == "e42f0b3b9ce7669a836b11f4e012c836a8a409cd60c5b38327df4a99e06c1149"


def test_canonical_json_of_a_whole_term_and_objective(tmp_path):
    path = tmp_path / "a.loss.toml"
    path.write_text("""
format = 1
[losses.a]
type = "torch.SmoothL1Loss"
inputs = { target = 0.5, input = { name = "x", detach = true } }
args = { beta = { type = "constant", unit = "step", value = 2.0 }, reduction = "sum" }
weight = -0.0
objective = "G"
tags = ["t"]
at_zero = "compute"
lists = [1.0, 0.5]
every = { steps = 16, gain = 16.0 }
[losses.b]
type = "torch.L1Loss"
inputs = ["x", "y"]
objective = "G"
[objectives.G]
weight = { type = "constant", unit = "epoch", value = 3.0 }
balance = { type = "lossspec.OutputBalancer", losses = ["b", "a"], inputs = ["z"], args.per_item = false }
""")
    spec = lossspec.load(path)
    found = json.loads(canonical(spec))
    assert [each["name"] for each in found["losses"]] == ["a", "b"]
    assert found["losses"][:1] == [
        {
            "name": "a",
            "type": "torch.SmoothL1Loss",
            "inputs": [
                {"name": "x", "value": None, "detach": True, "argument": "input"},
                {"name": None, "value": 0.5, "detach": False, "argument": "target"},
            ],
            "args": {"beta": {"type": "constant", "unit": "step", "value": 2}, "reduction": "sum"},
            "weight": 0,
            "objective": "G",
            "at_zero": "compute",
            "lists": [1, 0.5],
            "every": [16, 16],
        }
    ]
    assert found["objectives"] == {
        "G": {
            "weight": {"type": "constant", "unit": "epoch", "value": 3},
            "balance": {
                "type": "lossspec.OutputBalancer",
                "losses": ["b", "a"],
                "args": {"per_item": False},
                "inputs": [{"name": "z", "value": None, "detach": False, "argument": None}],
            },
        }
    }
    assert spec.digest == "e304f32f67efd521e2c244715a8a7ad179af5ee47a258f8f63a297338fa3892f"


def test_canonical_json_of_the_newer_keys(tmp_path):
    path = tmp_path / "a.loss.toml"
    path.write_text("""
format = 1
[losses.a]
type = "torch.L1Loss"
inputs = ["x[*][:-1]", { name = "y.depth", detach = true }]
lists = { combine = "sum", decay = 2, of = "elements" }
reduce = { weights = "m[0]", by = { name = "n", minimum = 1 } }
if_missing = "skip"
""")
    [found] = json.loads(canonical(lossspec.load(path)))["losses"]
    assert found["inputs"] == [
        {"name": "x[*][:-1]", "value": None, "detach": False, "argument": None},
        {"name": "y.depth", "value": None, "detach": True, "argument": None},
    ]
    assert found["lists"] == {"combine": "sum", "decay": 2, "of": "elements"}
    assert found["reduce"] == {"weights": "m[0]", "by": {"name": "n", "minimum": 1}}
    assert found["if_missing"] == "skip"
