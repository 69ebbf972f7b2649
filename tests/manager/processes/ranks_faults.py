"""What several ranks do when something is wrong on one of them. Arguments: a folder, the histories to try."""

import copy
import math
import os
import random
import sys
import warnings
from pathlib import Path

import pytest
import torch
from tests.collectives import counted
from torch import distributed

from lossspec import LossManager, read_log
from lossspec.errors import LogError, NonFiniteError

torch.set_num_threads(1)
folder, HISTORIES = Path(sys.argv[1]), int(sys.argv[2])
distributed.init_process_group("gloo")
RANK, RANKS = distributed.get_rank(), distributed.get_world_size()
collectives = counted()


def check(found, expected, what):
    assert found == expected, f"rank {RANK}: {what}: found {found!r}, expected {expected!r}"


def plain(run, **options):
    manager = LossManager(experiment_dir=folder / run, **options)
    manager.register_loss_fn("a", lambda x: x)
    return manager


def record(manager, *values):
    for value in values:
        manager.compute_loss("a", torch.tensor(float(value)))
        manager.step()


def an_error_of_one_rank_waits_for_no_other():
    collectives.clear()
    if RANK == 1:
        with pytest.raises(ZeroDivisionError) as raised, plain("raises") as manager:
            record(manager, 1.0 / (RANK - 1))
        note = "and the values recorded since the last flush are not in the loss log"
        check(raised.value.__notes__, [note], "note")
    check(collectives, [], "collectives")


def a_value_that_is_not_finite_raises_on_all_ranks():
    manager = plain("nonfinite", on_nonfinite="raise")
    record(manager, math.nan if RANK == 1 else 1.0)
    with pytest.raises(NonFiniteError, match="`a`"):
        manager.update_loss_log()
    record(manager, 2.0)
    manager.update_loss_log()


def other_specs_are_refused_on_all_ranks():
    params = {"beta": 2.0} if RANK else {}
    manager = LossManager.from_spec("beta_vae", params, experiment_dir=folder / "specs")
    collectives.clear()
    digest = manager.spec.digest
    with pytest.raises(LogError, match=f"that of rank {RANK} has the digest {digest}"):
        manager.update_loss_log()
    check(collectives, ["all_reduce"], "collectives")


def an_empty_batch_weighs_nothing():
    run = folder / "empty"
    manager = LossManager(experiment_dir=run)
    manager.register_loss_fn("m", lambda x: x.mean())
    for sizes in ((0, 4), (0, 0), (1, 3)):
        size = sizes[min(RANK, 1)]
        manager.compute_loss("m", torch.full((size,), float(RANK)))
        manager.step()
    manager.update_loss_log()
    distributed.barrier()
    columns = read_log(run).losses["m"]
    others = RANKS - 1
    ones = sum(range(1, RANKS))
    check(columns.batch_size.tolist(), [4 * others, 0, 1 + 3 * others], "batch sizes")
    first, empty, last = columns.raw.tolist()
    check(math.isnan(empty), True, "the mean of nothing")
    check([first, last], torch.tensor([ones / others, 3 * ones / (1 + 3 * others)]).tolist(), "means")


def a_checkpoint_of_any_rank_has_the_place_in_the_log():
    manager = plain("position")
    for value in range(3):
        record(manager, value)
        manager.update_loss_log()
        check(manager.state_dict()["chunks"], value + 1, "position")
    state = manager.state_dict()
    record(manager, 3)
    manager.update_loss_log()
    manager.load_state_dict(state)
    check(manager.state_dict()["chunks"], 3, "position after loading")
    record(manager, 30)
    manager.update_loss_log()
    check(manager.state_dict()["chunks"], 5, "position of what superseded")
    distributed.barrier()
    check(read_log(folder / "position").losses["a"].raw.tolist(), [0.0, 1.0, 2.0, 30.0], "values")


def histories_of_several_ranks_read_as_the_model_says():
    """All ranks draw the same history; the rank whose checkpoint is loaded is drawn too."""
    for number in range(HISTORIES):
        draw = random.Random(number)
        manager = plain(f"history{number}")
        written, kept, waiting, saved, value = [], [], [], [], 0.0
        for _ in range(draw.randint(5, 25)):
            action = draw.choice(("record", "flush", "save", "go back", "crash"))
            if action == "record":
                record(manager, value + RANK)
                waiting.append(value + (RANKS - 1) / 2)
                value += 10.0
            elif action in ("flush", "save"):
                manager.update_loss_log()
                if waiting:
                    written = kept = kept + waiting
                    waiting = []
                if action == "save":
                    states = [None] * RANKS
                    distributed.all_gather_object(states, copy.deepcopy(manager.state_dict()))
                    saved.append((draw.choice(states), kept))
            elif saved:
                if action == "crash":
                    if manager._log is not None:
                        manager._log.close()
                    distributed.barrier()
                    manager = plain(f"history{number}")
                state, kept = draw.choice(saved)
                manager.load_state_dict(state)
                waiting = []
            distributed.barrier()
            if written:
                columns = read_log(folder / f"history{number}").losses["a"]
                check(columns.raw.tolist(), written, f"history {number}")
            distributed.barrier()
        if manager._log is not None:
            manager._log.close()


if __name__ == "__main__":
    warnings.simplefilter("error")
    for scenario in (
        an_error_of_one_rank_waits_for_no_other,
        a_value_that_is_not_finite_raises_on_all_ranks,
        other_specs_are_refused_on_all_ranks,
        an_empty_batch_weighs_nothing,
        a_checkpoint_of_any_rank_has_the_place_in_the_log,
        histories_of_several_ranks_read_as_the_model_says,
    ):
        scenario()
        print(f"rank {RANK} of {RANKS}: {scenario.__name__}", flush=True)
        distributed.barrier()
    os._exit(0)  # the end of the interpreter can meet a thread of gloo's, and abort
