"""Two ranks train in Lightning, with DDP and gloo. Arguments: a spec, a folder, a checkpoint to resume."""

import json
import sys
from pathlib import Path

import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from tests.collectives import counted
from tests.trainers.small import Small, trainer

from lossspec.integrations.lightning import LossCallback

torch.set_num_threads(1)
spec, folder, *checkpoint = sys.argv[1:]
ours = counted("lossspec/manager")  # Lightning has its own


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
