"""Two ranks train in an engine of ignite. Arguments: a spec, a folder."""

import os
import sys
from pathlib import Path

import torch
from ignite.engine import Engine, Events
from tests.collectives import counted
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from lossspec import LossManager
from lossspec.integrations.ignite import attach

torch.set_num_threads(1)
spec, folder = sys.argv[1:]
distributed.init_process_group("gloo")
RANK = distributed.get_rank()
collectives = counted()


torch.manual_seed(0)
model = DistributedDataParallel(torch.nn.Linear(3, 3))
manager = LossManager.from_spec(spec, experiment_dir=folder)
objective = manager.objective()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
during = []


def train(engine, batch):
    before = len(collectives)
    loss = objective(y_fake=model(batch), y=batch)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    during.append(len(collectives) - before)


def evaluate(engine, batch):
    with torch.no_grad():
        objective(y_fake=batch + RANK, y=batch)


trainer, evaluator = Engine(train), Engine(evaluate)
attach(manager, trainer, {"unseen": evaluator})
trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run([torch.zeros(2, 3)]))
trainer.run([torch.full((4, 3), float(RANK + step)) for step in range(3)], max_epochs=2)
print(f"rank {RANK}: {collectives} {set(during)}", flush=True)
collectives.clear()


def fail_on_one(engine, batch):
    objective(y_fake=batch, y=batch + 1)
    if RANK == 1:
        raise ValueError("the data of rank 1 is gone")


broken = Engine(fail_on_one)
other = LossManager.from_spec(spec, experiment_dir=Path(folder) / "broken")
objective = other.objective()
attach(other, broken)
broken.add_event_handler(Events.ITERATION_COMPLETED, lambda: broken.terminate(skip_completed=False))
try:
    broken.run([torch.zeros(2, 3)])
except ValueError as error:  # without waiting for the other rank
    print(f"rank {RANK}: {error}, {collectives}", flush=True)
    other.update_loss_log()  # what the other rank does when it ends
distributed.barrier()
os._exit(0)  # the end of the interpreter can meet a thread of gloo's, and abort
