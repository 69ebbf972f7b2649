"""A training step never waits for a GPU, in the words of torch's own debug mode.

``torch.cuda.set_sync_debug_mode("error")`` raises where the host waits: at a read, and at a copy that is not
asynchronous. The same steps run on the meta device everywhere, under modes that raise there too.
"""

from contextlib import contextmanager

import pytest
import tomli_w
import torch
from tests.manager.balancers import BALANCERS, INPUTS
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from lossspec import LossManager, read_log, schedules
from lossspec.manager.record import recorders

aten = torch.ops.aten
READS = {
    aten._local_scalar_dense.default,
    aten.is_nonzero.default,
    aten.equal.default,
    aten.nonzero.default,
    aten.masked_select.default,
}
DEVICES = [
    "meta",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")
    ),
]
RAMP = {"unit": "step", "start": 0, "end": 10, "start_value": 1.0, "end_value": 11.0}


class WaitError(Exception):
    """The host would wait for a device."""


class WaitsAreErrors(TorchDispatchMode):
    """Raises at what would make the host wait, were the meta device a GPU."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in READS and not args[0].is_cpu:
            raise WaitError(f"{function} reads a device")
        result = function(*args, **kwargs)
        if function is aten._to_copy.default:
            self.check(args[0], result, is_async=kwargs.get("non_blocking"))
        elif function is aten.copy_.default:
            self.check(args[1], args[0], is_async=kwargs.get("non_blocking", args[2:3] == (True,)))
        return result

    @staticmethod
    def check(source, result, *, is_async):
        if source.device != result.device and not is_async:
            raise WaitError(f"a copy from {source.device} to {result.device} waits")


class NumbersAreErrors(TorchFunctionMode):
    """Raises where numbers are copied to a device, which the dispatcher does not see."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        is_made = function in {torch.tensor, torch.as_tensor, torch.asarray}
        if is_made and not result.is_cpu and not isinstance(args[0], torch.Tensor):
            raise WaitError(f"a copy of {args[0]} to {result.device} waits")
        return result


@contextmanager
def waits_are_errors(device):
    if device != "cuda":
        with WaitsAreErrors(), NumbersAreErrors():
            yield
        return
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.fixture
def read(monkeypatch):
    """On the meta device, stand in for the one read, of each flush."""
    monkeypatch.setattr(
        recorders, "to_host", lambda values: values.tolist() if values.is_cuda else [0.5] * values.numel()
    )


def history_of(manager, name):
    return manager.get_registered_losses(strip=False)[name].history


