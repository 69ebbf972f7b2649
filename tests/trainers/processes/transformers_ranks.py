"""Two ranks train in the Trainer of transformers, under torchrun. Arguments: a spec, a folder for the run."""

import json
import os
import sys
from pathlib import Path

import torch
from tests.collectives import counted
from tests.trainers.test_transformers import near, samples, trainer, weights
from torch import distributed

from lossspec import LossManager

torch.set_num_threads(1)
spec, folder = sys.argv[1:]
ours = counted("lossspec/manager")  # the Trainer has its own


manager = LossManager.from_spec(spec, experiment_dir=folder)
flushes = []
flush = manager.update_loss_log


def counted_flush():
    before = len(ours)
    flush()
    flushes.append(len(ours) - before)


manager.update_loss_log = counted_flush
fit = trainer(
    manager,
    samples(16, near),
    f"{folder}/out",
    gradient_accumulation_steps=2,
    save_strategy="epoch",
    num_train_epochs=1,
)
fit._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(fit.train_dataset)
fit.train()
rank = distributed.get_rank()
found = {"flushes": flushes, "others": len(ours) - sum(flushes), "weights": weights(fit.model).tolist()}
Path(folder, f"rank{rank}.json").write_text(json.dumps(found))
distributed.barrier()
os._exit(0)  # the end of the interpreter can meet a thread of gloo's, and abort
