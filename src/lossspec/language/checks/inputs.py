"""Checks the inputs of each term against the call of its loss, and against a closed ``[inputs]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lossspec.faults import Fault
from lossspec.language.diagnostics.findings import TextOrigin
from lossspec.language.text.reference import SUFFIX
from lossspec.names import close, near_or_all, nearest
from lossspec.registry import find
from lossspec.validation.messages import unknown_key
from lossspec.validation.reported import FAULTY, is_sound
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import Resolved
    from lossspec.registry import CallInput, LossType

#: How near a name must be to one that the reader has not seen to be taken for it.
_VERY_NEAR = 0.9


def input_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield what is wrong with the inputs of terms."""
    for name, loss in spec.new_losses():
        path: KeyPath = ("losses", name, "inputs")
        inputs = loss.get("inputs")
        yield from closed(spec, inputs, path)
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


def closed(spec: Resolved, inputs: object, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault for each tensor of the ``inputs`` at ``path`` that ``[inputs]`` does not have."""
    known = spec.table.get("inputs")
    for place, name in tensors(inputs):
        if not isinstance(known, dict) or name in known:
            continue
        owner = _closed_by(spec, path)
        if owner:  # most likely it is new, and the reader never saw the list
            found = next(iter(close(name, known, _VERY_NEAR)), None)
            message = f"unknown tensor `{name}`: `{owner}`, which this extends, closes its inputs"
            add = f'add it: `inputs.{name} = "..."`'
            help_ = near_or_all("a tensor", found, ()) if found else add
        else:
            found = nearest(name, known)
            message = f"unknown tensor `{name}`: `[inputs]` does not have it"
            help_ = near_or_all("a tensor", found, known)
        replacement = f'"{found}"' if found else None
        yield Fault("unknown-input", message, (*path, *place), help=help_, replacement=replacement)


def _closed_by(spec: Resolved, path: KeyPath) -> str:
    """Return the name of the spec whose ``[inputs]`` close those at ``path``, or "" if it is their own."""
    own, _ = spec.stack.place(path)
    holders = [layer.origin for layer in spec.stack.layers if isinstance(layer.table.get("inputs"), dict)]
    if own in holders or not holders or not isinstance(own, TextOrigin):
        return ""
    last = holders[-1]
    file = last.source.path if isinstance(last, TextOrigin) else None
    return file.name.removesuffix(SUFFIX) if file else ""


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
