"""The options of a manager: their types and their checks."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, TypedDict, Unpack, get_args

import torch

from lossspec.errors import LossSpecError
from lossspec.manager.loss.curve import is_count
from lossspec.manager.loss.messages import describe
from lossspec.manager.record.flush import OnNonFinite
from lossspec.registry.allocation import MAX_BYTES
from lossspec.scalars import repr_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.log.protocol import Writer
    from lossspec.manager.config import HasDevice


class Options(TypedDict, total=False):
    """The keyword arguments of ``LossManager``; see its docstring."""

    config: HasDevice | None
    experiment_dir: str | PathLike[str] | None
    enable_logging: bool
    history_buffer_size: int
    device: torch.device | str | None
    on_nonfinite: OnNonFinite
    durable: bool
    downloads: bool
    max_bytes: float
    take_over: bool
    writers: Sequence[Writer]


class Allowed(TypedDict):
    """What only the caller can allow the losses of a spec, never the spec; see ``lossspec.build``."""

    downloads: bool
    max_bytes: float


def allowed(**options: Unpack[Options]) -> Allowed:
    """Return what the options of a manager allow."""
    return {
        "downloads": options.get("downloads", False),
        "max_bytes": options.get("max_bytes", MAX_BYTES),
    }


def check_options(on_nonfinite: object, history_buffer_size: object, writers: object) -> None:
    """Check the values of options.

    Raises:
        LossSpecError: one of them is invalid.
    """
    if on_nonfinite not in get_args(OnNonFinite):
        raise LossSpecError(f'`on_nonfinite` must be "record", "warn" or "raise", got {on_nonfinite!r}')
    if not is_count(history_buffer_size):
        got = f"got {history_buffer_size!r}"
        raise LossSpecError(f"`history_buffer_size` must be a whole number of at least 1, {got}")
    if not isinstance(writers, list | tuple):
        raise LossSpecError(f"`writers` must be a list of writers, got {describe(writers)}")
    for each in writers:
        missing = [name for name in ("whole", "begin", "write", "close") if not hasattr(each, name)]
        if missing or isinstance(each, type):
            raise LossSpecError(
                f"`writers` must hold writers, such as `lossspec.writers.TensorBoardWriter(folder)`, got "
                f"{describe(each)}"
            )


def check_are_options(options: Mapping[str, object], params: Mapping[str, object]) -> None:
    """Check that no option is a parameter of the spec.

    Raises:
        LossSpecError: one of them is.
    """
    for name, value in options.items():
        if name in params and name not in Options.__annotations__:
            advice = f"`params={{{name!r}: {repr_of(value)}}}`"
            raise LossSpecError(f"`{name}` is a parameter of the spec, not an option: pass {advice}")


def device_of(device: torch.device | str | None, config: HasDevice | None) -> torch.device | None:
    """Return ``device``, else the device of the configuration; None if neither is given.

    Raises:
        LossSpecError: the configuration has no device, or torch does not have it. Only torch's own
            accelerators are checked: others can be unknown until they are used.
    """
    if config is not None and not hasattr(config, "common"):
        advice = "; for a spec, call `LossManager.from_spec`" if isinstance(config, str | PathLike) else ""
        expected = "`config` must have `.common.device`, as `ConfigManager(path).data` has"
        raise LossSpecError(f"{expected}, got {describe(config)}{advice}")
    given = device if device is not None else config.common.device if config is not None else None
    if given is None:
        return None
    found = torch.device(given)
    known = _devices() if found.type in {"cuda", "mps", "xpu"} else []
    if known and f"{found.type}:{found.index or 0}" not in known:
        raise LossSpecError(
            f"`device` must be one of {', '.join(f'`{each}`' for each in known)}, which torch "
            f"{torch.__version__} has here, got {str(given)!r}"
        )
    return found


def _devices() -> list[str]:
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return ["cpu"]
    return ["cpu", *(f"{accelerator.type}:{index}" for index in range(torch.accelerator.device_count()))]
