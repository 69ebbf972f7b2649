"""Selections, ``reduce``, ``lists`` and ``if_missing`` as plain Python, held to the manager."""

from typing import NamedTuple

import pytest
import torch


class Output(NamedTuple):
    depth: torch.Tensor
    scales: list


def draw(*shape):
    return torch.randn(*shape, requires_grad=True)


def term(keys, inputs='["x", "y"]', type_="torch.L1Loss", name="a"):
    return f'[losses.{name}]\ntype = "{type_}"\ninputs = {inputs}\n{keys}\n'


def terms(*each, **keys):
    """Many terms of one spec: an export takes a while."""
    return "".join(term(*one, name=f"t{number}", **keys) for number, one in enumerate(each))


SELECTIONS = {
    "self.t0(x[0], y)": ("", '["x[0]", "y"]'),
    " in elements(x, y))": ('lists = "sum"', '["x[*]", "y"]'),
    "in x[:-1])": ('lists = "mean"', '["x[:-1]", 1.0]'),
    "self.t3(x[-1].detach(), y)": ("", '[{ name = "x[-1]", detach = true }, "y"]'),
}


def test_selections_are_subscripts(twin):
    made = twin(terms(*SELECTIONS.values()))
    made.check(x=[draw(4), draw(4), draw(4)], y=draw(4))
    assert [text for text in SELECTIONS if text not in made.text] == []


@pytest.mark.parametrize("out", [dict, Output])
def test_keys_and_fields_are_read_by_name(twin, out):
    made = twin(
        term("", '["out.depth", "y"]')
        + '[losses.b]\ntype = "torch.MSELoss"\ninputs = ["out.scales[*][-1]", 0.5]\nlists = "max"'
    )
    depth, scales = draw(4), [[draw(2), draw(3)], [draw(3)]]
    made.check(out=out(depth=depth, scales=scales), y=draw(4))
    assert 'entry(out, "depth")' in made.text
    assert "[each[-1] for each in" in made.text


REDUCTIONS = {
    '"mean"': (".mean()", "(x, y), mean\n"),
    '"sum"': (".sum()", "(x, y), sum\n"),
    '"batch"': ('by="batch")', "(x, y), sum of each item, mean\n"),
    "{ by = 5 }": ("by=5.0)", "(x, y), sum divided by 5\n"),
    '{ weights = "w" }': (", w)", "(x, y), weighted by w, mean\n"),
    '{ weights = "w", by = "weights" }': ('w, by="weights")', ", weighted by w, mean by weight\n"),
    '{ weights = { name = "w", detach = true }, by = "batch" }': (
        'w.detach(), by="batch")',
        "weighted by w, sum of each item, mean\n",
    ),
    '{ weights = "w", by = { name = "n", minimum = 1 } }': (
        "w, by=n, minimum=1.0)",
        "weighted by w, sum divided by n (at least 1)\n",
    ),
    '{ by = { name = "n" } }': ("by=n)", "(x, y), sum divided by n\n"),
}


def test_reductions(twin):
    made = twin(terms(*[(f"reduce = {each}",) for each in REDUCTIONS], type_="torch.MSELoss"))
    assert [each for texts in REDUCTIONS.values() for each in texts if each not in made.text] == []
    assert 'nn.MSELoss(reduction="none")' in made.text
    w = torch.tensor([1.0, 0.0, 0.5, 2.0], requires_grad=True)
    for dtype in (torch.float32, torch.bfloat16):
        x, y = (torch.randn(4, 3).to(dtype).requires_grad_() for _ in range(2))
        made.check(x=x, y=y, w=w, n=torch.tensor([3]))


def test_what_weighs_0_spreads_no_nan(twin):
    made = twin(term('reduce = { weights = "w", by = "weights" }', type_="torch.MSELoss"))
    x, y = draw(3), torch.tensor([1.0, torch.nan, 2.0])
    total = made.check(x=x, y=y, w=torch.tensor([True, False, True]))
    assert torch.autograd.grad(total, x)[0].isfinite().all()
    assert made.check(x=x, y=y, w=torch.zeros(3)).item() == 0.0


OF_RESULTS = [
    '"min"',
    '"max"',
    '{ combine = "sum", decay = 0.8 }',
    '{ combine = "mean", decay = 0.8 }',
]
OF_PAIRS_AND_ELEMENTS = [
    '{ combine = "mean", pairs = "all" }',
    '{ combine = "sum", pairs = "different" }',
    '{ combine = "min", of = "elements" }',
    '{ combine = "sum", decay = 0.5, of = "elements" }',
]


def test_lists(twin):
    keys = [f"lists = {each}\nreduce.weights = 'w'" for each in OF_RESULTS]
    keys += [f"lists = {each}\nreduce.weights = 'v'" for each in OF_PAIRS_AND_ELEMENTS]
    made = twin(terms(*[(each,) for each in keys]))
    xs, ys = [draw(4, 2) for _ in range(3)], [draw(4, 2) for _ in range(3)]
    for w in (torch.rand(4), [torch.rand(4), torch.rand(4, 1), torch.rand(4, 2)]):
        made.check(x=xs, y=ys, w=w, v=torch.rand(4))


def test_pairs_of_one_list(twin):
    made = twin(term('lists = { combine = "mean", pairs = "different" }', '["x", "x"]'))
    made.check(x=[draw(3) for _ in range(3)])


def test_terms_without_their_tensors_are_left_out(twin):
    made = twin(
        term("")
        + '[losses.b]\ntype = "torch.MSELoss"\ninputs = ["x", "out.labels"]\nif_missing = "skip"\n'
        + '[losses.c]\ntype = "torch.MSELoss"\ninputs = ["x", "y"]\nif_missing = "skip"\n'
        + 'reduce.weights = "w"\n'
        + "every = { steps = 2, gain = 2.0 }"
    )
    x, y, w = draw(4), draw(4), torch.rand(4)
    ours, module = made.manager.objective(), made.objectives["total"]
    outs = ({}, {"out": None}, {"out": {}}, {"out": {"labels": None}}, {"out": {"labels": y * 2}})
    for given in [{**out, **more} for out in outs for more in ({}, {"w": w}, {"w": None})]:
        theirs, mine = (each(x=x, y=y, **given) for each in (ours, module))
        torch.testing.assert_close(mine, theirs)
        grads = [torch.autograd.grad(each, x)[0] for each in (mine, theirs)]
        torch.testing.assert_close(*grads)
        has_labels = (given.get("out") or {}).get("labels") is not None
        wanted = {"a"} | ({"b"} if has_labels else set()) | ({"c"} if given.get("w") is not None else set())
        assert module.values.keys() == wanted


def test_a_field_is_no_method_of_the_tuple(twin):
    """Each tuple has a method `count`, which is no field."""
    made = twin(term("") + term('if_missing = "skip"', '["x", "out.count"]', name="b"))
    x, y = draw(4), draw(4)
    for out in (Output(x, []), {"count": y}):
        theirs, mine = (
            each(x=x, y=y, out=out) for each in (made.manager.objective(), made.objectives["total"])
        )
        assert mine.item() == theirs.item()


def test_without_a_term_the_total_is_a_zero(twin):
    made = twin(term('if_missing = "skip"'))
    total = made.objectives["total"]()
    assert total.item() == 0.0
    total.backward()
    x, y = draw(2), draw(2)
    assert made.objectives["total"](x=x, y=y).item() == made.manager.objective()(x=x, y=y).item()
