"""Two processes train with Accelerate. Arguments: a spec, a folder, the first epoch, the end."""

import os
import sys
from pathlib import Path

import torch
from accelerate import Accelerator
from tests.collectives import counted
from torch.utils.data import DataLoader

from lossspec import LossManager
from lossspec.writers import CsvWriter

torch.set_num_threads(1)
spec, folder, first, last = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
ours = counted("lossspec/manager")  # Accelerate has its own


accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
torch.manual_seed(0)
model = torch.nn.Linear(3, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = DataLoader(torch.arange(72.0).reshape(24, 3) / 72, batch_size=4)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)

manager = LossManager.from_spec(
    spec, experiment_dir=folder / "run", writers=[CsvWriter(folder / "losses.csv")]
)
accelerator.register_for_checkpointing(manager)
objective = manager.objective()
during, seen = [], []
if first:
    accelerator.load_state(folder / f"epoch{first}")
for epoch in range(first, last):
    manager.set_progress(epoch=epoch)
    for y in loader:
        before = len(ours)
        with accelerator.accumulate(model):
            seen.append(manager._clock.step)
            accelerator.backward(objective(y_fake=model(y), y=y))
            optimizer.step()
            optimizer.zero_grad()
        if accelerator.sync_gradients:
            manager.step()
        during.append(len(ours) - before)
    manager.update_loss_log()
    accelerator.save_state(folder / f"epoch{epoch + 1}")
print(f"{accelerator.process_index}: {ours} {set(during)} {seen}", flush=True)
manager.close()
accelerator.wait_for_everyone()
accelerator.end_training()
os._exit(0)  # the end of the interpreter can meet a thread of gloo's, and abort
