"""Checks the inputs of each term against the call of its loss, and against a closed ``[inputs]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lossspec.registry import find
from lossspec.spec.diagnostics import Fault
from lossspec.spec.faulty import FAULTY, is_sound
from lossspec.spec.suggest import near, near_or_all
from lossspec.spec.words import dotted, unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.registry import CallInput, LossType
    from lossspec.spec.diagnostics import KeyPath
    from lossspec.spec.resolve import Resolved


def input_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield what is wrong with the inputs of terms."""
    known = spec.table.get("inputs")
    for name, loss in spec.new_losses():
        path: KeyPath = ("losses", name, "inputs")
        inputs = loss.get("inputs")
        if isinstance(known, dict):
            yield from closed(inputs, path, known)
        tag = loss.get("type")
        entry = find(tag) if isinstance(tag, str) else None
        if entry is not None:
            yield from call_faults(entry, inputs, path)


def call_faults(entry: LossType, inputs: object, path: KeyPath) -> Iterator[Fault]:
    """Yield what is wrong with the ``inputs`` at ``path`` for the call of a loss, or of a balancer."""
    if not is_sound(inputs):
        return
    if isinstance(inputs, list):
        yield from _count(entry, len(inputs), path)
        yield from _kinds(dict(enumerate(inputs)), dict(enumerate(entry.inputs)), path, entry)
    elif isinstance(inputs, dict):
        yield from _names(entry, inputs, path)
        yield from _kinds(inputs, {each.name: each for each in entry.inputs}, path, entry)


def closed(inputs: object, path: KeyPath, known: Mapping[str, object]) -> Iterator[Fault]:
    """Yield a fault for each tensor that ``[inputs]`` does not have."""
    for place, name in tensors(inputs):
        if name not in known:
            found = near(name, known)
            yield Fault(
                "unknown-input",
                f"unknown tensor `{name}`: `[inputs]` does not have it",
                (*path, *place),
                help=near_or_all("a tensor", found, known),
                replacement=f'"{found}"' if found else None,
            )


def tensors(inputs: object) -> Iterator[tuple[KeyPath, str]]:
    """Yield the names of tensors in an ``inputs`` array or table, each with its path inside."""
    entries: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(inputs, list):
        entries = iter(enumerate(inputs))
    elif isinstance(inputs, dict):
        entries = iter(inputs.items())
    for key, entry in entries:
        if isinstance(entry, str):
            yield (key,), entry
        elif isinstance(entry, dict) and isinstance(entry.get("name"), str):
            yield (key, "name"), entry["name"]


def _count(entry: LossType, count: int, path: KeyPath) -> Iterator[Fault]:
    least = sum(1 for each in entry.inputs if each.required)
    most = len(entry.inputs)
    if least <= count <= most:
        return
    takes = f"{most}" if least == most else f"{least} to {most}"
    names = ", ".join(f"`{each.name}`" + ("" if each.required else " (optional)") for each in entry.inputs)
    message = f"`{dotted(path[:-1])}` has {count} inputs: `{entry.name}` takes {takes}"
    yield Fault("input-count", message.replace(" 1 inputs", " 1 input"), path, help=f"in call order: {names}")


def _names(entry: LossType, inputs: dict[str, object], path: KeyPath) -> Iterator[Fault]:
    names = [each.name for each in entry.inputs]
    for name in inputs:
        if name not in names:
            yield unknown_key(name, path, names)
    missing = [each.name for each in entry.inputs if each.required and each.name not in inputs]
    if missing and all(name in names for name in inputs):
        listed = ", ".join(f"`{each}`" for each in missing)
        yield Fault("missing-key", f"`{dotted(path)}` lacks {listed}", path, "key")


def _kinds(
    inputs: Mapping[int, object] | Mapping[str, object],
    expected: Mapping[int, CallInput] | Mapping[str, CallInput],
    path: KeyPath,
    entry: LossType,
) -> Iterator[Fault]:
    """Yield a fault for each number that can't be a target, and each callable that can't be detached."""
    has_tensor = False
    for key, value in cast("Mapping[str | int, object]", inputs).items():
        call = cast("Mapping[str | int, CallInput]", expected).get(key)
        is_number = isinstance(value, int | float)
        if call is None:
            continue
        if is_number and call.kind != "tensor":
            message = f"`{call.name}` of `{entry.name}` is a {call.kind}: it can't be a number"
            yield Fault("input-kind", message, (*path, key))
        elif isinstance(value, dict) and value.get("detach") is True and call.kind == "callable":
            message = f"`{call.name}` of `{entry.name}` is a callable: there is nothing to detach"
            yield Fault("input-kind", message, (*path, key))
        has_tensor = has_tensor or (not is_number and call.kind != "callable")
    numbers = [key for key, value in inputs.items() if isinstance(value, int | float)]
    if numbers and not has_tensor and FAULTY not in inputs.values():
        message = f"the number in `{dotted(path)}` has no tensor to take its shape from"
        yield Fault("no-tensor", message, (*path, numbers[0]))
