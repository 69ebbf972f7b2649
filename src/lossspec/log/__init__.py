"""The loss log of a run: its format, its file, its writer and reader, its exports.

Nothing here imports torch: a log is read wherever Python is.

>>> from lossspec.log import LMHistory, read_log
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
