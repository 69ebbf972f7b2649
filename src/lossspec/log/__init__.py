"""The loss log of a run: its format, file, writer, reader and exports.

Nothing here imports torch, so a log can be read on any machine.

>>> from lossspec.log import LMHistory, read_log
"""

from __future__ import annotations

from lossspec.log.reader import read_log
from lossspec.log.rows import LMHistory

__all__ = ["LMHistory", "read_log"]
