"""The options of a manager, for those who pass them on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from os import PathLike

    import torch

    from lossspec.manager.collector import OnNonFinite
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
