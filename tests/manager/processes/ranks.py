"""What several processes do together; each rank checks its own. Argument: a folder for the runs."""

import os
import sys
import warnings
from pathlib import Path

import torch
from tests.collectives import counted
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from lossspec import LossManager, read_log, schedules
from lossspec.errors import CheckpointError
from lossspec.language.model import Every, Input, ObjectiveSpec, Reduce, Spec, Term
from lossspec.writers import CsvWriter

torch.set_num_threads(1)
folder = Path(sys.argv[1])
early = LossManager(
    experiment_dir=folder / "early"
)  # before the process group: torchrun says which rank it is
distributed.init_process_group("gloo")
RANK, RANKS = distributed.get_rank(), distributed.get_world_size()
collectives = counted()


def spec(**weights):
    inputs = (Input(name="x"), Input(name="y"))
    losses = {
        name: Term(
            name=name,
            type="torch.L1Loss",
            inputs=inputs if name != "b" else (Input(name="z"), Input(name="y")),
            **keys,
        )
        for name, keys in weights.items()
    }
    return Spec(
        name="t", reference="t", losses=losses, objectives={"total": ObjectiveSpec(name="total", weight=0.5)}
    )


def check(found, expected, what):
    assert found == expected, f"rank {RANK}: {what}: found {found!r}, expected {expected!r}"


def values_of(rank, steps):
    return [100.0 * rank + step for step in range(steps)]


def the_log_holds_the_mean_by_batch_in_one_collective():
    """Rank r has batches of r + 1."""
    run = folder / "mean"
    manager = LossManager.from_spec(spec(a={"weight": 2.0}, c={}), experiment_dir=run)
    objective = manager.objective()
    for step in range(5):
        x = torch.full((RANK + 1, 3), values_of(RANK, 5)[step])
        objective(x=x, y=torch.zeros_like(x))
        manager.compute_loss_xy("c", x, torch.zeros_like(x))
        manager.step()
    collectives.clear()
    manager.update_loss_log()
    check(collectives, ["all_reduce"], "collectives of a flush")
    distributed.barrier()
    samples = sum(range(1, RANKS + 1))
    mean = [
        sum((rank + 1) * values_of(rank, 5)[step] for rank in range(RANKS)) / samples for step in range(5)
    ]
    log = read_log(run)
    check(log.losses["a"].raw.tolist(), torch.tensor(mean).tolist(), "mean")
    check(log.losses["a"].weighted.tolist(), torch.tensor(mean).tolist(), "weighted mean")
    check(len(log.losses["c"]), 10, "rows")
    check(log.header["ranks"], RANKS, "ranks")
    check(manager._log is not None, RANK == 0, "who writes")


def batch_sizes_may_be_given():
    run = folder / "given"
    manager = LossManager.from_spec(spec(a={}), experiment_dir=run)
    manager.set_progress(batch_size=10 if RANK == 0 else 1)
    manager.objective()(x=torch.full((1,), float(RANK)), y=torch.zeros(1))
    manager.update_loss_log()
    distributed.barrier()
    mean = sum(range(RANKS)) / (10 + RANKS - 1)
    check(read_log(run).losses["a"].raw.tolist(), torch.tensor([mean]).tolist(), "mean")


def many_values_take_a_second_collective_once():
    run = folder / "many"
    manager = LossManager(experiment_dir=run)
    manager.register_loss_fn("a", lambda x: x)
    counts = []
    for _ in range(3):
        for step in range(5000):
            manager.compute_loss("a", torch.tensor(float(step + RANK)))
        collectives.clear()
        manager.update_loss_log()
        counts.append(len(collectives))
    check(counts, [2, 1, 1], "collectives")
    distributed.barrier()
    expected = [step + (RANKS - 1) / 2 for step in range(5000)] * 3
    check(read_log(run).losses["a"].raw.tolist(), expected, "values")


def ranks_that_recorded_different_rows_are_averaged_over_those_that_did():
    run = folder / "uneven"
    manager = LossManager(experiment_dir=run)
    manager.register_loss_fn("a", lambda x: x)
    manager.register_loss_fn("rare", lambda x: x)
    for step in range(6):
        manager.compute_loss("a", torch.tensor(float(RANK)))
        if step % RANKS == RANK:
            manager.compute_loss("rare", torch.tensor(10.0 * RANK))
        manager.step()
    manager.update_loss_log()
    distributed.barrier()
    log = read_log(run)
    check(log.losses["a"].raw.tolist(), [(RANKS - 1) / 2] * 6, "values of all")
    check(log.losses["rare"].raw.tolist(), [10.0 * (step % RANKS) for step in range(6)], "values of some")
    check(log.losses["rare"].step.tolist(), list(range(6)), "their steps")


