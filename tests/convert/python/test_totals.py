"""An exported module computes what the manager does, whatever the spec says of its terms."""

import pytest
import torch

L1 = 'type = "torch.L1Loss"\ninputs = ["x", "y"]'


@pytest.fixture
def pair():
    return {name: torch.randn(2, 3, 4, requires_grad=True) for name in ("x", "y")}


def lists(*names):
    return {name: [torch.randn(2, 3, requires_grad=True) for _ in range(3)] for name in names}


RAMP = 'type = "linear", unit = "{unit}", start = 0, end = 10, start_value = {first}, end_value = {last}'


def ramp(unit="epoch", first=0.0, last=2.0):
    return f"{{ {RAMP.format(unit=unit, first=first, last=last)} }}"


def test_weights_and_their_signs(twin, pair):
    made = twin(
        f"[losses.a]\n{L1}\nweight = -0.5\n"
        '[losses.b]\ntype = "torch.MSELoss"\ninputs = ["x", "y"]\nweight = -2\n'
        f"[losses.c]\n{L1}\n[losses.d]\n{L1}\nweight = 1e-3"
    )
    made.check(**pair)
    assert "return -0.5 * a - 2.0 * b + c + 0.001 * d" in made.text


@pytest.mark.parametrize("weight", ["0.5", "-1", "0"])
def test_the_weight_of_an_objective(twin, pair, weight):
    made = twin(f"[losses.a]\n{L1}\n[losses.b]\n{L1}\nweight = 3\n[objectives.total]\nweight = {weight}")
    made.check(**pair)


@pytest.mark.parametrize("at_zero", ["skip", "record", "compute"])
@pytest.mark.parametrize("epoch", [0, 5, 10])
def test_a_weight_that_moves_through_zero(twin, pair, at_zero, epoch):
    made = twin(f'[losses.a]\n{L1}\nweight = {ramp(first=-1.0, last=1.0)}\nat_zero = "{at_zero}"')
    made.check(clock={"epoch": epoch}, **pair)
    runs = epoch != 5 or at_zero != "skip"
    assert made.objectives["total"].values.keys() == ({"a"} if runs else set())


@pytest.mark.parametrize("at_zero", ["skip", "record", "compute"])
def test_a_weight_that_is_always_zero(twin, pair, at_zero):
    made = twin(
        f"[losses.a]\n{L1}\n"
        f'[losses.b]\ntype = "torch.MSELoss"\ninputs = ["x", "z"]\nweight = 0\nat_zero = "{at_zero}"'
    )
    made.check(z=torch.randn(2, 3, 4, requires_grad=True), **pair)
    assert ("b" in made.objectives["total"].values) == (at_zero != "skip")


@pytest.mark.parametrize("epoch", [0, 5, 10])
def test_an_objective_whose_weight_moves(twin, pair, epoch):
    made = twin(
        f"[losses.a]\n{L1}\n[losses.b]\n{L1}\nweight = 3\n"
        f'[losses.c]\n{L1}\nweight = {ramp()}\n[losses.d]\n{L1}\nat_zero = "compute"\n'
        f"[objectives.total]\nweight = {ramp(first=-1.0, last=1.0)}"
    )
    made.check(clock={"epoch": epoch}, **pair)


@pytest.mark.parametrize("step", [0, 1, 3, 4, 8])
def test_lazy_terms(twin, pair, step):
    made = twin(
        f"[losses.a]\n{L1}\nevery = {{ steps = 4, gain = 4.0 }}\nweight = 5\n"
        f"[losses.b]\n{L1}\nevery = {{ steps = 4, gain = 2.0 }}\nweight = {ramp('step')}"
    )
    total = made.check(clock={"step": step}, **pair)
    total.backward()  # also where no term runs
    assert "total + 5.0 * 4.0 * a" in made.text


