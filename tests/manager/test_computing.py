import gc
import math
import weakref

import pytest
import torch

from lossspec import LossManager, schedules
from lossspec.errors import ClockError, LossInputError, LossResultError, UnknownNameError


def test_two_three_and_n_inputs_give_the_weighted_result(xy):
    x, y = xy
    manager = LossManager()
    manager.register_loss_fn("one", lambda a: a.mean(), 2.0)
    manager.register_loss_fn("two", torch.nn.L1Loss(), 3.0)
    manager.register_loss_fn("three", torch.nn.TripletMarginLoss(), 4.0)
    manager.register_loss_fn("four", lambda a, b, c, d: (a * b * c * d).sum(), 5.0)
    anchor = x + 0.0
    results = {
        "one": (manager.compute_loss("one", x), 2.0 * x.mean()),
        "two": (manager.compute_loss_xy("two", x, y), 3.0 * (x - y).abs().mean()),
        "three": (
            manager.compute_loss_xyz("three", anchor, y, y),
            4.0 * torch.nn.functional.triplet_margin_loss(anchor, y, y),
        ),
        "four": (manager.compute_loss("four", x, y, x, y), 5.0 * (x * y * x * y).sum()),
    }
    for name, (found, expected) in results.items():
        assert torch.equal(found, expected), name
        (gradient,) = torch.autograd.grad(found, x, retain_graph=True)
        (wanted,) = torch.autograd.grad(expected, x, retain_graph=True)
        assert torch.equal(gradient, wanted), name


def test_a_map_gives_the_weighted_map_and_its_mean_is_recorded(xy):
    x, y = xy
    manager = LossManager()
    manager.register_loss_fn("map", torch.nn.L1Loss(reduction="none"), 3.0)
    found = manager.compute_loss_xy("map", x, y)
    expected = 3.0 * (x - y).abs()
    assert torch.equal(found, expected)
    found.data.add_(100.0)  # what the caller does to it afterwards changes no record
    kept = manager.get_loss_tensors()["map"]
    assert torch.equal(kept, expected)
    assert not kept.requires_grad
    assert manager.get_loss_values(precision=None)["map"] == pytest.approx(expected.mean().item(), rel=1e-6)


def test_in_place_changes_of_the_result_keep_the_record(xy):
    manager = LossManager()
    manager.register_loss_fn("given", lambda value: value)
    result = manager.compute_loss("given", torch.tensor(2.0))
    result += 100.0
    assert manager.get_loss_values() == {"given": 2.0}


def test_terms_times_objective_weight_add_up_to_the_total(xy):
    manager = LossManager.from_spec("pix2pix")
    pred_real, pred_fake = torch.randn(2, 1, 4, 4), torch.randn(2, 1, 4, 4)
    total = manager.objective("D")(pred_real=pred_real, pred_fake=pred_fake)
    real = manager.compute_loss_xy("D_real", pred_real, torch.ones_like(pred_real))
    fake = manager.compute_loss_xy("D_fake", pred_fake, torch.zeros_like(pred_fake))
    assert (real + fake).item() == pytest.approx(total.item(), rel=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda m, x: m.compute_loss_xy("l1_loss", x, x),
            UnknownNameError,
            "unknown loss `l1_loss`: a loss with a similar name exists: `l1_los`",
        ),
        (
            lambda m, x: m.compute_loss("l1_los", x),
            LossInputError,
            "`l1_los` expects 2 inputs (`input`, `target`), got 1",
        ),
        (
            lambda m, x: m.compute_loss_xyz("l1_los", x, x, x),
            LossInputError,
            "`l1_los` expects 2 inputs (`input`, `target`), got 3",
        ),
        (
            lambda m, _: m.compute_loss("optional"),
            LossInputError,
            "`optional` expects 1 to 2 inputs (`x`, `_y`), got 0",
        ),
        (
            lambda m, _: m.compute_loss("starred"),
            LossInputError,
            "`starred` expects at least 1 input (`x`), got 0",
        ),
        (
            lambda m, x: m.compute_loss("no_input", x),
            LossInputError,
            "`no_input` expects 0 inputs, got 1",
        ),
        (
            lambda m, x: m.compute_loss("number", x),
            LossResultError,
            "`number` must return a tensor, got the float 0.5",
        ),
        (
            lambda m, x: m.compute_loss("pair", x),
            LossResultError,
            (
                "`pair` must return a tensor, got a tuple of 2: wrap it in a function that returns "
                "one tensor, and register that"
            ),
        ),
        (
            lambda m, x: m.compute_loss("nothing", x),
            LossResultError,
            "`nothing` must return a tensor, got None",
        ),
        (
            lambda m, x: m.compute_loss("early", x),
            ClockError,
            (
                "the weight of `early` is unknown: a schedule with the unit `fraction` needs the length "
                "of the run: call `manager.set_progress(total_steps=...)` or "
                "`manager.set_progress(total_epochs=...)` first"
            ),
        ),
    ],
)
def test_an_invalid_call_names_the_loss_and_records_nothing(call, error, message):
    manager = LossManager()
    manager.register_loss_fn("l1_los", torch.nn.L1Loss())
    manager.register_loss_fn("optional", lambda x, _y=None, *, _z=1: x.mean())
    manager.register_loss_fn("starred", lambda x, *_: x.mean())
    manager.register_loss_fn("no_input", lambda: torch.zeros(()))
    manager.register_loss_fn("number", lambda _: 0.5)
    manager.register_loss_fn("pair", lambda x: (x, x))
    manager.register_loss_fn("nothing", lambda _: None)
    window = schedules.window(value=1.0, end=0.5, unit="fraction")
    manager.register_loss_fn("early", lambda x: x.mean(), schedule=window)
    with pytest.raises(error) as raised:
        call(manager, torch.ones(3))
    assert str(raised.value) == message
    assert all(math.isnan(value) for value in manager.get_loss_values().values())