def tensors(device, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    shapes = {"y_fake": (2, 3, 16, 16), "y": (2, 3, 16, 16), "pred_fake": (2, 1, 4, 4)}
    found = {name: torch.rand(shape, generator=generator) for name, shape in shapes.items()}
    return {
        name: each.to(device, dtype).requires_grad_(name != "y")  # the gradient as in a training
        for name, each in found.items()
    }


@pytest.mark.parametrize(
    "wait",
    [
        lambda x: x.item(),
        lambda x: bool(x > 0),
        lambda x: x + torch.tensor(1.0).to(x.device),
        lambda x: x + torch.tensor(1.0, device=x.device),
        lambda x: x.copy_(torch.tensor(1.0)),
        lambda x: x.nonzero(),
    ],
)
@pytest.mark.parametrize("device", DEVICES)
def test_waiting_is_an_error(device, wait):
    x = torch.ones((), device=device)
    with (
        waits_are_errors(device),
        pytest.raises((WaitError, RuntimeError), match=r"waits|reads|synchronizing"),
    ):
        wait(x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("device", DEVICES)
def test_training_never_waits(tmp_path, read, device, dtype):
    manager = LossManager.from_spec(
        "pix2pix+extended",
        overlay={"losses": {"G_L1": {"weight": {"type": "linear", **RAMP}}}},
        device=device,
        experiment_dir=tmp_path,
    )
    manager.register_loss_fn("map", torch.nn.L1Loss(reduction="none"))
    objective, given = manager.objective("G"), tensors(device, dtype)
    with waits_are_errors(device):
        for step in range(4):
            manager.set_progress(epoch=step // 2)
            objective(**given).backward()
            manager.compute_loss_xy("G_L1", given["y_fake"], given["y"]).backward()
            manager.compute_loss_xy("map", given["y_fake"], given["y"]).mean().backward()
            with manager.unrecorded():
                objective(**given)
            with manager.validating(), torch.no_grad():
                objective(**given)
            manager.step()
    manager.close()
    found = read_log(tmp_path)
    assert found.losses["G_L1"].term_weight.tolist() == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]
    assert found.validation["G_L1"].term_weight.tolist() == [1.0, 2.0, 3.0, 4.0]
    if device == "cuda":
        expected = torch.nn.functional.l1_loss(given["y_fake"], given["y"]).item()
        assert found.losses["G_L1"].raw.tolist() == pytest.approx([expected] * 8, rel=1e-3)


@pytest.mark.parametrize("device", DEVICES)
def test_terms_of_several_types_never_wait(make_manager, read, device):
    weight = schedules.linear(**RAMP)
    terms = {name: {"inputs": [name, name + "_real"], "weight": weight} for name in ("a", "b", "c")}
    manager = make_manager(options={"device": device}, **terms)
    objective = manager.objective()
    types = {"a": torch.float32, "b": torch.float64, "c": torch.bfloat16}
    given = {}
    for name, dtype in types.items():
        given[name] = torch.rand(3, device=device, dtype=dtype, requires_grad=True)
        given[name + "_real"] = torch.rand(3, device=device, dtype=dtype)
    with waits_are_errors(device):
        for _ in range(3):
            objective(**given).backward()
            manager.step()
    assert manager.get_loss_weights() == dict.fromkeys(terms, 4.0)
    manager.get_loss_values()
    assert history_of(manager, "c").weights.tolist() == [1.0, 2.0, 3.0]


TERMS = {
    "reduce": {"reduce": {"weights": "mask", "by": "weights"}},
    "lists": {"inputs": ["many", "many"], "lists": {"combine": "sum", "decay": 0.8}},
    "number": {"type": "torch.BCEWithLogitsLoss", "inputs": ["x", 1.0]},
    "detached": {"inputs": ["x.detach()", "x"]},
    "record": {"weight": 0.0, "at_zero": "record"},
    "compute": {"weight": 0.0, "at_zero": "compute"},
    "idle": {"every": (2, 2.0), "at_zero": "compute"},
    "lazy": {"every": (2, 2.0)},
}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, dtype) for name in TERMS for dtype in (torch.float32, torch.bfloat16)],
)
@pytest.mark.parametrize("device", DEVICES)
def test_no_kind_of_term_waits(make_manager, read, device, name, dtype):
    manager = make_manager(options={"device": device}, a={"inputs": ["x", "y"]}, term=TERMS[name])
    objective = manager.objective()
    x, y = (torch.rand(4, 3, device=device, dtype=dtype).requires_grad_() for _ in range(2))
    given = {"x": x, "y": y, "mask": torch.ones(4, device=device), "many": [x, y]}
    given = {each: given[each] for each in objective.needed()}
    with waits_are_errors(device):
        for _ in range(3):
            objective(**given).backward()
            manager.step()
    manager.get_loss_values()
    assert len(history_of(manager, "a")) == 3
    assert len(history_of(manager, "term")) == (2 if name == "lazy" else 3)


@pytest.mark.parametrize("kind", BALANCERS)
@pytest.mark.parametrize("device", DEVICES)
def test_no_balancer_waits(tmp_path, read, device, kind):
    path = tmp_path / "balanced.loss.toml"
    balance = {"type": f"lossspec.{kind}", "losses": [*"abc"], "args": BALANCERS[kind]}
    balance["inputs"] = INPUTS.get(kind, [])
    losses = {name: {"type": "lossspec.Precomputed", "inputs": [name], "objective": "G"} for name in "abc"}
    objectives = {"G": {"balance": balance}}
    path.write_text(tomli_w.dumps({"format": 1, "losses": losses, "objectives": objectives}))
    manager = LossManager.from_spec(path, device=device)
    objective = manager.objective("G")
    layer = torch.rand(5, device=device, requires_grad=True)

    def train(epoch):
        manager.set_progress(epoch=epoch)
        given = {name: (layer**power).sum() for power, name in enumerate("abc", start=1)}
        given |= {"layer": layer, "parameters": [layer]}
        objective(**{name: given[name] for name in objective.needed()}).backward()
        manager.step()

    train(0)  # the places of the balanced terms go over once
    with waits_are_errors(device):
        for epoch in range(1, 4):
            train(epoch)
    manager.get_loss_values()
    assert len(history_of(manager, "c")) == 4


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")
def test_a_compiled_objective_never_waits_between_fetches(tmp_path):
    overlay = {"losses": {"G_L1": {"weight": {"type": "linear", **RAMP}}}}
    manager = LossManager.from_spec(
        "pix2pix+extended", overlay=overlay, device="cuda", experiment_dir=tmp_path
    )
    objective, given = torch.compile(manager.objective("G"), fullgraph=True), tensors("cuda")
    objective(**given).backward()  # compiles
    with waits_are_errors("cuda"):
        for _ in range(5):
            manager.step()
            objective(**given).backward()
    manager.close()
    assert read_log(tmp_path).losses["G_L1"].term_weight.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