def a_rank_without_a_tensor_weighs_nothing():
    """Two calls a step; in each, some ranks have ``z``, or none has."""
    for name in ("eager", "compiled"):
        run = folder / f"missing {name}"
        manager = LossManager.from_spec(spec(a={}, b={"if_missing": "skip"}), experiment_dir=run)
        objective = manager.objective()
        if name == "compiled":
            objective = torch.compile(objective, backend="eager", fullgraph=True)
        expected, steps = [], []
        for call in range(12):
            x = torch.full((RANK + 1, 2), 10.0 * RANK + call)
            zeros = torch.zeros_like(x)
            objective(x=x, y=zeros, **({"z": x} if call % 3 == RANK % 3 else {}))
            there = [rank for rank in range(RANKS) if call % 3 == rank % 3]
            if there:
                total = sum((rank + 1) * (10.0 * rank + call) for rank in there)
                expected.append(total / sum(rank + 1 for rank in there))
                steps.append(call // 2)
            if call % 2:
                manager.step()
        collectives.clear()
        manager.update_loss_log()
        check(collectives, ["all_reduce"], "collectives of a flush")
        distributed.barrier()
        log = read_log(run)
        check(log.losses["b"].raw.tolist(), torch.tensor(expected).tolist(), "values of some")
        check(log.losses["b"].step.tolist(), steps, "their steps")
        check(len(log.losses["a"].raw), 12, "values of all")
        last = manager.get_loss_values(precision=None)["b"]
        check(last, 0.5 * (10.0 * RANK + 9 + RANK % 3), "the last value, which is not that of a gap")


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.first(x), self.second(x)


WINDOW = schedules.window(value=2.0, start=2, end=4, unit="step")


def as_one_process_would(name, wrapped, parameters):
    """Train six steps with a term that comes and goes; a copy in one process, on all batches, ends equal."""
    run = folder / name
    manager = LossManager.from_spec(
        spec(a={}, b={"weight": WINDOW, "at_zero": "compute"}), experiment_dir=run
    )
    objective, alone = manager.objective(), Heads()
    optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in (wrapped, alone)]
    data = torch.Generator().manual_seed(3)
    for step in range(6):
        batches = [torch.rand(4, 3, generator=data) for _ in range(RANKS)]
        for optimizer in optimizers:
            optimizer.zero_grad()
        x, z = wrapped(batches[RANK])
        objective(x=x, z=z, y=batches[RANK]).backward()
        whole = torch.cat(batches)
        first, second = alone(whole)
        weight = WINDOW(step)
        ((first - whole).abs().mean() + weight * (second - whole).abs().mean()).mul(0.5).backward()
        for optimizer in optimizers:
            optimizer.step()
        manager.step()
    for mine, theirs in zip(parameters(), alone.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)
    manager.update_loss_log()
    distributed.barrier()
    check(read_log(run).losses["b"].term_weight.tolist(), [0.0, 0.0, 2.0, 2.0, 0.0, 0.0], "weights")


def terms_switch_on_and_off_under_ddp():
    model = DistributedDataParallel(Heads())
    as_one_process_would("ddp", model, model.module.parameters)


def terms_switch_on_and_off_in_a_sharded_model():
    """FSDP2 on the CPU."""
    from torch.distributed.fsdp import fully_shard

    model = Heads()
    fully_shard(model, mesh=distributed.device_mesh.init_device_mesh("cpu", (RANKS,)))
    as_one_process_would("fsdp", model, lambda: [each.full_tensor() for each in model.parameters()])


SKIPS = (
    ({"weight": WINDOW, "at_zero": "skip"}, "its weight is 0"),
    ({"weight": WINDOW, "at_zero": "record"}, "its weight is 0"),
    ({"every": Every(steps=4, gain=4.0)}, "`every` leaves it out at step 1"),
)


def a_skip_that_stops_ddp_warns_with_the_term_and_the_fix():
    for keys, reason in SKIPS:
        manager = LossManager.from_spec(spec(a={}, b=keys))
        objective, model = manager.objective(), DistributedDataParallel(Heads())
        batch = torch.rand(4, 3)
        if "every" in keys:
            x, z = model(batch)
            objective(x=x, z=z, y=batch).backward()
            manager.step()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            x, z = model(batch)
            objective(x=x, z=z, y=batch).backward()
        texts = [str(each.message) for each in caught]
        check(len(texts), 1, f"warnings {texts}")
        assert texts[0].startswith(
            f"the term `b` of the objective `total` is not in its total, since {reason}: 2 parameters behind "
            "its tensors get no gradient from this objective, and DistributedDataParallel raises or hangs"
        ), texts
        assert '`at_zero = "compute"` in `[losses.b]`' in texts[0]
        refused = ""
        try:
            model(batch)
        except RuntimeError as error:
            refused = str(error)
        assert "did not receive grad" in refused, "DistributedDataParallel did not raise: a needless warning"


def the_advice_for_a_skip_helps():
    for keys, _ in SKIPS:
        manager = LossManager.from_spec(spec(a={}, b={**keys, "at_zero": "compute"}))
        objective, model = manager.objective(), DistributedDataParallel(Heads())
        for _ in range(6):
            batch = torch.rand(4, 3)
            x, z = model(batch)
            objective(x=x, z=z, y=batch).backward()
            manager.step()


