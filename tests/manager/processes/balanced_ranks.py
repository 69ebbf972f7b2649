"""Balancers in two processes; each rank checks its own. Argument: a file with the weights of one process."""

import json
import os
import sys
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torchjd.aggregation import UPGradWeighting

from lossspec import LossManager
from lossspec.log.rows import WIDTH
from lossspec.losses import GradNorm, SoftAdapt

torch.set_num_threads(1)
distributed.init_process_group("gloo")
RANK = distributed.get_rank()
collectives = []
real = distributed.all_reduce


def counted(*args, **kwargs):
    collectives.append("all_reduce")
    return real(*args, **kwargs)


distributed.all_reduce = counted


def check(found, expected, what):
    assert found == expected, f"rank {RANK}: {what}: found {found!r}, expected {expected!r}"


def close(found, expected, what):
    found, expected = torch.tensor(found), torch.tensor(expected)
    assert torch.allclose(found, expected, rtol=1e-6), f"rank {RANK}: {what}: {found}, expected {expected}"


def objective_of(kind, table):
    manager = LossManager.from_spec("balanced.loss.toml", overlay={"objectives": {"G": {"balance": table}}})
    return manager, manager.objective("G")


def tensors_of(layer, step, scale):
    """Values of one layer, times the scale of this process."""
    powers = {"a": 1, "b": 2, "c": 3}
    given = {name: scale * (layer**power).sum() * (1 + (step * power) % 3) for name, power in powers.items()}
    return given | {"layer": layer}


def weights_are_those_of_the_mean_in_one_collective_a_step(runs):
    """The ranks have batches of 1 and 2, whose values are 0.5 and 2 times those of the single process."""
    for kind, (table, expected) in runs.items():
        manager, objective = objective_of(kind, table)
        manager.set_progress(batch_size=RANK + 1)
        layer = torch.tensor([0.5, 1.5], requires_grad=True)
        for step, weights in enumerate(expected):
            manager.set_progress(epoch=step // 2)
            collectives.clear()
            needed = objective.needed()
            given = tensors_of(layer, step, (0.5, 2.0)[RANK])
            objective(**{name: value for name, value in given.items() if name in needed}).backward()
            check(len(collectives) <= 1, True, f"collectives of {kind} at step {step}: {collectives}")
            losses = manager.get_registered_losses(strip=False)
            found = [losses[name].training.flat[1 - WIDTH] for name in "abc"]
            close(found, weights, f"weights of {kind} at step {step}")
        with torch.no_grad(), manager.validating():
            collectives.clear()
            objective(**{name: value for name, value in given.items() if name in needed})
            check(collectives, [], f"collectives of {kind} in validation")


def log_variances_stay_equal(wrapped):
    table = {"type": "lossspec.UncertaintyWeighting", "losses": ["a", "b", "c"]}
    _, objective = objective_of("UncertaintyWeighting", table)
    module = DistributedDataParallel(objective) if wrapped else objective
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.1)
    for step in range(4):
        optimizer.zero_grad()
        given = tensors_of(torch.tensor([0.5, 1.5], requires_grad=True), step, (0.5, 2.0)[RANK])
        del given["layer"]
        module(**given).backward()
        optimizer.step()
    both = [torch.zeros(3) for _ in range(2)]
    distributed.all_gather(both, objective.balance.log_variances.detach())
    assert torch.equal(*both), both
    assert both[0].abs().min() > 0.1
    return both[0]


def wrapping_makes_no_difference():
    assert torch.allclose(log_variances_stay_equal(wrapped=True), log_variances_stay_equal(wrapped=False))


