"""The loss log of a run: its format, its file, its writer and reader, its exports.

Nothing here imports torch: a log is read wherever Python is.

>>> from lossspec.log import LMHistory, read_log
"""

from __future__ import annotations

from lossspec.log.reader import read_log
from lossspec.log.rows import LMHistory

__all__ = ["LMHistory", "read_log"]