@pytest.mark.parametrize("at_zero", ["skip", "compute"])
def test_lazy_terms_on_a_clock_that_jumps(twin, pair, at_zero):
    made = twin(f'[losses.a]\n{L1}\nevery = {{ steps = 4, gain = 4.0 }}\nat_zero = "{at_zero}"')
    steps = (0, 0, 1, 3, 6, 6, 7, 8, 21, 22, 5, 7, 8, 0, 1)
    found = [made.check(clock={"step": step}, **pair).item() != 0 for step in steps]
    assert "".join(str(int(each)) for each in found) == "110011011000110"


@pytest.mark.parametrize("inputs", ['["x", 2]', '{ input = "x", target = 1 }'])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 3, 2, 2)])
def test_numbers_as_classes(twin, inputs, shape):
    made = twin(f'[losses.a]\ntype = "torch.CrossEntropyLoss"\ninputs = {inputs}')
    made.check(x=torch.randn(shape, requires_grad=True))


def test_numbers_for_each_item(twin):
    made = twin('[losses.a]\ntype = "torch.CosineEmbeddingLoss"\ninputs = ["x", "y", -1]')
    made.check(**{name: torch.randn(4, 3, requires_grad=True) for name in ("x", "y")})


@pytest.mark.parametrize(
    "clock",
    [
        {"epoch": 5, "total_epochs": 20},
        {"step": 30, "total_steps": 40},
        {"epoch": 1, "step": 1, "total_steps": 2},
    ],
)
def test_fractions_of_the_run(twin, pair, clock):
    weight = '{ type = "cosine", unit = "fraction", start = 0, end = 1, start_value = 1.0, end_value = 3.0 }'
    twin(f"[losses.a]\n{L1}\nweight = {weight}").check(clock=clock, **pair)


def test_the_length_of_the_run_is_asked_for(twin, pair):
    weight = '{ type = "cosine", unit = "fraction", start = 0, end = 1, start_value = 1.0, end_value = 3.0 }'
    with pytest.raises(RuntimeError, match="total_steps"):
        twin(f"[losses.a]\n{L1}\nweight = {weight}").objectives["total"](**pair)


def test_an_argument_that_moves(twin, pair):
    made = twin(f'[losses.a]\ntype = "torch.HuberLoss"\ninputs = ["x", "y"]\nargs.delta = {ramp(first=0.1)}')
    for epoch in (0, 3, 10):
        made.check(clock={"epoch": epoch}, **pair)


@pytest.mark.parametrize("combine", ['"sum"', '"mean"', "[0.5, 0.0, 2.0]"])
@pytest.mark.parametrize(
    "inputs",
    [
        '["a", "b"]',
        '["a", 0.9]',
        '["a", { name = "b", detach = true }]',
        '["a", "x"]',
        '["a", "a"]',
        '[1, "a"]',
    ],
)
def test_lists(twin, combine, inputs):
    made = twin(f'[losses.l]\ntype = "torch.MSELoss"\ninputs = {inputs}\nlists = {combine}')
    made.check(x=torch.randn(2, 3, requires_grad=True), **lists("a", "b"))


def test_lists_of_different_lengths_are_refused(twin):
    made = twin('[losses.l]\ntype = "torch.MSELoss"\ninputs = ["a", "b"]\nlists = "sum"')
    given = lists("a", "b")
    with pytest.raises(ValueError, match="lists of one length"):
        made.objectives["total"](a=given["a"], b=given["b"][:2])


@pytest.mark.parametrize("combine", ["", 'lists = "mean"'])
def test_a_loss_that_takes_lists(twin, combine):
    inputs = '["a", { name = "b", detach = true }]'
    made = twin(f'[losses.l]\ntype = "lossspec.FeatureMatchingLoss"\ninputs = {inputs}\n{combine}')
    given = lists("a", "b")
    made.check(**{name: [each, each] for name, each in given.items()} if combine else given)


@pytest.mark.parametrize("value", ["0", "1", "0.9", "-1"])
def test_numbers_as_targets(twin, value):
    made = twin(f'[losses.a]\ntype = "torch.BCEWithLogitsLoss"\ninputs = ["x", {value}]')
    made.check(x=torch.randn(2, 3, requires_grad=True))


