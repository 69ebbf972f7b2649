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

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossspec.report.run.page import write_report as write_report
    from lossspec.report.run.plot import plot_run as plot_run
    from lossspec.report.run.summary import first_and_last as first_and_last

_HOMES = {
    "first_and_last": "lossspec.report.run.summary",
    "plot_run": "lossspec.report.run.plot",
    "write_report": "lossspec.report.run.page",
}
__all__ = [*_HOMES]  # noqa: PLE0604 - each is imported from its home when it is first used


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module `lossspec.report` has no attribute `{name}`")
