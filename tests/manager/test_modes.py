"""Losses in training loops: mixed precision, accumulation, checkpointing, no_grad, and more."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from lossspec import LossManager


@pytest.fixture
def manager():
    return LossManager.from_spec("pix2pix+extended")


@pytest.fixture
def tensors():
    return {
        "y_fake": torch.rand(2, 3, 8, 8, requires_grad=True),
        "y": torch.rand(2, 3, 8, 8),
        "pred_fake": torch.randn(2, 1, 2, 2, requires_grad=True),
    }


def rows(manager):
    return {
        name: len(loss.history) for name, loss in manager.get_registered_losses(["G"], strip=False).items()
    }


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_total_matches_by_hand_and_records_are_float32(manager, tensors, dtype):
    model = nn.Conv2d(3, 3, 1)
    f = nn.functional
    with torch.autocast("cpu", dtype=dtype):
        tensors["y_fake"] = model(tensors["y"])
        assert tensors["y_fake"].dtype == dtype
        total = manager.objective("G")(**tensors)
        losses = manager.get_registered_losses(["G"], strip=False)
        p, x, y = tensors["pred_fake"], tensors["y_fake"], tensors["y"]
        by_hand = (
            f.binary_cross_entropy_with_logits(p, torch.ones_like(p))
            + 100.0 * f.l1_loss(x, y)
            + 10.0 * f.mse_loss(x, y)
            + 10.0 * losses["G_SOBEL"].function(x, y)
            + 10.0 * losses["G_LAP"].function(x, y)
        )
    assert total.dtype == by_hand.dtype
    assert torch.equal(total, by_hand)
    total.backward()
    assert model.weight.grad.dtype == torch.float32
    assert losses["G_L1"].history.raw[0] == pytest.approx(f.l1_loss(x, y).item(), rel=1e-2)


def test_a_scaled_loss_is_recorded_unscaled(manager, tensors):
    scaler = torch.amp.GradScaler("cpu")
    optimizer = torch.optim.SGD([tensors["y_fake"]], lr=0.1)
    expected = 100 * nn.functional.l1_loss(tensors["y_fake"], tensors["y"]).item()
    scaler.scale(manager.objective("G")(**tensors)).backward()
    scaler.step(optimizer)
    scaler.update()
    assert manager.get_loss_values(precision=None)["G_L1"] == pytest.approx(expected, rel=1e-6)


def test_accumulation_records_each_micro_batch_undivided(manager, tensors):
    objective = manager.objective("G")
    for _ in range(4):
        (objective(**tensors) / 4).backward()
    manager.step()
    whole = LossManager.from_spec("pix2pix+extended").objective("G")(**tensors)
    (wanted,) = torch.autograd.grad(whole, tensors["y_fake"])
    assert torch.allclose(tensors["y_fake"].grad, wanted)
    assert set(rows(manager).values()) == {4}


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_a_checkpointed_forward_is_recorded_once(manager, tensors, use_reentrant):
    objective = manager.objective("G")
    conv = nn.Conv2d(3, 3, 1)

    def whole(image):
        y_fake = torch.sigmoid(conv(image))
        one = manager.compute_loss_xy("G_L1", y_fake, tensors["y"])
        return one + objective(y_fake=y_fake, y=tensors["y"], pred_fake=tensors["pred_fake"])

    image = torch.rand(2, 3, 8, 8, requires_grad=True)
    found = checkpoint(whole, image, use_reentrant=use_reentrant)
    found.backward()
    assert rows(manager) == {"G_GAN": 1, "G_L1": 2, "G_L2": 1, "G_SOBEL": 1, "G_LAP": 1}
    by_hand = image.grad.clone()
    image.grad = None
    whole(image).backward()
    assert torch.allclose(image.grad, by_hand)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_it_computes_and_records(manager, tensors, mode):
    expected = manager.objective("G")(**tensors).item()
    with mode():
        inside = LossManager.from_spec("pix2pix+extended")  # made within, used outside
        assert manager.objective("G")(**tensors).item() == expected
        assert inside.objective("G")(**tensors).item() == expected
        assert not manager.compute_loss_xy("G_L1", tensors["y_fake"], tensors["y"]).requires_grad
    inside.objective("G")(**tensors).backward()
    assert rows(manager) == {"G_GAN": 2, "G_L1": 3, "G_L2": 2, "G_SOBEL": 2, "G_LAP": 2}
    assert rows(inside)["G_L2"] == 2


def test_second_derivatives_are_those_of_the_hand_written_sum(manager):
    x = torch.rand(1, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    y = torch.rand(1, 3, 4, 4, dtype=torch.float64)

    def penalty(total):
        (gradient,) = torch.autograd.grad(total, x, create_graph=True)
        return torch.autograd.grad(gradient.pow(2).sum(), x)[0]

    found = penalty(manager.compute_loss_xy("G_L2", x, y))
    assert torch.equal(found, penalty(nn.functional.mse_loss(x, y) * 10.0))
    p = torch.zeros(1, 1, 2, 2, dtype=torch.float64, requires_grad=True)
    total = manager.objective("G")(y_fake=x, y=y, pred_fake=p)
    assert torch.isfinite(penalty(total)).all()


def test_double_precision_stays_double(manager, tensors):
    doubles = {name: tensor.detach().double().requires_grad_() for name, tensor in tensors.items()}
    total = manager.objective("G")(**doubles)
    assert total.dtype == torch.float64
    assert torch.autograd.gradcheck(
        lambda x: manager.compute_loss_xy("G_L2", x, doubles["y"]), (doubles["y_fake"],)
    )


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_a_function_compiled_around_compute_loss_still_records(manager, tensors):
    @torch.compile(backend="eager")
    def step(x, y):
        return manager.compute_loss_xy("G_L1", x, y) * 2

    for _ in range(3):
        found = step(tensors["y_fake"], tensors["y"])
    assert found.item() == pytest.approx(200 * nn.functional.l1_loss(tensors["y_fake"], tensors["y"]).item())
    assert rows(manager)["G_L1"] == 3


def test_derivatives_by_functional_transforms_record_too(manager, tensors):
    y = tensors["y"]
    gradient = torch.func.grad(lambda x: manager.compute_loss_xy("G_L2", x, y))(tensors["y_fake"].detach())
    assert torch.allclose(gradient, 20 * (tensors["y_fake"].detach() - y) / y.numel())


@pytest.mark.parametrize("call", ["compute_loss_xy", "objective"])
def test_a_value_for_each_sample_is_an_error(manager, tensors, call):
    def loss(x, y):
        if call == "objective":
            return manager.objective("G")(y_fake=x, y=y, pred_fake=tensors["pred_fake"])
        return manager.compute_loss_xy("G_L1", x, y)

    with pytest.raises(RuntimeError) as raised:
        torch.func.vmap(loss)(tensors["y_fake"].unsqueeze(1), tensors["y"].unsqueeze(1))
    assert any("Within `torch.func.vmap`" in note for note in raised.value.__notes__)
    assert sum(rows(manager).values()) <= 1
