"""The options of a manager: for those who pass them on, and which can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, get_args

from lossspec.errors import LossSpecError
from lossspec.manager.clock import is_count
from lossspec.manager.collector import OnNonFinite

if TYPE_CHECKING:
    from os import PathLike

    import torch

    from lossspec.manager.config import HasDevice


class Options(TypedDict, total=False):
    """What ``LossManager`` takes; its docstring says what each means."""

    config: HasDevice | None
    experiment_dir: str | PathLike[str] | None
    enable_logging: bool
    history_buffer_size: int
    device: torch.device | str | None
    on_nonfinite: OnNonFinite
    durable: bool
    downloads: bool


def refuse_options(on_nonfinite: object, history_buffer_size: object) -> None:
    """Refuse values that an option can't have.

    Raises:
        LossSpecError: one of them can't be.
    """
    if on_nonfinite not in get_args(OnNonFinite):
        raise LossSpecError(f'`on_nonfinite` is "record", "warn" or "raise": found {on_nonfinite!r}')
    if not is_count(history_buffer_size):
        size = f"it is {history_buffer_size!r}"
        raise LossSpecError(f"`history_buffer_size` must be a whole number, 1 or more: {size}")
