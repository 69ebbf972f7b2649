"""NumPy, an extra, and the error that says how to install it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

try:
    import numpy as np
except ModuleNotFoundError as error:
    raise MissingExtraError(
        'reports on runs need numpy, which is not installed: pip install "lossspec[report]", '
        'or "lossspec[plot]" for pictures too'
    ) from error

__all__ = ["as_column", "np"]


def as_column(values: Sequence[float] | NDArray[np.generic]) -> NDArray[np.generic]:
    """Return values as an array; an array is not copied."""
    return np.asarray(values)
