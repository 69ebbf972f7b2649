import math

import pytest
import torch

from lossspec import LossManager, load
from lossspec.errors import RegistrationError, UnknownNameError


@pytest.fixture
def manager():
    manager = LossManager.from_spec("pix2pix", overlay={"losses": {"G_GAN": {"tags": ["adversarial"]}}})
    manager.register_loss_fn("plain", torch.nn.L1Loss(), 0.001)
    return manager


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (None, ["G_GAN", "G_L1", "D_real", "D_fake", "plain"]),
        (["G"], ["G_GAN", "G_L1"]),
        (["D", "pixel"], ["G_L1", "D_real", "D_fake"]),
        ("adversarial", ["G_GAN"]),
        ([], []),
    ],
)
def test_queries_match_any_tag_and_an_objective_is_one(manager, query, names):
    for answer in (
        manager.get_registered_losses(query),
        manager.get_registered_losses(query, strip=False),
        manager.get_loss_values(query),
        manager.get_loss_tensors(query),
        manager.get_loss_weights(query),
    ):
        assert list(answer) == names


@pytest.mark.parametrize(
    "ask", ["get_registered_losses", "get_loss_values", "get_loss_tensors", "get_loss_weights"]
)
def test_an_unknown_tag_gets_the_nearest_name(manager, ask):
    with pytest.raises(UnknownNameError) as raised:
        getattr(manager, ask)(["pixels"])
    assert str(raised.value) == "unknown tag `pixels`: a tag with a similar name exists: `pixel`"


def test_getters_before_the_first_run(manager):
    assert all(math.isnan(value) for value in manager.get_loss_values().values())
    assert all(tensor.shape == (0,) for tensor in manager.get_loss_tensors().values())
    assert manager.get_loss_weights() == {
        "G_GAN": 1.0,
        "G_L1": 100.0,
        "D_real": 0.5,
        "D_fake": 0.5,
        "plain": 0.001,
    }


def test_values_are_rounded_but_never_to_zero(manager):
    manager.compute_loss_xy("plain", torch.tensor(1.23456), torch.tensor(0.0))
    manager.compute_loss_xy("G_L1", torch.tensor(0.123456), torch.tensor(0.0))
    assert manager.get_loss_values(["G", "D"])["G_L1"] == 12.35
    assert manager.get_loss_values()["plain"] == 0.0012
    assert manager.get_loss_values(precision=4)["G_L1"] == 12.3456
    assert manager.get_loss_values(precision=0)["G_L1"] == 12.0
    assert manager.get_loss_values(precision=None)["G_L1"] == pytest.approx(12.3456, abs=1e-5)


def test_values_survive_a_flush(tmp_path):
    with LossManager(experiment_dir=tmp_path) as manager:
        manager.register_loss_fn("a", torch.nn.L1Loss(), 2.0)
        manager.compute_loss_xy("a", torch.tensor(3.0), torch.tensor(0.0))
        manager.update_loss_log()
        assert manager.get_loss_values() == {"a": 6.0}
        assert manager.get_loss_tensors()["a"].item() == 6.0
        assert len(manager.get_registered_losses(strip=False)["a"].history) == 0


def test_stripped_losses_have_no_history(manager):
    manager.compute_loss_xy("plain", torch.tensor(1.0), torch.tensor(0.0))
    stripped = manager.get_registered_losses()["plain"]
    live = manager.get_registered_losses(strip=False)["plain"]
    assert (len(stripped.history), len(live.history)) == (0, 1)
    weights = ("loss_weight", "schedule", "term_weight", "objective_weight")
    for kept in ("name", "function", *weights, "tags", "term"):
        assert getattr(stripped, kept) == getattr(live, kept)
    assert stripped.last_loss_map.shape == (0,)


@pytest.mark.parametrize(("name", "value"), [("loss_weight", 5.0), ("tags", ("a",)), ("no_field", 1)])
def test_a_stripped_loss_is_read_only(manager, name, value):
    with pytest.raises(RegistrationError) as raised:
        setattr(manager.get_registered_losses()["plain"], name, value)
    assert str(raised.value) == (
        f"the {name} of this copy of `plain` cannot be set: get the loss itself with "
        "`manager.get_registered_losses(strip=False)['plain']`"
    )
    assert manager.get_loss_weights()["plain"] == 0.001


def test_a_stripped_loss_belongs_to_its_manager(manager):
    with pytest.raises(RegistrationError, match="loss `G_GAN` is already registered with another manager"):
        LossManager.from_spec(manager.get_registered_losses)


def test_printed_lines(manager, capsys):
    manager.compute_loss_xy("plain", torch.tensor(700.0), torch.tensor(0.0))
    line = "(epoch: 3, iters: 40) Loss: G_GAN: - G_L1: - D_real: - D_fake: - plain: 0.7"
    weights = "Loss weights: G_GAN: 1.0 G_L1: 100.0 D_real: 0.5 D_fake: 0.5 plain: 0.001"
    assert manager.print_losses(3, 40) is None
    assert manager.print_weights() is None
    assert capsys.readouterr().out == f"{line}\n{weights}\n"
    assert manager.print_losses(epoch=3, iter=40, capture=True) == line
    assert manager.print_weights(capture=True) == weights
    assert capsys.readouterr().out == ""


def test_a_value_that_is_nan_is_printed_as_such(manager):
    manager.compute_loss_xy("plain", torch.tensor(math.nan), torch.tensor(0.0))
    assert manager.print_losses(0, 0, capture=True).endswith("D_fake: - plain: nan")


@pytest.mark.parametrize(
    ("query", "got"),
    [(4, "the int 4"), (["G", 4], "the int 4"), ([["G"]], "a list of 1"), (2.5, "the float 2.5")],
)
def test_a_wrong_query_says_what_it_must_be(manager, query, got):
    for ask in (manager.get_loss_values, manager.get_registered_losses, manager.get_loss_weights):
        with pytest.raises(UnknownNameError) as raised:
            ask(query)
        assert str(raised.value) == f"`query` must be a tag or an iterable of tags, got {got}"


def test_printed_weights_name_what_a_balance_moves():
    spec = load(
        "vqgan",
        overlay={
            "remove": ["losses.lpips"],
            "objectives": {"AE": {"balance": {"losses": ["rec", "G_GAN"], "args": {"reference": ["rec"]}}}},
        },
    )
    manager = LossManager.from_spec(spec)
    manager.set_progress(step=300_000)
    printed = manager.print_weights(capture=True)
    assert (
        "rec: 1.0 (before the balance) commit: 1.0 codebook: 0.25 G_GAN: 0.8 (before the balance)" in printed
    )
