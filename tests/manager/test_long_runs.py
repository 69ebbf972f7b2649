import os
from pathlib import Path

import pytest
import torch

from lossspec import LossManager, read_log
from lossspec.log.rows import WIDTH

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def record(manager, name, count):
    loss = manager.get_registered_losses(strip=False)[name]
    value = torch.tensor(1.5)
    add = manager._recorders.record_balanced
    for _ in range(count):
        add([(loss, value)], 1, {})
    return loss


@pytest.mark.parametrize("logged", [True, False])
def test_memory_is_flat_over_many_values(tmp_path, logged):
    manager = LossManager(experiment_dir=tmp_path if logged else None, history_buffer_size=5000)
    manager.register_loss_fn("a", torch.nn.L1Loss())
    record(manager, "a", 20_000)
    before = resident()
    loss = record(manager, "a", 300_000)
    assert resident() - before < 5_000_000
    assert len(loss.history.flat) <= WIDTH * (5000 * 9 // 8 + 64)
    if logged:
        manager.update_loss_log()
        assert len(read_log(tmp_path).losses["a"]) == 320_000
