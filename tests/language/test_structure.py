"""The converter between tables and the model: what is written is read back, and nothing is guessed."""

import tempfile
from pathlib import Path

import pytest
from attrs import evolve
from cattrs import ClassValidationError, transform_error
from hypothesis import given, settings
from hypothesis import strategies as st

import lossspec
from lossspec import schedules
from lossspec.language.model import (
    Balance,
    Divisor,
    Every,
    Input,
    Lists,
    ObjectiveSpec,
    Reduce,
    Spec,
    Term,
)
from lossspec.language.structure import converter
from lossspec.language.text.selection import gives_list
from lossspec.language.write import to_table, write

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20).map(
    lambda text: text.replace("${", "$")
)
numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-99)  # schedules take no smaller one
weights = st.one_of(
    numbers,
    st.builds(schedules.constant, unit=st.sampled_from(["epoch", "step", "fraction"]), value=numbers),
    st.builds(
        schedules.linear,
        unit=st.just("step"),
        start=st.integers(0, 9),
        end=st.integers(10, 99),
        start_value=numbers,
        end_value=numbers,
        minimum=st.one_of(st.none(), st.just(-2e6)),
    ),
)
indices = st.integers(-9999, 9999)
selectors = st.lists(
    st.one_of(
        indices,
        st.tuples(st.none() | indices, st.none() | indices),
        st.just("*"),
        st.from_regex(r"\.[A-Za-z][a-z0-9]{0,8}_?", fullmatch=True),
    ),
    max_size=8,
).map(tuple)
tensors = st.builds(Input, name=names, detach=st.booleans(), selectors=selectors)
above_0 = st.floats(0.01, 100)
by = st.one_of(
    st.sampled_from(["elements", "batch"]),
    above_0,
    st.builds(Divisor, name=names, selectors=selectors, minimum=st.none() | above_0),
)
reductions = st.one_of(
    st.builds(Reduce, by=by), st.builds(Reduce, weights=tensors, by=st.one_of(by, st.just("weights")))
)
lists = st.one_of(
    st.lists(numbers, min_size=1, max_size=3).map(lambda each: Lists("sum", weights=tuple(each))),
    st.builds(Lists, combine=st.sampled_from(["sum", "mean"]), decay=st.none() | above_0),
    st.builds(Lists, combine=st.sampled_from(["sum", "mean", "min", "max"])),
)


@st.composite
def inputs_of(draw):
    """Return inputs of a loss of ``input`` and ``target``, in order or by argument."""
    second = draw(st.one_of(tensors, st.builds(Input, value=numbers)))
    pair = (draw(tensors), second)
    if draw(st.booleans()):
        return pair
    return tuple(
        Input(each.name, each.value, each.detach, argument, each.selectors)
        for each, argument in zip(pair, ("input", "target"), strict=True)
    )


def terms(name, objectives):
    smooth = st.builds(
        dict,
        type=st.just("torch.SmoothL1Loss"),
        args=st.fixed_dictionaries(
            {},
            optional={
                "reduction": st.sampled_from(["mean", "sum"]),
                "beta": st.one_of(
                    st.floats(0.5, 9),
                    st.builds(schedules.constant, unit=st.just("epoch"), value=st.just(2.0)),
                ),
            },
        ),
    )
    kinds = st.one_of(smooth, st.just({"type": "torch.L1Loss"}))
    shared = st.fixed_dictionaries(
        {"inputs": inputs_of(), "objective": st.sampled_from(objectives)},
        optional={
            "weight": weights,
            "tags": st.lists(texts, max_size=3, unique=True).map(tuple),
            "at_zero": st.sampled_from(["skip", "record", "compute"]),
            "lists": lists,
            "every": st.builds(Every, steps=st.integers(1, 99), gain=numbers),
            "reduce": reductions,
            "if_missing": st.sampled_from(["error", "skip"]),
        },
    )

    def term(kind, rest):
        if "reduce" in rest:  # it and the argument exclude each other
            kind.get("args", {}).pop("reduction", None)
        made = Term(name=name, **kind, **rest)
        is_listed = made.lists is not None or not any(gives_list(each.reference) for each in made.references)
        return made if is_listed else evolve(made, lists=Lists("mean"))

    return st.builds(term, kinds, shared)


@st.composite
def specs(draw):
    objectives = draw(st.one_of(st.just(["total"]), st.lists(names, min_size=1, max_size=3, unique=True)))
    keys = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    losses = {name: draw(terms(name, objectives)) for name in keys}
    totals = {}
    for name in dict.fromkeys(each.objective for each in losses.values()):
        in_it = [each for each in losses.values() if each.objective == name]
        members = tuple(each.name for each in in_it)
        can_balance = len(members) > 1 and any(each.weight != 0 for each in in_it)
        balance = Balance(
            "lossspec.OutputBalancer",
            members,
            inputs=(draw(tensors),),
            args=draw(st.fixed_dictionaries({}, optional={"per_item": st.booleans()})),
        )
        totals[name] = ObjectiveSpec(
            name, draw(weights), draw(st.sampled_from([None, balance] if can_balance else [None]))
        )
    used = [each for term in losses.values() for each in term.inputs]
    for reduce in (term.reduce for term in losses.values() if term.reduce):
        used += [each for each in (reduce.weights, reduce.by) if isinstance(each, Input | Divisor)]
    used += [each for total in totals.values() if total.balance for each in total.balance.inputs]
    said = {each.name: draw(texts) for each in used if each.name}
    return Spec(
        name="generated",
        reference="generated",
        losses=losses,
        objectives=totals,
        description=draw(texts),
        references=tuple(draw(st.lists(texts, max_size=2))),
        inputs=draw(st.sampled_from([{}, said])),
    )


