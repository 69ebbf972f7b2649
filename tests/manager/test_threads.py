import math
import threading

import pytest
import torch

from lossspec import LossManager, read_log
from lossspec.log.rows import EPOCH, RAW, WIDTH


def test_reading_threads_never_see_a_torn_state(tmp_path):
    manager = LossManager(experiment_dir=tmp_path, history_buffer_size=500)
    manager.register_loss_fn("a", lambda x: x)
    manager.register_loss_fn("b", lambda x: x, schedule=lambda t: t + 1.0)
    done, problems = threading.Event(), []

    def read():
        while not done.is_set():
            try:
                for name, value in manager.get_loss_values(precision=None).items():
                    # value and weight are of one row: the value is the epoch plus 1, squared for "b"
                    if not math.isnan(value) and not (value if name == "a" else value**0.5).is_integer():
                        problems.append((name, value))
                for loss in manager.get_registered_losses(strip=False).values():
                    history = loss.history
                    rows = history.rows
                    assert len(rows) % WIDTH == 0
                    assert all(
                        raw == epoch + 1
                        for raw, epoch in zip(rows[RAW::WIDTH], rows[EPOCH::WIDTH], strict=True)
                    )
                    _ = (
                        history.losses,
                        history.weights,
                        loss.last_loss_map,
                        manager.print_losses(0, 0, capture=True),
                    )
            except Exception as error:
                problems.append(error)
                raise

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for epoch in range(3000):
        manager.set_progress(epoch=epoch)
        for name in "ab":
            manager.compute_loss(name, torch.tensor(epoch + 1.0))
        manager.step()
    done.set()
    for reader in readers:
        reader.join()
    assert problems == []
    manager.update_loss_log()
    assert read_log(tmp_path).losses["b"].weighted.tolist() == pytest.approx(
        [(epoch + 1.0) ** 2 for epoch in range(3000)]
    )
