"""Trains for ever in a child process, which is to be killed; imports torch once for many of them.

Reads lines "SEED FOLDER". For each it forks, and prints "pid N", then the steps that a returned flush
covered, then "dead".
"""

import os
import random
import sys

import torch
import torch._dynamo  # an optimiser imports it in its first step: once here, and not in each child
from torch import nn

from lossspec import LossManager

torch.set_num_threads(1)


def train(seed, folder):
    chance = random.Random(seed)
    torch.manual_seed(seed)
    manager = LossManager(experiment_dir=folder, history_buffer_size=200)
    for name in ("first", "second", "third"):
        manager.register_loss_fn(name, nn.L1Loss(), 2.0)
    model = nn.Linear(8, 8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    step = 0
    while True:
        manager.set_progress(epoch=step // 50)
        x = torch.rand(4, 8)
        total = sum(manager.compute_loss_xy(name, model(x), x) for name in ("first", "second", "third"))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        manager.step()
        step += 1
        if chance.random() < 0.2:
            manager.update_loss_log()
            os.write(1, b"%d\n" % step)


for line in sys.stdin:
    seed, folder = line.rstrip("\n").split(" ", 1)
    child = os.fork()
    if child == 0:
        train(int(seed), folder)
    print("pid", child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
