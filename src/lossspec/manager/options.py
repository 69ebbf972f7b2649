"""The options of a manager: for those who pass them on, and which can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, get_args

import torch

from lossspec.errors import LossSpecError
from lossspec.manager.loss.curve import is_count
from lossspec.manager.record.flush import OnNonFinite

if TYPE_CHECKING:
    from os import PathLike

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


def device_of(device: torch.device | str | None, config: HasDevice | None) -> torch.device | None:
    """Return where the losses live: ``device``, else what the configuration says; None if neither does.

    Raises:
        LossSpecError: torch does not have it here. Only the devices of torch's own accelerators are looked
            at: of others it may not know before they are used.
    """
    wanted = device if device is not None else config.common.device if config is not None else None
    if wanted is None:
        return None
    found = torch.device(wanted)
    known = _devices() if found.type in {"cuda", "mps", "xpu"} else []
    if known and f"{found.type}:{found.index or 0}" not in known:
        raise LossSpecError(
            f"`device` is {str(wanted)!r}, which torch {torch.__version__} does not have here: it has "
            f"{', '.join(f'`{each}`' for each in known)}"
        )
    return found


def _devices() -> list[str]:
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return ["cpu"]
    return ["cpu", *(f"{accelerator.type}:{index}" for index in range(torch.accelerator.device_count()))]
