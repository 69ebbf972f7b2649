"""``reduce``: the elements of a loss as one number, by formulas written by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from lossspec import register_loss
from lossspec.errors import LossInputError, LossResultError, LossSpecError, UnknownNameError
from lossspec.language.model import Divisor, Input, Reduce
from lossspec.manager.loss.reduce import Reducer


@pytest.fixture(scope="module", autouse=True)
def _losses():
    @register_loss("test_reduce.Root")
    class Root(torch.nn.Module):
        """The square root of each element, whose slope at 0 is infinite."""

        def forward(self, elements):
            return elements.sqrt()

    @register_loss("test_reduce.Mean")
    class Mean(torch.nn.Module):
        """One number."""

        def forward(self, elements):
            return elements.mean()


def total(make_manager, tensors, **term):
    return make_manager(a=term).objective()(**tensors)


def draw(*shape, dtype=torch.float32):
    x, y = (torch.randn(shape, dtype=torch.float64).to(dtype) for _ in range(2))
    return x.requires_grad_(), y


def same(found, expected, *leaves):
    """Compare values and gradients."""
    torch.testing.assert_close(found, expected)
    ours, theirs = (torch.autograd.grad(each, leaves, retain_graph=True) for each in (found, expected))
    torch.testing.assert_close(ours, theirs)


WORDS = {
    "mean": lambda e: e.mean(),
    "sum": lambda e: e.sum(),
    "batch": lambda e: e.flatten(1).sum(1).mean(),
}


@pytest.mark.parametrize("word", WORDS)
def test_words_reduce_without_weights(make_manager, word):
    x, y = draw(4, 3, 5)
    same(total(make_manager, {"x": x, "y": y}, reduce=word), WORDS[word]((x - y).abs()), x)


def test_a_sum_is_divided_by_a_number(make_manager):
    x, y = draw(4, 3)
    same(total(make_manager, {"x": x, "y": y}, reduce={"by": 5}), (x - y).abs().sum() / 5, x)


def test_a_mask_selects_pixels_as_masked_autoencoders_do(make_manager):
    """MAE: ``(loss.mean(-1) * mask).sum() / mask.sum()``; the mask has no dimension of pixels."""
    x, y = draw(2, 7, 12)
    mask = torch.rand(2, 7) < 0.5
    term = {"type": "torch.MSELoss", "reduce": {"weights": "mask", "by": "weights"}}
    expected = (((x - y) ** 2).mean(-1) * mask).sum() / mask.sum()
    same(total(make_manager, {"x": x, "y": y, "mask": mask}, **term), expected, x)


def test_min_snr_weighs_samples(make_manager):
    """diffusers, train_text_to_image: the mean of each image, times its weight, then the mean."""
    x, y = draw(6, 4, 8, 8)
    snr = torch.rand(6) * 20
    weights = torch.stack([snr, 5.0 * torch.ones_like(snr)], dim=1).min(dim=1)[0] / snr
    term = {"type": "torch.MSELoss", "reduce": {"weights": "w"}}
    loss = functional.mse_loss(x, y, reduction="none")
    expected = (loss.mean(dim=list(range(1, len(loss.shape)))) * weights).mean()
    same(total(make_manager, {"x": x, "y": y, "w": weights}, **term), expected, x)


def test_tokens_are_averaged_without_padding(make_manager):
    """The mean over tokens of a batch, as cross entropy with ``ignore_index`` has it."""
    logits, target = torch.randn(3, 11, 7, requires_grad=True), torch.randint(0, 11, (3, 7))
    attended = torch.arange(7) < torch.tensor([[7], [4], [1]])
    term = {
        "type": "torch.CrossEntropyLoss",
        "inputs": ["p", "t"],
        "reduce": {"weights": "m", "by": "weights"},
    }
    expected = functional.cross_entropy(logits, target.masked_fill(~attended, -100))
    same(total(make_manager, {"p": logits, "t": target, "m": attended.long()}, **term), expected, logits)


def test_positives_divide_and_never_by_less_than_one(make_manager):
    """RetinaNet: the sum of the focal loss, divided by the number of positives, at least 1."""
    logits, target = torch.randn(2, 9, requires_grad=True), torch.zeros(2, 9)
    term = {
        "type": "torch.BCEWithLogitsLoss",
        "inputs": ["p", "t"],
        "reduce": {"by": {"name": "n", "minimum": 1}},
    }
    manager = make_manager(a=term)
    bce = functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
    for count in (torch.tensor(0), torch.tensor([3]), torch.tensor([[[7.0]]]), 4, 2.5):
        expected = bce / max(1.0, float(count))
        same(manager.objective()(p=logits, t=target, n=count), expected, logits)


def test_ppo_weighs_what_the_model_computed(make_manager):
    values, mask = torch.randn(5, 6, requires_grad=True), torch.rand(5, 6) < 0.7
    term = {"type": "lossspec.Precomputed", "inputs": ["v"], "reduce": {"weights": "m", "by": "batch"}}
    same(total(make_manager, {"v": values, "m": mask}, **term), (values * mask).sum() / 5, values)


def test_weights_and_divisors_select_and_detach(make_manager):
    x, y = draw(4, 3)
    w, n = torch.rand(4, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    reduce = {"weights": {"name": "out.w[0]", "detach": True}, "by": {"name": "out.n"}}
    manager = make_manager(a={"reduce": reduce})
    assert manager.objective().needed() == {"x", "y", "out"}
    found = manager.objective()(x=x, y=y, out={"w": [w], "n": n})
    same(found, ((x - y).abs() * w.detach()[:, None]).sum() / n, x, n)
    assert torch.autograd.grad(found, w, allow_unused=True) == (None,)


def test_weights_get_a_gradient(make_manager):
    x, y = draw(4, 3)
    w = torch.rand(4, requires_grad=True)
    found = total(make_manager, {"x": x, "y": y, "w": w}, reduce={"weights": "w", "by": "weights"})
    same(found, ((x - y).abs() * w[:, None]).sum() / (w.sum() * 3), x, w)


shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@given(
    shapes,
    st.integers(0, 4),
    st.sets(st.integers(0, 3)),
    st.sampled_from(["elements", "weights", "batch", 2.5]),
    st.integers(0, 99),
)
def test_any_shape_of_weights_expands_over_the_rest(shape, leading, ones, by, seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = [1 if index in ones else size for index, size in enumerate(shape[:leading])]
    elements = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(sizes, generator=generator, dtype=torch.float64) + 0.1
    weights.requires_grad_()
    expanded = weights.reshape(*sizes, *[1] * (len(shape) - len(sizes))).expand(shape)
    divisor = {"elements": elements.numel(), "weights": expanded.sum(), "batch": shape[0]}.get(by, by)
    found = Reducer("a", Reduce(Input("w"), by))(elements, [weights])
    same(found, (elements * expanded).sum() / divisor, elements, weights)


@given(shapes, st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_weights_of_another_shape_are_refused(shape, sizes):
    fits = len(sizes) <= len(shape) and all(size in (1, of) for size, of in zip(sizes, shape, strict=False))
    reducer = Reducer("a", Reduce(Input("w", selectors=(0,))))
    if fits:
        assert reducer(torch.ones(shape), [torch.ones(sizes)]).item() == 1.0
        return
    with pytest.raises(LossInputError) as raised:
        reducer(torch.ones(shape), [torch.ones(sizes)])
    assert str(raised.value) == (
        f"`a` cannot weigh elements of shape {tuple(shape)} by the weights `w[0]` of shape {tuple(sizes)}: "
        "weights must have the shape of the leading dimensions of the elements, or size 1 there"
    )


@pytest.mark.parametrize("by", ["elements", "weights", "batch", 3])
@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_what_weighs_0_spreads_neither_value_nor_gradient(make_manager, by, poison):
    x, y = draw(4, 3)
    y[1], w = poison, torch.tensor([1.0, 0.0, 2.0, 0.5], requires_grad=True)
    term = {"type": "torch.MSELoss", "reduce": {"weights": "w", "by": by}}
    found = total(make_manager, {"x": x, "y": y, "w": w}, **term)
    kept = torch.tensor([0, 2, 3])
    part = (((x - y) ** 2)[kept] * w[kept, None]).sum()
    expected = part / {"elements": 12, "weights": w.sum() * 3, "batch": 4}.get(by, by)
    torch.testing.assert_close(found, expected)
    ours, of_weights = torch.autograd.grad(found, (x, w))
    assert ours[1].tolist() == [0.0, 0.0, 0.0]
    assert of_weights.isfinite().all()
    expected_of_x = torch.autograd.grad(expected, x)[0]
    torch.testing.assert_close(ours[kept], expected_of_x[kept])


def test_an_infinite_slope_at_weight_0_gives_no_nan(make_manager):
    x = torch.tensor([4.0, 0.0], requires_grad=True)
    term = {"type": "test_reduce.Root", "inputs": ["x"], "reduce": {"weights": "w", "by": 1}}
    total(make_manager, {"x": x, "w": torch.tensor([True, False])}, **term).backward()
    assert x.grad.tolist() == [0.25, 0.0]


def test_nan_of_a_weighed_element_is_not_hidden(make_manager):
    x, y = torch.zeros(2, requires_grad=True), torch.tensor([math.nan, 1.0])
    term = {"type": "torch.MSELoss", "reduce": {"weights": "w"}}
    found = total(make_manager, {"x": x, "y": y, "w": torch.tensor([1.0, 0.0])}, **term)
    assert found.isnan()
    assert torch.autograd.grad(found, x)[0].isnan().tolist() == [True, False]


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0]])
def test_weights_that_sum_to_0_give_0_without_gradient(make_manager, weights):
    x, y = draw(2, 3)
    w = torch.tensor(weights, requires_grad=True)
    found = total(make_manager, {"x": x, "y": y, "w": w}, reduce={"weights": "w", "by": "weights"})
    assert found.item() == 0.0
    for each in torch.autograd.grad(found, (x, w)):
        assert not each.any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_short_types_are_summed_in_32_bits(make_manager, dtype):
    x, y = draw(64, 64, dtype=dtype)
    mask = (torch.rand(64) < 0.5).to(dtype)
    for reduce, expected in (
        ("mean", (x - y).abs().float().mean()),
        ("batch", (x - y).abs().float().sum() / 64),
        (
            {"weights": "m", "by": "weights"},
            ((x - y).abs().float() * mask.float()[:, None]).sum() / (mask.sum() * 64).float(),
        ),
    ):
        given = {"x": x, "y": y} | ({"m": mask} if isinstance(reduce, dict) else {})
        found = total(make_manager, given, reduce=reduce)
        assert found.dtype is dtype
        assert torch.equal(found, expected.to(dtype))
    large = torch.full((1000,), 60000.0, dtype=dtype)  # their sum is more than 16 bits hold
    assert total(make_manager, {"x": large, "y": large * 0}, reduce="mean").item() == large[0].item()


def test_sums_keep_the_wider_type_of_the_elements(make_manager):
    x, y = draw(5, dtype=torch.float64)
    found = total(make_manager, {"x": x, "y": y, "w": torch.ones(5)}, reduce={"weights": "w"})
    assert found.dtype is torch.float64
    assert found.item() == pytest.approx((x - y).abs().mean().item(), rel=1e-15)


def test_integers_are_averaged(make_manager):
    term = {"type": "lossspec.Precomputed", "inputs": ["v"], "reduce": "mean"}
    assert total(make_manager, {"v": torch.tensor([1, 2])}, **term).item() == 1.5


def test_second_derivatives_are_those_by_hand(make_manager):
    x, y = draw(4, 3, dtype=torch.float64)
    w = torch.tensor([1.0, 0.0, 2.0, 0.5], dtype=torch.float64)
    term = {"type": "torch.MSELoss", "reduce": {"weights": "w", "by": "weights"}}
    manager = make_manager(a=term)
    found = manager.objective()(x=x, y=y, w=w)
    expected = ((x - y) ** 2 * w[:, None]).sum() / (3 * w.sum())
    seconds = []
    for each in (found, expected):
        (first,) = torch.autograd.grad(each, x, create_graph=True)
        seconds.append(torch.autograd.grad((first**2).sum(), x)[0])
    torch.testing.assert_close(*seconds)


@pytest.mark.parametrize(
    "reduce", ["mean", {"weights": "w", "by": "weights"}, {"weights": "w", "by": {"name": "n", "minimum": 1}}]
)
def test_it_compiles_to_one_graph(compiled, make_manager, reduce):
    manager = make_manager(a={"type": "torch.MSELoss", "reduce": reduce})
    plain = manager.objective()
    objective, counter = compiled(plain)
    names = plain.needed()
    for _ in range(3):
        x, y = draw(4, 3)
        given = {"x": x, "y": y, "w": torch.rand(4).round(), "n": torch.tensor(2)}
        given = {name: given[name] for name in names}
        same(objective(**given), plain(**given), x)
    assert counter.frame_count == 1


@pytest.mark.parametrize("backend", ["eager", pytest.param("aot_eager", marks=pytest.mark.slow)])
def test_a_graph_keeps_nan_out_of_gradients(make_manager, backend):
    """Warnings are errors: a graph that holds an ``autograd.Function`` of ours would raise one of torch's."""
    plain = make_manager(a={"type": "torch.MSELoss", "reduce": {"weights": "w", "by": "weights"}}).objective()
    objective = torch.compile(plain, backend=backend, fullgraph=True)
    x, y = draw(4, 3)
    y[1], w = torch.nan, torch.tensor([1.0, 0.0, 0.5, 2.0])
    found = torch.autograd.grad(objective(x=x, y=y, w=w), x)[0]
    assert torch.equal(found, torch.autograd.grad(plain(x=x, y=y, w=w), x)[0])
    expected = 2 * (x - y) * w[:, None] / (w.sum() * 3)
    torch.testing.assert_close(found, expected.detach().nan_to_num())


