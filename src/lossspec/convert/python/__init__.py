"""A spec as one module of plain PyTorch, without lossspec."""

from lossspec.convert.python.module import to_python
from lossspec.convert.python.refusal import ExportError

__all__ = ["ExportError", "to_python"]
