"""Two ranks train; the second kills itself. Argument: the folder of the run."""

import os
import signal
import sys

import torch
from torch import distributed

from lossspec import LossManager

torch.set_num_threads(1)
distributed.init_process_group("gloo")
rank = distributed.get_rank()
manager = LossManager(experiment_dir=sys.argv[1])
manager.register_loss_fn("a", lambda x: x)


def train(values):
    for value in values:
        manager.compute_loss("a", torch.tensor(float(value + 10 * rank)))
        manager.step()


train(range(5))
manager.update_loss_log()
train(range(5, 8))
if rank == 1:
    os.kill(os.getpid(), signal.SIGKILL)
try:
    manager.update_loss_log()
except RuntimeError as error:
    print(error.__notes__[0])
os._exit(0)  # the group can't be taken down in order: a member is gone