@settings(max_examples=2 * settings().max_examples)
@given(specs())
def test_written_specs_are_read_back(spec):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.loss.toml"
        path.write_text(write(spec), encoding="utf-8")
        again = lossspec.load(path)
    assert again == spec
    assert again.digest == spec.digest
    assert list(again.losses) == list(spec.losses)  # the order of summation, which mappings compare without
    assert to_table(again) == to_table(spec)


TERM = {"name": "a", "type": "torch.L1Loss", "inputs": ["x", "y"]}
LINEAR = {"type": "linear", "unit": "step", "start": 0, "end": 9, "start_value": 1, "end_value": 0}


def test_whole_numbers_become_floats_where_the_model_has_floats():
    table = {**TERM, "inputs": ["x", 1], "weight": 100, "lists": [1, 2], "every": {"steps": 4, "gain": 4}}
    term = converter().structure({**table, "args": {"beta": 1, "of": [1, 2]}}, Term)
    found = (term.weight, term.inputs[1].value, *term.lists.weights, term.every.gain)
    assert found == (100.0, 1.0, 1.0, 2.0, 4.0)
    assert {type(each) for each in found} == {float}
    assert type(term.every.steps) is int
    assert term.args == {"beta": 1, "of": [1, 2]}
    assert type(term.args["beta"]) is int  # an argument is the library's


def test_inputs_by_argument_come_in_the_order_of_the_call(tmp_path):
    """Which is neither that of the table nor that of the alphabet."""
    loss = 'type = "lossspec.GradientPenalty", inputs.fake.name = "f", inputs.real = "r", inputs.critic = "c"'
    path = tmp_path / "a.loss.toml"
    path.write_text(f"format = 1\nlosses.p = {{ {loss}, inputs.fake.detach = true }}")
    spec = lossspec.load(path)
    assert [each.argument for each in spec.losses["p"].inputs] == ["critic", "real", "fake"]
    assert to_table(spec)["losses"]["p"]["inputs"] == {
        "fake": {"name": "f", "detach": True},
        "real": "r",
        "critic": "c",
    }


def test_schedules_are_structured():
    term = converter().structure({**TERM, "weight": LINEAR, "args": {"beta": LINEAR}}, Term)
    assert term.weight == term.args["beta"] == schedules.from_table(LINEAR)


@pytest.mark.parametrize(
    "change",
    [
        {"weight": "1.0"},
        {"weight": True},
        {"weight": None},
        {"weight": {"type": "linear"}},
        {"type": 3},
        {"tags": "pixel"},
        {"tags": [1]},
        {"wieght": 1.0},
        {"inputs": "xy"},
        {"inputs": [True]},
        {"inputs": [{"name": 1}]},
        {"inputs": [{"name": "x", "detach": 1}]},
        {"inputs": [{"name": "x", "detached": True}]},
        {"inputs": {"input": ["x"]}},
        {"at_zero": "never"},
        {"lists": "median"},
        {"lists": ["1.0"]},
        {"lists": 1},
        {"every": {"steps": 1}},
        {"every": {"steps": 1.0, "gain": 1.0}},
        {"every": {"steps": 1, "gain": "1.0"}},
        {"every": {"steps": 1, "gain": 1.0, "offset": 1}},
    ],
    ids=str,
)
def test_a_term_is_structured_strictly(change):
    converter().structure(TERM, Term)
    with pytest.raises(ClassValidationError, match="While structuring Term"):
        converter().structure({**TERM, **change}, Term)


@pytest.mark.parametrize(
    "change",
    [
        {"descripton": "d"},
        {"description": 3},
        {"references": "r"},
        {"inputs": {"x": 1}},
        {"params": {"w": [1.0]}},
        {"losses": {"a": {"name": "a", "type": "torch.L1Loss"}}},
        {"objectives": {"total": {"name": "total", "weigth": 1}}},
        {"objectives": {"total": {"name": "total", "balance": {"type": "lossspec.OutputBalancer"}}}},
    ],
    ids=str,
)
def test_a_whole_spec_is_structured_strictly(change):
    table = {"name": "s", "reference": "s", "losses": {"a": TERM}, "objectives": {"total": {"name": "total"}}}
    converter().structure(table, Spec)
    with pytest.raises(ClassValidationError, match="While structuring Spec"):
        converter().structure({**table, **change}, Spec)


def test_a_value_that_does_not_fit_raises(tmp_path, monkeypatch):
    """It is a defect of lossspec, and no problem of the spec: it is not dressed as a SpecError."""
    from lossspec.language import load as loading

    path = tmp_path / "a.loss.toml"
    path.write_text('format = 1\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }')
    examine = loading.resolve_draft

    def broken(*args, **options):
        resolved = examine(*args, **options)
        resolved.table["losses"]["a"]["weight"] = "1.0"
        return resolved

    monkeypatch.setattr(loading, "resolve_draft", broken)
    with pytest.raises(ClassValidationError) as caught:
        lossspec.load(path)
    assert transform_error(caught.value, format_exception=lambda error, _: str(error)) == [
        "expected int | float, got '1.0' @ $.losses['a'].weight"
    ]


def test_total_is_written_beside_other_objectives():
    """Only all of them may leave it out."""
    pair = (Input("x"), Input("y"))
    losses = {
        "a": Term("a", "torch.L1Loss", pair),
        "b": Term("b", "torch.L1Loss", pair, objective="G"),
    }
    totals = {"total": ObjectiveSpec("total"), "G": ObjectiveSpec("G")}
    tables = to_table(Spec("s", "s", losses, totals))["losses"]
    assert [each["objective"] for each in tables.values()] == ["total", "G"]
    del losses["b"], totals["G"]
    assert "objective" not in to_table(Spec("s", "s", losses, totals))["losses"]["a"]