def test_short_types_are_the_same_compiled(compiled, make_manager):
    plain = make_manager(a={"type": "torch.MSELoss", "reduce": {"weights": "w", "by": "weights"}}).objective()
    objective, _ = compiled(plain)
    x, y = draw(4, 3, dtype=torch.bfloat16)
    w = torch.tensor([1.0, 0.0, 0.5, 2.0])
    found, expected = objective(x=x, y=y, w=w), plain(x=x, y=y, w=w)
    assert found.dtype is torch.bfloat16
    assert torch.equal(found, expected)
    assert torch.equal(*(torch.autograd.grad(each, x)[0] for each in (found, expected)))


def test_nothing_is_read_from_the_device(make_manager):
    """A read of a value would fail on the meta device."""
    x, w = torch.empty(4, 3, device="meta"), torch.empty(4, device="meta")
    for by in ("elements", "weights", "batch", 2.0, Divisor("n", minimum=1.0)):
        reducer = Reducer("a", Reduce(Input("w"), by))
        assert reducer(x, [w, w.sum()]).shape == ()


def test_the_recorded_value_is_the_reduced_one(make_manager):
    x, y = draw(4, 3)
    manager = make_manager(a={"reduce": {"weights": "w"}, "weight": 10.0})
    found = manager.objective()(x=x, y=y, w=torch.arange(4))
    assert manager.get_loss_values(precision=None)["a"] == pytest.approx(found.item(), rel=1e-6)


