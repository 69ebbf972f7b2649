"""Merging: tables key by key, what is whole replaced whole, nothing changed in place."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec.language.resolve.merge import merge, without

LOSS = {
    "type": "torch.HuberLoss",
    "args": {"delta": 2.0, "reduction": "sum"},
    "inputs": {"input": "x", "target": "y"},
    "weight": {"type": "constant", "unit": "step", "value": 3.0},
    "tags": ["a", "b"],
    "every": {"steps": 2, "gain": 2.0},
}


def merged(change):
    return merge({"losses": {"a": LOSS}}, {"losses": {"a": change}})["losses"]["a"]


@pytest.mark.parametrize(
    ("change", "key", "expected"),
    [
        ({"weight": 5.0}, "weight", 5.0),
        ({"weight": {"type": "linear"}}, "weight", {"type": "linear"}),
        ({"inputs": {"input": "z"}}, "inputs", {"input": "z"}),
        ({"tags": ["c"]}, "tags", ["c"]),
        ({"tags": []}, "tags", []),
        ({"args": {"delta": 1.0}}, "args", {"delta": 1.0, "reduction": "sum"}),
        (
            {"args": {"delta": {"type": "constant"}}},
            "args",
            {"delta": {"type": "constant"}, "reduction": "sum"},
        ),
        ({"every": {"gain": 1.0}}, "every", {"steps": 2, "gain": 1.0}),
        ({"type": "torch.HuberLoss"}, "args", LOSS["args"]),
        ({"type": "torch.SmoothL1Loss", "args": {"beta": 1.0}}, "args", {"beta": 1.0}),
    ],
)
def test_what_a_change_leaves_of_a_loss(change, key, expected):
    assert merged(change)[key] == expected


def test_a_changed_type_drops_the_args_and_keeps_the_rest():
    changed = merged({"type": "torch.L1Loss"})
    assert changed == {**{key: LOSS[key] for key in LOSS if key != "args"}, "type": "torch.L1Loss"}


def test_a_schedule_in_an_argument_is_replaced_whole():
    base = {"losses": {"a": {"type": "t", "args": {"c": {"type": "linear", "start": 0, "end": 1}}}}}
    over = {"losses": {"a": {"args": {"c": {"type": "constant", "value": 1}}}}}
    assert merge(base, over)["losses"]["a"]["args"]["c"] == {"type": "constant", "value": 1}


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        (1.0, 2.0, 2.0),
        ({"default": 1.0, "minimum": 0.0}, 2.0, {"default": 2.0, "minimum": 0.0}),
        (1.0, {"maximum": 5.0}, {"default": 1.0, "maximum": 5.0}),
        ({"default": 1.0, "minimum": 0.0}, {"minimum": -1.0}, {"default": 1.0, "minimum": -1.0}),
    ],
)
def test_parameters_keep_their_bounds(base, over, expected):
    assert merge({"params": {"w": base}}, {"params": {"w": over}}) == {"params": {"w": expected}}


def test_balance_merges_like_a_loss():
    base = {"objectives": {"G": {"weight": 2.0, "balance": {"type": "a", "args": {"x": 1}, "losses": ["l"]}}}}
    over = {"objectives": {"G": {"balance": {"type": "b"}}}}
    assert merge(base, over) == {
        "objectives": {"G": {"weight": 2.0, "balance": {"type": "b", "losses": ["l"]}}}
    }


def test_remove_comes_first():
    base = {"losses": {"a": {"type": "t", "weight": 2.0}, "b": {"type": "u"}}, "params": {"w": 1.0}}
    over = {"remove": ["losses.a", "params.w"], "losses": {"a": {"type": "v"}}}
    assert merge(base, over) == {"losses": {"b": {"type": "u"}, "a": {"type": "v"}}, "params": {}}


def test_remove_takes_a_key_of_a_loss_away():
    assert merge({"losses": {"a": LOSS}}, {"remove": ["losses.a.weight"]})["losses"][
        "a"
    ].keys() == LOSS.keys() - {"weight"}


def test_removing_what_is_not_there_changes_nothing():
    table = {"losses": {"a": 1}}
    assert without(table, ["losses", "b"]) is table
    assert without(table, ["losses", "a", "b"]) is table
    assert without(table, ["params", "a"]) is table


def test_variants_merge_as_documents_do():
    base = {"variants": {"v": {"params": {"w": {"default": 1.0, "minimum": 0.0}}, "remove": ["losses.a"]}}}
    over = {"variants": {"v": {"params": {"w": 2.0}}, "u": {}}}
    assert merge(base, over)["variants"] == {
        "v": {"params": {"w": {"default": 2.0, "minimum": 0.0}}, "remove": ["losses.a"]},
        "u": {},
    }


names = st.sampled_from("abc")
losses = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["t.A", "t.B"]),
        "args": st.dictionaries(names, st.integers()),
        "weight": st.one_of(st.floats(0, 9), st.just({"type": "constant", "value": 1.0})),
        "tags": st.lists(names),
    },
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "params": st.dictionaries(
            names, st.one_of(st.floats(0, 9), st.just({"default": 1.0, "minimum": 0.0}))
        ),
        "losses": st.dictionaries(names, losses),
        "objectives": st.dictionaries(names, st.just({"weight": 0.5})),
        "description": st.text(),
    },
)


@given(documents, documents)
def test_nothing_is_changed_in_place(base, over):
    before = copy.deepcopy((base, over))
    merge(base, over)
    assert (base, over) == before


@given(documents, documents)
def test_merging_twice_is_merging_once(base, over):
    once = merge(base, over)
    assert merge(once, over) == once


@given(documents)
def test_merging_with_an_empty_table_changes_nothing(document):
    assert merge(document, {}) == document
    assert merge({}, document) == document
