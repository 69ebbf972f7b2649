"""NumPy, which carries the numbers of a run, and the message where it is not installed."""

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
    """Return values as an array, without a copy where they are one."""
    return np.asarray(values)