@pytest.mark.parametrize(
    ("reduce", "tensors", "error", "message"),
    [
        (
            {"weights": "w"},
            {"w": "no"},
            LossInputError,
            "`a` expects a tensor as weights `w`, got the str 'no'",
        ),
        (
            {"weights": "w"},
            {"w": [torch.ones(2)]},
            LossInputError,
            "`a` expects a tensor as weights `w`, got a list of 1",
        ),
        (
            {"weights": "w"},
            {"w": torch.ones(2, device="meta")},
            LossInputError,
            "`a` expects weights `w` on cpu, got a tensor on meta",
        ),
        (
            {"by": {"name": "n"}},
            {"n": torch.ones(2)},
            LossInputError,
            (
                "`a` expects a number or a tensor of one element as divisor `n`, got a float32 tensor of "
                "shape (2,)"
            ),
        ),
        (
            {"by": {"name": "n"}},
            {"n": None},
            LossInputError,
            "`a` expects a number or a tensor of one element as divisor `n`, got None",
        ),
    ],
)
def test_wrong_weights_and_divisors_are_explained(make_manager, reduce, tensors, error, message):
    with pytest.raises(error) as raised:
        total(make_manager, {"x": torch.ones(2), "y": torch.ones(2), **tensors}, reduce=reduce)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("reduce", "message"),
    [
        (
            {"weights": "w"},
            (
                "`a` returned one number, and the weights `w` of shape (2,) need its elements: use a loss "
                "that returns them"
            ),
        ),
        (
            "batch",
            (
                '`a` returned one number, and `reduce` by "batch" needs a dimension of items: use a loss '
                "that returns them"
            ),
        ),
    ],
)
def test_a_loss_of_one_number_has_no_elements(make_manager, reduce, message):
    term = {"type": "test_reduce.Mean", "inputs": ["x"], "reduce": reduce}
    given = {"x": torch.ones(2)} | ({"w": torch.ones(2)} if isinstance(reduce, dict) else {})
    with pytest.raises(LossResultError) as raised:
        total(make_manager, given, **term)
    assert str(raised.value) == message


