"""Checks what a checkpoint holds of torchjd's methods, before any of it is restored."""
# ruff: noqa: SLF001 - what FAMO remembers has no public name

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

import torch
from torch import Tensor

from lossspec.errors import CheckpointError
from lossspec.losses.check import whole
from lossspec.names import listed, shorten

if TYPE_CHECKING:
    from collections.abc import Collection

    from torch import nn

#: What torchjd's weightings remember between calls: GradVac and PCD.
STATE = ("_phi_t", "_sq_norm_ema", "_n_steps", "_state_key")
_ADAM = {"step", "exp_avg", "exp_avg_sq"}


def remembered(method: nn.Module) -> dict[str, object]:
    """Return what a method remembers, by name."""
    return {name: getattr(method, name) for name in STATE if hasattr(method, name)}


def check_state(name: str, method: nn.Module, count: int, state: object, more: Collection[str] = ()) -> None:
    """Check the state of a balancer.

    Args:
        name: the balancer, for messages.
        method: its method of torchjd.
        count: the number of losses.
        state: the state.
        more: names that it has beside ``calls`` and ``method``.

    Raises:
        CheckpointError: it is not a state of this balancer.
    """
    found = _table(name, "", state, {"calls", "method", *more})
    _whole(name, "calls", found["calls"])
    kept = _table(name, "method", found["method"], remembered(method).keys())
    key, size = kept.get("_state_key"), None
    tensors = {each: kept[each] for each in ("_phi_t", "_sq_norm_ema") if each in kept}
    for each, value in tensors.items():
        if value is None:
            continue
        shape = value.shape if _is_readable(value) and value.is_floating_point() else None
        square = each == "_phi_t"
        if shape is None or len(shape) != 1 + square or len({*shape}) != 1 or not 1 <= shape[0] <= count:
            _refuse(name, f"method.{each}", f"floats for at most {count} losses", value)
        size = (shape[0], value.dtype) if square else shape[0]
    if kept and not _is_same(key, size):
        _refuse(name, "method._state_key", f"{size!r}, which the other values fit", key)
    if "_n_steps" in kept and not _fits_steps(kept["_n_steps"], size):
        _refuse(name, "method._n_steps", "a whole number of at least 0", kept["_n_steps"])


def check_famo(name: str, method: Any, count: int, state: object) -> None:
    """Check the state of the balancer of FAMO.

    Raises:
        CheckpointError: it is not one.
    """
    check_state(name, method, count, state, ("logits", "optimizer", "before", "updates"))
    found = _table(name, "", state, {"calls", "method", "logits", "optimizer", "before", "updates"})
    _whole(name, "updates", found["updates"])
    _check_floats(name, "logits", found["logits"], method._w.shape)
    before = found["before"]
    places = range(count)
    if not isinstance(before, Mapping) or not all(type(each) is int and each in places for each in before):
        _refuse(name, "before", f"values by positions below {count}", before)
    for place, value in before.items():
        _check_floats(name, f"before.{place}", value, torch.Size())
    if found["optimizer"] is not None:
        _check_adam(name, method, found["optimizer"])


def adam_of(method: Any) -> torch.optim.Adam:
    """Return a new optimiser as FAMO makes its own."""
    return torch.optim.Adam([method._w], lr=method.lr, weight_decay=method.weight_decay)


def _check_adam(name: str, method: Any, state: object) -> None:
    fresh = adam_of(method).state_dict()
    found = _table(name, "optimizer", state, fresh.keys())
    groups = found["param_groups"]
    if not isinstance(groups, list) or len(groups) != 1:
        _refuse(name, "optimizer.param_groups", "one group", groups)
    group = _table(name, "optimizer.param_groups", groups[0], fresh["param_groups"][0].keys())
    for key, wanted in fresh["param_groups"][0].items():
        if not _is_same(group[key], wanted, by_type=key != "params"):
            _refuse(name, f"optimizer.param_groups.{key}", f"like {wanted!r}", group[key])
    moments = _table(name, "optimizer.state", found["state"], {0})[0]
    values = _table(name, "optimizer.state.0", moments, _ADAM)
    for key, value in values.items():
        shape = torch.Size() if key == "step" else method._w.shape
        _check_floats(name, f"optimizer.state.0.{key}", value, shape)


def _check_floats(name: str, place: str, value: object, shape: torch.Size) -> None:
    if not (_is_readable(value) and value.is_floating_point() and value.shape == shape):
        _refuse(name, place, f"floats of the shape {tuple(shape)}", value)


def _is_same(got: object, wanted: object, *, by_type: bool = False) -> bool:
    """Return whether two values, or their types, are equal; one from a file can have tensors in it."""
    if type(got) is not type(wanted):
        return False
    if isinstance(got, tuple | list) and isinstance(wanted, tuple | list):
        pairs = zip(got, wanted, strict=False)
        return len(got) == len(wanted) and all(_is_same(*each, by_type=by_type) for each in pairs)
    return by_type or got == wanted


def _fits_steps(value: object, size: object) -> bool:
    if value is None or size is None:
        return value is None and size is None
    return _is_readable(value) and value.dtype is torch.int64 and value.dim() == 0 and int(value) >= 0


def _is_readable(value: object) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and value.layout is torch.strided and not value.is_meta


def _table(name: str, place: str, value: object, keys: Collection[object]) -> Mapping[Any, Any]:
    """Return a table that has these keys and no others."""
    if not isinstance(value, Mapping):
        _refuse(name, place, "a table", value)
    for problem, found in (("is missing", {*keys} - {*value}), ("has the unknown", {*value} - {*keys})):
        if found:
            raise _invalid(name, place, f"{problem} {shorten(listed(sorted(map(str, found))))}")
    return value


def _whole(name: str, place: str, value: object) -> None:
    try:
        whole(value, place)
    except CheckpointError as error:
        raise CheckpointError(f"the state of {name} is invalid: {error}") from None


def _refuse(name: str, place: str, wanted: str, got: object) -> NoReturn:
    tensor = f"a tensor of {got.dtype} and the shape {tuple(got.shape)}" if isinstance(got, Tensor) else ""
    raise _invalid(name, place, f"must be {wanted}, got {tensor or f'a {type(got).__name__}'}")


def _invalid(name: str, place: str, problem: str) -> CheckpointError:
    where = f"`{shorten(place)}`" if place else "it"
    return CheckpointError(f"the state of {name} is invalid: {where} {problem}")
