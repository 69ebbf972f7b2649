"""Shows an objective and a run: as formulas, tables, curves and one page of HTML.

What shows a spec needs no torch: the formula, the weights over a run that has not begun, the difference
between two specs. What shows a run takes the log that ``lossspec.read_log`` returns:

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