def a_missing_tensor_that_stops_ddp_warns_with_the_cause():
    manager = LossManager.from_spec(spec(a={}, b={"if_missing": "skip", "reduce": Reduce(Input("w"))}))
    objective = manager.objective()
    for given in ({}, {"w": None}, {"w": torch.zeros(())}):
        model, batch = DistributedDataParallel(Heads()), torch.rand(4, 3)
        for loss in manager.get_registered_losses(strip=False).values():
            loss.loss_weight = 1.0  # a new plan
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            x, z = model(batch)
            objective(x=x, z=z, y=batch, **given).backward()
        texts, refused = [str(each.message) for each in caught], ""
        try:
            model(batch)
        except RuntimeError as error:
            refused = str(error)
        if not given:
            check(len(texts), 1, f"warnings {texts}")
            assert "since `if_missing` leaves it out of a call without `w`: 2 parameters behind" in texts[0]
            assert "with weights of 0 in `reduce` if need be, or use `find_unused_parameters" in texts[0]
        check("did not receive grad" in refused, given.get("w") is None, "whether the advice helps")


def a_checkpoint_of_one_rank_never_waits_for_the_others():
    manager = LossManager.from_spec(spec(a={}), experiment_dir=folder / "checkpoint")
    manager.objective()(x=torch.ones(2), y=torch.zeros(2))
    if RANK == 0:
        try:
            manager.state_dict()
        except CheckpointError as error:
            check(
                str(error),
                "values of `a` are not in the log yet: call `update_loss_log()` on every rank before "
                "`state_dict()`, which one rank can call alone",
                "error",
            )
        else:
            raise AssertionError("values that wait were forgotten")
    manager.update_loss_log()
    if RANK == 0:
        check(manager.state_dict()["chunks"], 1, "position")
    distributed.barrier()


def a_long_run_writes_by_itself_on_all_ranks_together():
    run = folder / "unasked"
    manager = LossManager(experiment_dir=run, history_buffer_size=80)
    manager.register_loss_fn("a", lambda x: x)
    for step in range(35):
        manager.compute_loss("a", torch.tensor(float(step)))
        manager.step()
    distributed.barrier()
    check(read_log(run).losses["a"].raw.tolist(), [float(step) for step in range(30)], "values")


def a_compiled_objective_records_its_batch_sizes():
    run = folder / "compiled"
    manager = LossManager.from_spec(spec(a={}), experiment_dir=run)
    objective = torch.compile(manager.objective(), backend="eager", fullgraph=True)
    for _ in range(2):
        objective(x=torch.full((RANK + 1, 2), float(RANK)), y=torch.zeros(RANK + 1, 2))
        manager.step()
    manager.update_loss_log()
    distributed.barrier()
    mean = sum((rank + 1) * rank for rank in range(RANKS)) / sum(range(1, RANKS + 1))
    check(read_log(run).losses["a"].raw.tolist(), torch.tensor([mean, mean]).tolist(), "mean")


def writers_of_rank_0_get_the_mean_in_one_collective():
    """There is no folder: the writers alone make the ranks flush."""
    path = folder / "writers.csv"
    manager = LossManager.from_spec(spec(a={"weight": 2.0}), writers=[CsvWriter(path)])
    for step in range(3):
        manager.objective()(x=torch.full((2, 3), values_of(RANK, 3)[step]), y=torch.zeros(2, 3))
        manager.step()
    collectives.clear()
    manager.update_loss_log()
    check(collectives, ["all_reduce"], "collectives of a flush")
    distributed.barrier()
    lines = [line.split(",") for line in path.read_text().splitlines()[1:]]
    mean = [sum(values_of(rank, 3)[step] for rank in range(RANKS)) / RANKS for step in range(3)]
    check([float(line[3]) for line in lines if line[0] == "a"], mean, "means")
    check([float(line[6]) for line in lines if line[0] == "total/total"], mean, "totals")
    check({int(line[9]) for line in lines}, {2 * RANKS}, "samples")


if __name__ == "__main__":
    for scenario in (
        the_log_holds_the_mean_by_batch_in_one_collective,
        batch_sizes_may_be_given,
        many_values_take_a_second_collective_once,
        ranks_that_recorded_different_rows_are_averaged_over_those_that_did,
        terms_switch_on_and_off_under_ddp,
        terms_switch_on_and_off_in_a_sharded_model,
        a_checkpoint_of_one_rank_never_waits_for_the_others,
        a_long_run_writes_by_itself_on_all_ranks_together,
        a_compiled_objective_records_its_batch_sizes,
        a_skip_that_stops_ddp_warns_with_the_term_and_the_fix,
        the_advice_for_a_skip_helps,
        a_rank_without_a_tensor_weighs_nothing,
        a_missing_tensor_that_stops_ddp_warns_with_the_cause,
        writers_of_rank_0_get_the_mean_in_one_collective,
    ):
        scenario()
        print(f"rank {RANK} of {RANKS}: {scenario.__name__}", flush=True)
    distributed.barrier()  # a rank that leaves early can abort the others
    os._exit(0)  # the end of the interpreter can meet a thread of gloo's, and abort