def test_a_loss_without_elements_is_refused_when_it_is_built(make_manager):
    with pytest.raises(LossSpecError, match='has no `reduction = "none"`, and returns no elements'):
        make_manager(a={"type": "lossspec.GaussianKLLoss", "inputs": ["x", "y"], "reduce": "mean"})
    with pytest.raises(LossSpecError, match="`a` has both `reduce` and"):
        make_manager(a={"args": {"reduction": "sum"}, "reduce": "mean"})


def test_compute_loss_takes_the_tensors_of_reduce_by_name(make_manager):
    x, y = draw(4, 3)
    w, n = torch.rand(4), torch.tensor(3.0)
    manager = make_manager(
        a={"inputs": ["out[0]", "out[1]"], "weight": 2.0, "reduce": {"weights": "w[0]", "by": {"name": "n"}}},
        b={"reduce": "batch"},
        c={},
    )
    expected = 2.0 * ((x - y).abs() * w[:, None]).sum() / n
    same(manager.compute_loss("a", x, y, w=w, n=n), expected, x)
    same(manager.compute_loss_xy("a", x, y, w=w, n=n), expected, x)
    same(manager.compute_loss("b", x, y), (x - y).abs().sum() / 4, x)
    assert manager.get_loss_values(precision=None)["a"] == pytest.approx(expected.item(), rel=1e-6)
    with pytest.raises(LossInputError, match="`a` is missing tensor `n`, which its `reduce` takes: pass `n="):
        manager.compute_loss("a", x, y, w=w)
    with pytest.raises(LossInputError, match="`a` is missing tensor `w`"):
        manager.compute_loss_xy("a", x, y)
    with pytest.raises(
        UnknownNameError, match="unknown tensor `m` in `reduce` of `a`: expected one of `n`, `w`"
    ):
        manager.compute_loss("a", x, y, w=w, n=n, m=n)
    with pytest.raises(UnknownNameError, match="unknown tensor `w` in `reduce` of `c`: there are none"):
        manager.compute_loss("c", x, y, w=w)


def test_compute_loss_guards_the_gradient_too(make_manager):
    x, y = torch.zeros(2, requires_grad=True), torch.tensor([math.nan, 1.0])
    manager = make_manager(a={"type": "torch.MSELoss", "reduce": {"weights": "w", "by": 1}})
    manager.compute_loss("a", x, y, w=torch.tensor([0, 1])).backward()
    assert x.grad.tolist() == [0.0, -2.0]


def test_torch_func_differentiates_it(make_manager):
    manager = make_manager(a={"type": "torch.MSELoss", "reduce": {"weights": "w", "by": 1}})
    objective = manager.objective()
    y, w = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0])
    with manager.unrecorded():
        found = torch.func.grad(lambda x: objective(x=x, y=y, w=w))(torch.zeros(2))
    assert found.tolist() == [-2.0, 0.0]