def test_an_error_within_a_loss_names_the_loss_and_inputs():
    manager = LossManager()
    manager.register_loss_fn("product", torch.matmul)
    manager.register_loss_fn("typed", lambda x: x + "1")
    with pytest.raises(TypeError) as raised:
        manager.compute_loss("typed", torch.ones(3))
    assert raised.value.__notes__ == ["in the loss `typed`, called with a float32 tensor of shape (3,)"]
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as raised:
        manager.compute_loss_xy("product", torch.ones(3, 2), torch.ones(3, 2))
    assert "in the loss `product`" in raised.value.__notes__[0]


def test_epoch_moves_the_clock_forward_and_never_back(xy):
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss(), schedule=lambda t: t)
    weights = []
    for epoch in [None, 3, 2, None, 4.5]:
        manager.compute_loss_xy("a", *xy, epoch=epoch)
        weights.append(manager.get_loss_weights()["a"])
    assert weights == [0.0, 3.0, 3.0, 3.0, 4.5]
    manager.set_progress(epoch=1)
    assert manager.get_loss_weights()["a"] == 1.0


def test_weight_zero_records_the_raw_value(xy):
    manager = LossManager()
    manager.register_loss_fn("a", torch.nn.L1Loss(), 0.0)
    assert manager.compute_loss_xy("a", *xy).item() == 0.0
    history = manager.get_registered_losses(strip=False)["a"].history
    assert history.raw[0] == pytest.approx((xy[0] - xy[1]).abs().mean().item())
    assert (history.weights[0], history.losses[0]) == (0.0, 0.0)


def test_values_are_recorded_in_32_bits_whatever_they_come_in():
    manager = LossManager()
    manager.register_loss_fn("given", lambda x: x, 3.0)
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        value = torch.tensor(0.1, dtype=dtype)
        result = manager.compute_loss("given", value)
        assert result.dtype == dtype
        history = manager.get_registered_losses(strip=False)["given"].history
        assert history.raw[-1] == value.float().item()


def test_the_mean_of_a_half_precision_map_does_not_overflow():
    manager = LossManager()
    manager.register_loss_fn("map", lambda x: x)
    manager.compute_loss("map", torch.full((4,), 60000.0, dtype=torch.float16))
    assert manager.get_loss_values(precision=None)["map"] == 60000.0


@pytest.mark.parametrize("inputs", [(), ("no",)])
def test_an_error_keeps_no_input_alive_once_it_is_handled(inputs):
    manager = LossManager()
    manager.register_loss_fn("l1", torch.nn.L1Loss())

    def fail():
        large = torch.rand(3, 3, requires_grad=True) * 2
        with pytest.raises((LossInputError, TypeError, AttributeError)):
            manager.compute_loss("l1", large, *inputs)
        return weakref.ref(large)

    gc.collect()
    gc.disable()
    try:
        large = fail()
        assert large() is None
    finally:
        gc.enable()
