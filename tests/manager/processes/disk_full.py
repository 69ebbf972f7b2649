"""Trains while its disk is full for a while; the limit of a file's size stands for the disk.

Argument: the folder of the run. Prints what it saw as JSON.
"""

import json
import resource
import signal
import sys
import warnings
from pathlib import Path

import torch

from lossspec import LossManager

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails, as on a full disk
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
manager = LossManager(experiment_dir=sys.argv[1], history_buffer_size=100)
manager.register_loss_fn("a", lambda x, y: x - y)
path = Path(sys.argv[1], "loss_log.jsonl")
warned = []


def train(values):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for value in values:
            manager.compute_loss_xy("a", torch.tensor(float(value)), torch.tensor(0.0))
            manager.step()
            if value % 10 == 9:
                manager.update_loss_log()
    warned.append([str(each.message) for each in caught])


def lines():
    return path.read_text().split("\n")


train(range(50))
size = len("\n".join(lines()))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))  # the next line fits in part
train(range(50, 100))
whole_while_full = lines()[-1] == ""
train(range(100, 290))
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
train(range(290, 310))
resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
train(range(310, 320))
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
train(range(320, 330))
print(json.dumps({"warned": warned, "whole_while_full": whole_while_full}))
