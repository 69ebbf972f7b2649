"""The centre of self-distillation in two processes with different views; each rank checks its own."""

import os

import torch
from torch import distributed

from lossspec.losses import SelfDistillationLoss

torch.set_num_threads(1)
distributed.init_process_group("gloo")
rank = distributed.get_rank()
loss = SelfDistillationLoss(3, momentum=0.75)
expected = torch.zeros(3)
for step in range(2):
    torch.manual_seed(step)
    teachers = [[torch.randn(4, 3) for _ in range(2)] for _ in range(2)]
    loss([torch.randn(4, 3) for _ in range(3)], teachers[rank])
    everything = torch.cat([view for each in teachers for view in each])
    expected = 0.75 * expected + 0.25 * everything.mean(dim=0)
    if not torch.allclose(loss.center, expected, rtol=1e-6):
        raise SystemExit(f"rank {rank}, step {step}: {loss.center}, expected {expected}")
distributed.barrier()
os._exit(0)  # the end of the interpreter can meet a thread of gloo's, and abort
