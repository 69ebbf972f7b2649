"""The state of a manager in a checkpoint: saves, checks and restores it."""

from __future__ import annotations

import copy
import reprlib
from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from lossspec.errors import CheckpointError, ClockError, LossSpecError
from lossspec.log.rows import WIDTH
from lossspec.manager.clock.clock import check_progress
from lossspec.manager.loss.curve import is_finite_number
from lossspec.manager.record.recorders import check_batch_size
from lossspec.names import type_name
from lossspec.scalars import repr_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lossspec.log.rows import Sections
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.run import Run

FORMAT = 1
#: The types of the numbers that ``save`` writes; a tensor or a NumPy scalar is none of its own.
_NUMBERS = (int, float)
#: The largest integer that a log and torch can hold.
_LARGEST = 2**63 - 1
_MEMBERS = (
    "digest",
    "epoch",
    "step",
    "total_epochs",
    "total_steps",
    "batch_size",
    "chunks",
    "waiting",
    "weights",
    "last_due",
    "losses",
    "generators",
)


def save(run: Run, clock: Clock, batch_size: int | None, chunks: int, waiting: Sections) -> dict[str, object]:
    """Return the state as plain values and tensors."""
    modules = run.modules()
    return {
        "format": FORMAT,
        "digest": run.digest,
        "epoch": clock.epoch,
        "step": clock.step if clock.stepped else None,
        "total_epochs": clock.total_epochs,
        "total_steps": clock.total_steps,
        "batch_size": batch_size,
        "chunks": chunks,
        "waiting": {
            section: {name: torch.tensor(rows, dtype=torch.float64) for name, rows in losses.items()}
            for section, losses in waiting.items()
        },
        "weights": {name: loss.loss_weight for name, loss in run.losses.items() if loss.is_set_by_hand},
        "last_due": {name: loss.last_due for name, loss in run.losses.items() if loss.last_due is not None},
        "losses": {name: dict(module.state_dict()) for name, module in modules.items()},
        "generators": {name: generator.get_state() for name, generator in _generators(modules)},
    }


def check(saved: object, run: Run, *, any_spec: bool) -> Mapping[str, Any]:
    """Return a state that fits, checked before any of it is restored.

    Args:
        saved: the return value of ``save``.
        run: the losses and balancers of this manager.
        any_spec: accept the state of another spec, for the losses that both have.

    Raises:
        CheckpointError: it is invalid, or of another spec, or of other losses.
    """
    found = saved.get("format") if isinstance(saved, Mapping) else None
    if not isinstance(saved, Mapping) or type(found) is not int or found != FORMAT:
        got = f"format {_shown(found)}" if isinstance(saved, Mapping) else _shown(saved)
        raise CheckpointError(
            f"a checkpoint must be a `state_dict()` of a LossManager in format {FORMAT}, got {got}"
        )
    _require_members(saved)
    if saved["digest"] != run.digest and not any_spec:
        raise CheckpointError(
            f"the checkpoint is of another spec: expected digest {run.digest}, got {saved['digest']}; "
            "pass `ignore_digest=True` to load it for the losses that both have"
        )
    if not any_spec:
        _check_weights(saved["weights"], run.losses)
    states, modules = saved["losses"], run.modules()
    for name in [] if any_spec else sorted(states.keys() ^ modules.keys()):
        where = "the checkpoint" if name in modules else "this manager"
        raise CheckpointError(f"the state of loss `{name}` is missing in {where}")
    for name in states.keys() & modules.keys():
        wanted = modules[name].state_dict()
        wrong = {str(key) for key in wanted.keys() | states[name] if not _fits(states[name], wanted, key)}
        if wrong:
            raise CheckpointError(
                f"the state of loss `{name}` has other keys or shapes: {', '.join(sorted(wrong))}"
            )
    for name, generator in _generators(modules):
        if name in saved["generators"] and not _is_like(saved["generators"][name], generator.get_state()):
            raise CheckpointError(f"the state of generator `{name}` has another shape")
    return saved


