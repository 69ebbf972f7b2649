"""Schedules against those of trainers."""

import pytest
import torch
from transformers import get_wsd_schedule

from lossspec import schedules


@pytest.mark.parametrize("shape", ["cosine", "linear", "1-sqrt"])
def test_warmup_stable_decay_is_that_of_transformers(shape):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    lengths = {"num_warmup_steps": 7, "num_stable_steps": 20, "num_decay_steps": 13}
    [peer] = get_wsd_schedule(optimizer, **lengths, decay_type=shape, min_lr_ratio=0.25).lr_lambdas
    values = {"start_value": 0.25, "peak_value": 1.0, "end_value": 0.25}
    schedule = schedules.warmup_stable_decay(warmup=7, stable=20, decay=13, shape=shape, **values)
    assert [schedule(t) for t in range(60)] == pytest.approx([peer(t) for t in range(60)], abs=1e-12)