def a_loss_that_only_one_rank_has_moves_both():
    """Rank 1 lacks `b`, then all: the weights are those of rank 0 alone, and nobody waits for ever."""
    layer = torch.ones(2, requires_grad=True)
    for balancer, inputs in ((SoftAdapt(["a", "b"]), []), (GradNorm(["a", "b"]), [layer])):
        for step in range(3):
            values = {"a": (step + 1) * layer.sum(), "b": 2 * layer.sum()}
            if RANK and step == 1:
                del values["b"]
            if RANK and step == 2:
                balancer.join()
            else:
                balancer(values, {"a": 1.0, "b": 1.0}, *inputs)
        both = [torch.zeros(2, dtype=torch.float64) for _ in range(2)]
        distributed.all_gather(both, balancer.weights)
        assert torch.equal(*both), both
        assert both[0][0] != both[0][1]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Parameter(torch.rand(4))

    def forward(self, x):
        return self.layer * x


def differentiating_within_leaves_ddp_alone():
    """A model under DDP whose parameter is an input of the balance trains as its ranks' mean."""
    table = {"type": "lossspec.GradNorm", "losses": ["a", "b", "c"], "inputs": ["layer"]}
    _, objective = objective_of("GradNorm", table)
    model = DistributedDataParallel(Model())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        output = model(torch.full((4,), RANK + 1.0))
        values = {name: (output**power).mean() for name, power in (("a", 1), ("b", 2), ("c", 3))}
        objective(**values, layer=model.module.layer).backward()
        optimizer.step()
    both = [torch.zeros(4) for _ in range(2)]
    distributed.all_gather(both, model.module.layer.detach())
    assert torch.equal(*both), both


def the_gramian_is_that_of_the_whole_batch():
    """At a parameter of the mean gradient, at features of all items: as torchjd on one process would."""
    table = {"type": "torchjd.UPGrad", "losses": ["a", "b", "c"]}
    batches = [torch.tensor([[0.3, 1.2, -0.5]]), torch.tensor([[-1.0, 0.4, 0.8]])]
    weights = torch.tensor([2.0, 1.0, 0.5])

    def values_of(features):
        return torch.stack([features.sum(), (features**2).mean() - features[0, 0], (-features).exp().mean()])

    for at in ("layer", "features"):
        _, objective = objective_of("UPGrad", table | {"inputs": ["layer"]})
        layer = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
        features = layer * batches[RANK]
        values = dict(zip("abc", values_of(features), strict=True))
        collectives.clear()
        objective(**values, layer=layer if at == "layer" else features)
        check(collectives, ["all_reduce"], f"collectives of UPGrad at {at}")
        whole = [layer * batch for batch in batches]
        mean = (values_of(whole[0]) + values_of(whole[1])) / 2 * weights
        by = [layer] if at == "layer" else whole
        rows = [torch.autograd.grad(each, by, retain_graph=True) for each in mean]
        jacobian = torch.stack([torch.cat([each.flatten() for each in row]) for row in rows])
        expected = UPGradWeighting()(jacobian @ jacobian.T)
        close(objective.balance.weights.tolist(), expected.double().tolist(), f"weights at {at}")


def scales_of_imtl_stay_equal():
    _, objective = objective_of("IMTLL", {"type": "torchjd.IMTLL", "losses": ["a", "b", "c"]})
    given = tensors_of(torch.tensor([0.5, 1.5], requires_grad=True), 0, (0.5, 2.0)[RANK])
    del given["layer"]
    objective(**given).backward()
    both = [torch.zeros(3) for _ in range(2)]
    distributed.all_gather(both, objective.balance.log_scale.grad)
    assert torch.equal(*both), both


if __name__ == "__main__":
    weights_are_those_of_the_mean_in_one_collective_a_step(json.loads(Path(sys.argv[1]).read_text()))
    wrapping_makes_no_difference()
    a_loss_that_only_one_rank_has_moves_both()
    differentiating_within_leaves_ddp_alone()
    the_gramian_is_that_of_the_whole_batch()
    scales_of_imtl_stay_equal()
    print(f"rank {RANK} is done", flush=True)
    distributed.barrier()  # a rank that leaves early can abort the others
    os._exit(0)  # the end of the interpreter can meet a thread of gloo's, and abort