def _check_weights(weights: Mapping[str, object], losses: Mapping[str, LMLoss]) -> None:
    """Check that this manager has the losses whose weights were set by hand, and no schedules for them."""
    for name in weights:
        if name not in losses:
            raise CheckpointError(f"the loss `{name}`, whose weight the checkpoint has, is missing")
        if losses[name].schedule is not None:
            raise CheckpointError(
                f"the checkpoint has a weight of `{name}` that was set by hand, but here it has a schedule"
            )


def _require_members(saved: Mapping[str, Any]) -> None:
    missing = [f"`{name}`" for name in _MEMBERS if name not in saved]
    if missing:
        raise CheckpointError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing in the checkpoint"
        )
    digest = saved["digest"]
    if digest is not None and not isinstance(digest, str):
        raise CheckpointError(f"`digest` in the checkpoint must be a string or None, got {_shown(digest)}")
    if not _is_whole(saved["chunks"]):
        raise CheckpointError(
            f"`chunks` in the checkpoint must be a whole number of at least 0, got {_shown(saved['chunks'])}"
        )
    for name in ("waiting", "weights", "last_due", "losses", "generators"):
        _require_dict(saved[name], name)
    for name in ("waiting", "losses"):
        for inner, value in saved[name].items():
            _require_dict(value, f"{name}.{inner}")
    _check_rows(saved["waiting"])
    for name, weight in saved["weights"].items():
        if type(weight) not in _NUMBERS or not is_finite_number(weight):
            raise CheckpointError(
                f"the weight of `{name}` in the checkpoint must be a finite number, got {_shown(weight)}"
            )
    for name, step in saved["last_due"].items():
        if not _is_whole(step):
            raise CheckpointError(
                f"`last_due` of `{name}` in the checkpoint must be a whole number of at least 0, "
                f"got {_shown(step)}"
            )
    _check_clock(saved)


def _require_dict(value: object, name: str) -> None:
    if not isinstance(value, Mapping):
        raise CheckpointError(f"`{name}` in the checkpoint must be a dict, got {_shown(value)}")
    for key in value:
        if not isinstance(key, str):
            raise CheckpointError(
                f"the keys of `{name}` in the checkpoint must be strings, got {_shown(key)}"
            )


def _check_clock(saved: Mapping[str, Any]) -> None:
    clock = {name: saved[name] for name in ("epoch", "step", "total_epochs", "total_steps")}
    for name, value in {**clock, "batch_size": saved["batch_size"]}.items():
        is_number = type(value) in _NUMBERS and (type(value) is float or abs(value) <= _LARGEST)
        if not is_number and (value is not None or name == "epoch"):
            bound = {"batch_size": "at least 1", "epoch": "at least 0", "step": "at least 0"}
            raise CheckpointError(
                f"invalid clock in checkpoint: `{name}` must be a number of {bound.get(name, 'above 0')}, "
                f"got {_shown(value)}"
            )
    try:
        check_progress(**clock)
        check_batch_size(saved["batch_size"])
    except ClockError as error:
        raise CheckpointError(f"invalid clock in checkpoint: {error}") from None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _shown(value: object) -> str:
    """Return a value of any shape for a message, in a few words."""
    if isinstance(value, torch.Tensor):
        return "a tensor without a shape" if is_lazy(value) else f"a tensor of shape {tuple(value.shape)}"
    if value is None or isinstance(value, bool | float | str | bytes):
        return reprlib.repr(value)
    return repr_of(value) if isinstance(value, int) else type_name(value)


def _fits(given: Mapping[str, object], wanted: Mapping[str, object], key: str) -> bool:
    """Return whether both have the key, with values that can be restored; only tensors can be compared."""
    if key not in given or key not in wanted:
        return False
    new, old = given[key], wanted[key]
    if isinstance(old, torch.Tensor) and not is_lazy(old):
        return _is_like(new, old)
    return isinstance(old, torch.Tensor) or not isinstance(new, torch.Tensor)  # a lazy one takes any


def _is_like(given: object, wanted: torch.Tensor) -> bool:
    """Return whether a tensor of a checkpoint can be copied into another one."""
    return (
        _is_readable(given)
        and given.shape == wanted.shape
        and (given.dtype == wanted.dtype or torch.can_cast(given.dtype, wanted.dtype))
    )