@pytest.mark.parametrize("shape", [(2, 3), (3,)])
def test_numbers_as_values_of_items(twin, shape):
    made = twin('[losses.a]\ntype = "torch.CosineEmbeddingLoss"\ninputs = ["x", "y", -1]')
    made.check(x=torch.randn(shape, requires_grad=True), y=torch.randn(shape, requires_grad=True))


def test_an_element_of_weight_0_is_not_computed(twin):
    made = twin('[losses.l]\ntype = "torch.MSELoss"\ninputs = ["a", 1]\nlists = [0.5, 0.0]')
    made.check(a=[torch.randn(2, requires_grad=True), torch.full((2,), torch.nan, requires_grad=True)])


def test_inputs_by_argument_and_detached(twin, pair):
    inputs = '{ target = { name = "y", detach = true }, input = "x" }'
    twin(f'[losses.a]\ntype = "torch.L1Loss"\ninputs = {inputs}').check(**pair)


def test_weights_of_classes_are_tensors(twin):
    made = twin(
        '[losses.a]\ntype = "torch.CrossEntropyLoss"\ninputs = ["x", "labels"]\nargs.weight = [1, 2, 0.5]'
    )
    made.check(x=torch.randn(4, 3, requires_grad=True), labels=torch.tensor([0, 1, 2, 1]))


def test_a_function_of_a_library_with_a_reduction_of_ours(twin):
    pytest.importorskip("kornia")
    made = twin(
        '[losses.a]\ntype = "kornia.js_div_loss_2d"\ninputs = ["x", "y"]\nargs.reduction = "mean"\n'
        "weight = 3\n"
        '[losses.b]\ntype = "kornia.BinaryFocalLossWithLogits"\ninputs = ["z", 1]\n'
        f"args = {{ alpha = 0.25, gamma = {ramp(first=2.0)}, reduction = 'mean' }}"
    )
    maps = {name: torch.rand(1, 1, 4, 4).softmax(-1).requires_grad_() for name in ("x", "y", "z")}
    for epoch in (0, 5):
        made.check(clock={"epoch": epoch}, **maps)


def test_what_a_library_returns_is_reduced(twin):
    pytest.importorskip("kornia")
    made = twin(
        '[losses.a]\ntype = "kornia.CharbonnierLoss"\ninputs = ["x", "y"]\nargs.reduction = "sum"\n'
        '[losses.b]\ntype = "lossspec.CharbonnierLoss"\ninputs = ["x", "y"]'
    )
    made.check(**{name: torch.rand(1, 1, 4, 4, requires_grad=True) for name in ("x", "y")})
    assert "from kornia.losses import CharbonnierLoss as kornia_CharbonnierLoss" in made.text


def test_half_precision_stays(twin):
    made = twin(f"[losses.a]\n{L1}\nweight = {ramp()}\n[losses.b]\n{L1}\nweight = {ramp(first=1.0)}")
    given = {name: torch.randn(4, dtype=torch.bfloat16) for name in ("x", "y")}
    made.objectives["total"].set_progress(epoch=3)
    assert made.objectives["total"](**given).dtype == torch.bfloat16


def test_a_sum_of_many_terms_is_written_in_parts(twin, pair):
    """Python does not parse, or unparse, a sum of a thousand terms."""
    made = twin("".join(f"[losses.a{i}]\n{L1}\nweight = {(i + 1) / 7}\n" for i in range(140)))
    assert made.text.count("        total = (\n") == 2
    made.check(**pair)


def test_names_are_handed_out_without_trying_a_million(calls):
    from lossspec.convert.python.names import Names

    names = Names()
    taken = []
    assert calls(lambda: taken.extend(names.take("lambda") for _ in range(1000))) < 20_000
    assert taken[:2] == ["lambda_2", "lambda_3"]
    assert len({*taken}) == 1000
