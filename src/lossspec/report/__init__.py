"""Reports on specs and runs: formulas, tables, plots and an HTML page. Nothing here imports torch.

Reports on a spec are its formula, its weights over a future run, and its differences from another spec.
Reports on a run take the log that ``lossspec.read_log`` returns:

>>> import torch, tempfile
>>> from lossspec import LossManager, read_log
>>> from lossspec.report import first_and_last
>>> folder = tempfile.mkdtemp()
>>> with LossManager(experiment_dir=folder) as manager:
...     manager.register_loss_fn("l1", torch.nn.L1Loss(), loss_weight=100.0)
...     for step in range(4):
...         _ = manager.compute_loss_xy("l1", torch.full((3,), 4.0 - step), torch.zeros(3))
...         manager.step()
>>> print(first_and_last(read_log(folder)))
              weight               raw            weighted
term  step 0  step 3    step 0  step 3    step 0    step 3
  l1     100     100         4       1       400       100
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
