"""The loss log of a run: its format, file, writer, reader and exports.

Nothing here imports torch, so a log can be read on any machine.

>>> from lossspec.log import LMHistory, read_log
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
