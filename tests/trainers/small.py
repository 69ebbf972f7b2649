"""A LightningModule of nine weights, and a Trainer that leaves nothing behind."""

from __future__ import annotations

import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset

from lossspec import LossManager


def data(count, seed=0):
    return TensorDataset(torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)))


class Small(lightning.LightningModule):
    """Learns the identity: ``batches`` batches of two an epoch."""

    def __init__(self, spec, folder=None, params=None, batches=5, validations=1):
        super().__init__()
        torch.manual_seed(0)
        self.model = torch.nn.Linear(3, 3)
        self.losses = LossManager.from_spec(spec, params, experiment_dir=folder)
        self.batches, self.validations = batches, validations

    def loss(self, batch):
        return self.losses.objective()(y_fake=self.model(batch[0]), y=batch[0])

    def training_step(self, batch, batch_idx):
        return self.loss(batch)

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        return self.loss(batch)

    def test_step(self, batch, batch_idx):
        return self.loss(batch)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def train_dataloader(self):
        return DataLoader(data(2 * self.batches), batch_size=2)

    def val_dataloader(self):
        return [DataLoader(data(4, seed), batch_size=2) for seed in range(1, 1 + self.validations)]

    def test_dataloader(self):
        return DataLoader(data(4, 9), batch_size=2)


def trainer(callbacks, folder, **options):
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    checkpoints = {
        "enable_checkpointing": any(
            isinstance(each, lightning.pytorch.callbacks.Checkpoint) for each in callbacks
        )
    }
    return lightning.Trainer(
        callbacks=callbacks,
        accelerator="cpu",
        default_root_dir=folder,
        **{**quiet, **checkpoints, "max_epochs": 2, **options},
    )
