"""Callbacks read from a device when they flush, and at no other time. The meta device stands for one."""

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from tests.trainers import test_transformers as hf
from tests.trainers.small import Small, trainer

from lossspec.integrations.lightning import LossCallback
from lossspec.manager.record import recorders


@pytest.fixture
def reads(monkeypatch):
    """The sizes of all reads."""
    sizes = []

    def to_host(values):
        sizes.append(values.numel())
        return [0.0] * values.numel()

    monkeypatch.setattr(recorders, "to_host", to_host)
    return sizes


def run_on_device(manager):
    tensor = torch.empty(2, 3, device="meta")
    manager.objective()(y_fake=tensor, y=tensor)


class OnDevice(Small):
    def training_step(self, batch, batch_idx):
        run_on_device(self.losses)
        return self.model(batch[0]).sum()

    def validation_step(self, batch, batch_idx):
        run_on_device(self.losses)


@pytest.mark.parametrize(("logs", "expected"), [(False, [12 + 4] * 2), (True, [6, 6, 4] * 2)])
def test_lightning(spec, run, reads, logs, expected):
    """Six steps an epoch and two batches of validation, of two terms; logged every three steps or not."""
    logger = CSVLogger(run.parent) if logs else False
    fit = trainer([LossCallback()], run.parent, logger=logger, log_every_n_steps=3)
    fit.fit(OnDevice(spec, run, batches=6))
    assert reads == expected


def test_transformers(spec, run, tmp_path, reads):
    """Five steps an epoch."""
    manager = hf.LossManager.from_spec(spec, experiment_dir=run)

    def loss(outputs, labels, num_items_in_batch):
        run_on_device(manager)
        return outputs["scores"].sum()

    fit = hf.trainer(manager, hf.samples(10, hf.near), tmp_path / "out")
    fit.compute_loss_func = loss
    fit.train()
    assert reads == [10, 10]
