"""A command line for a module: the spec and its params are arguments, the configuration has the callback."""

import lightning
import torch
from lightning.pytorch.cli import LightningCLI
from torch.utils.data import DataLoader, TensorDataset

from lossspec import LossManager


class Restore(lightning.LightningModule):
    def __init__(self, spec: str, params: dict[str, float] | None = None, folder: str = "run"):
        super().__init__()
        self.model = torch.nn.Linear(3, 3)
        self.losses = LossManager.from_spec(spec, params, experiment_dir=folder)

    def training_step(self, batch, batch_idx):
        return self.losses.objective()(y_fake=self.model(batch[0]), y=batch[0])

    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.rand(6, 3)), batch_size=2)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


if __name__ == "__main__":
    LightningCLI(Restore)
