"""Two ranks train in Lightning, with DDP and gloo. Arguments: a spec, a folder, a checkpoint to resume."""

import json
import sys
import traceback
from pathlib import Path

import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from tests.trainers.small import Small, trainer
from torch import distributed

from lossspec.integrations.lightning import LossCallback

torch.set_num_threads(1)
spec, folder, *checkpoint = sys.argv[1:]
ours = []


def counted(name):
    """Count the collectives that lossspec starts; Lightning has its own."""
    real = getattr(distributed, name)

    def call(*args, **kwargs):
        if any("lossspec/manager" in frame.filename for frame in traceback.extract_stack(limit=8)):
            ours.append(name)
        return real(*args, **kwargs)

    setattr(distributed, name, call)


for name in ("all_reduce", "all_gather", "all_gather_object", "gather", "reduce", "broadcast", "barrier"):
    counted(name)


class Counts(LossCallback):
    """Counts the flushes, and the collectives of each."""

    def __init__(self):
        super().__init__()
        self.flushes = []

    def _flush(self):
        before = len(ours)
        super()._flush()
        self.flushes.append(len(ours) - before)


counts = Counts()
saver = ModelCheckpoint(Path(folder) / "saved", filename="{step}", every_n_train_steps=3, save_top_k=-1)
module = Small(spec, folder)
fit = trainer([counts, saver], folder, strategy="ddp", devices=2, log_every_n_steps=2)
fit.fit(module, ckpt_path=checkpoint[0] if checkpoint else None)
found = {
    "flushes": sorted(set(counts.flushes)),
    "others": len(ours) - sum(counts.flushes),
    "metrics": {name: value.item() for name, value in fit.callback_metrics.items()},
}
Path(folder, f"rank{fit.global_rank}.json").write_text(json.dumps(found))
