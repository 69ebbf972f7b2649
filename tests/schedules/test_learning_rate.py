"""A schedule as the ``lr_lambda`` of torch's ``LambdaLR``, saved and resumed."""

from __future__ import annotations

import torch
from torch.optim.lr_scheduler import LambdaLR

from lossspec import schedules

FACTOR = schedules.warmup(
    over=4, then=schedules.cosine(start=0, end=10, start_value=1.0, end_value=0.1), maximum=0.9
)


def scheduler(factor=FACTOR):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    return LambdaLR(optimizer, lr_lambda=factor)


def rates(running, steps):
    seen = []
    for _ in range(steps):
        seen.append(running.get_last_lr()[0])
        running.optimizer.step()
        running.step()
    return seen


def test_the_rate_is_the_schedule_times_the_base_rate():
    assert rates(scheduler(), 20) == [0.5 * FACTOR(step) for step in range(20)]


def test_scheduler_state_excludes_the_schedule_and_resumes(tmp_path):
    """LambdaLR saves the ``__dict__`` of a lambda that is an object, and fails on one without."""
    running = scheduler()
    before = rates(running, 7)
    torch.save(running.state_dict(), tmp_path / "state.pt")
    saved = torch.load(tmp_path / "state.pt", weights_only=True)
    assert saved["lr_lambdas"] == [{}]
    resumed = scheduler()
    resumed.load_state_dict(saved)
    assert before + rates(resumed, 13) == rates(scheduler(), 20)