def _is_readable(value: object) -> TypeGuard[torch.Tensor]:
    return (
        isinstance(value, torch.Tensor)
        and not is_lazy(value)
        and value.layout is torch.strided
        and not (value.is_meta or value.is_quantized)
    )


def rows_of(saved: Mapping[str, Any]) -> Sections:
    """Return the rows of a checked state that the file of the log had not taken."""
    return {
        section: {name: array("d", rows.tolist()) for name, rows in losses.items()}
        for section, losses in saved["waiting"].items()
    }


def _check_rows(waiting: Mapping[str, Mapping[str, object]]) -> None:
    for section, losses in waiting.items():
        for name, rows in losses.items():
            if not (
                _is_readable(rows)
                and rows.dtype is torch.float64
                and rows.dim() == 1
                and len(rows) % WIDTH == 0
            ):
                raise CheckpointError(
                    f"`waiting` in the checkpoint must have rows of {WIDTH} 64-bit floats, got others for "
                    f"`{section}.{name}`"
                )


def restore_modules(saved: Mapping[str, Any], run: Run) -> None:
    """Restore the losses, balancers and generators of a checked state, all of them or none.

    Raises:
        CheckpointError: code of a module, or a generator, refuses its state.
    """
    modules = run.modules()
    generators = dict(_generators(modules))
    states = {name: saved["losses"][name] for name in modules if name in saved["losses"]}
    changed: list[tuple[Callable[[Any], object], Any]] = []
    try:
        for name in sorted(states, key=lambda name: not _has_own_loading(modules[name])):
            where, module = f"loss `{name}`", modules[name]
            if _has_own_loading(module):  # torch copies the checked tensors of all others
                changed.append((module.load_state_dict, copy.deepcopy(module.state_dict())))
            module.load_state_dict(states[name])
        for name in generators.keys() & saved["generators"].keys():
            where, generator = f"generator `{name}`", generators[name]
            changed.append((generator.set_state, generator.get_state()))
            generator.set_state(saved["generators"][name].cpu())
    except Exception as error:  # code of a user's module can raise anything; the message names it
        for put_back, before in reversed(changed):
            put_back(before)
        said = error if isinstance(error, LossSpecError) else repr(error)
        raise CheckpointError(f"the state of {where} in the checkpoint is invalid: {said}") from error


def _has_own_loading(module: nn.Module) -> bool:
    """Return whether code other than torch's restores a part of a module."""
    own = nn.Module
    return any(
        type(each).set_extra_state is not own.set_extra_state
        or type(each)._load_from_state_dict is not own._load_from_state_dict  # noqa: SLF001
        or type(each).load_state_dict is not own.load_state_dict
        for each in module.modules()
    )


def restore(saved: Mapping[str, Any], run: Run, clock: Clock) -> None:
    """Restore the rest of a checked state."""
    for name, loss in run.losses.items():
        loss.restore_weight(saved["weights"].get(name))
    for name, loss in run.losses.items():  # after the weights, and before the clock: both make new plans
        loss.last_due = saved["last_due"].get(name)
    clock.restore(saved["epoch"], saved["step"], saved["total_epochs"], saved["total_steps"])


def require_flushed(losses: Mapping[str, LMLoss]) -> None:
    """Check that all recorded values are in the log.

    Raises:
        CheckpointError: some are not.
    """
    waiting = [f"`{name}`" for name, loss in losses.items() if any(map(len, loss.histories().values()))]
    if waiting:
        raise CheckpointError(
            f"values of {', '.join(waiting)} are not in the log yet: call `update_loss_log()` on every rank "
            "before `state_dict()`, which one rank can call alone"
        )


def _generators(modules: Mapping[str, nn.Module]) -> Iterator[tuple[str, torch.Generator]]:
    for name, holder in modules.items():
        for path, module in holder.named_modules():
            for attribute, value in vars(module).items():
                if isinstance(value, torch.Generator):
                    yield ".".join(filter(None, (name, path, attribute))), value
