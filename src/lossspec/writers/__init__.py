"""Writers: pass the values of a run on to TensorBoard, W&B, MLflow or a CSV file while it trains.

>>> import lossspec.writers
>>> dir(lossspec.writers)
['CsvWriter', 'MLflowWriter', 'TensorBoardWriter', 'WandbWriter']
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
