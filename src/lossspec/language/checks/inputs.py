"""Checks the inputs of each term against the call of its loss, and against ``[inputs]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.diagnostics.findings import TextOrigin
from lossspec.language.text.reference import SUFFIX
from lossspec.language.text.selection import tensor_of
from lossspec.names import listed, near_or_all, nearest, similar
from lossspec.validation.invalid import is_valid
from lossspec.validation.unknown_keys import unknown_key
from lossspec.wording import dotted, quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import Resolved, TypedTerm
    from lossspec.registry import CallInput, LossType

#: How near a name must be to one in another file to be taken for it.
_VERY_NEAR = 0.9


def input_faults(spec: Resolved, terms: Sequence[TypedTerm]) -> Iterator[Fault]:
    """Yield what is wrong with the inputs of terms."""
    for name, loss, entry in terms:
        path: KeyPath = ("losses", name)
        yield from unknown_tensors(spec, loss, path)
        if entry is not None:
            yield from call_faults(entry, loss.get("inputs"), (*path, "inputs"))


def call_faults(entry: LossType, inputs: object, path: KeyPath) -> Iterator[Fault]:
    """Yield what is wrong with the ``inputs`` at ``path`` for the call of a loss, or of a balancer."""
    if not is_valid(inputs):
        return
    if isinstance(inputs, list):
        least, most = sum(1 for each in entry.inputs if each.required), len(entry.inputs)
        repeats = any(each.repeats for each in entry.inputs)
        if len(inputs) < least or (len(inputs) > most and not repeats):
            yield _wrong_count(entry, len(inputs), path)
    elif isinstance(inputs, dict):
        yield from _names(entry, inputs, path)
    given = inputs_with_call(entry, inputs)
    if any(not isinstance(value, str) for _, value, _ in given):
        yield from _kinds(entry, given, path)


def inputs_with_call(entry: LossType, inputs: object) -> list[tuple[str | int, object, CallInput | None]]:
    """Return the key and the value of each of the ``inputs`` of a term, and what the loss takes there."""
    if isinstance(inputs, list):
        calls = dict(enumerate(entry.inputs))
        last = entry.inputs[-1] if entry.inputs and entry.inputs[-1].repeats else None
        return [(index, value, calls.get(index, last)) for index, value in enumerate(inputs)]
    if isinstance(inputs, dict):
        by_name = {each.name: each for each in entry.inputs}
        return [(key, value, by_name.get(key)) for key, value in inputs.items()]
    return []


def unknown_tensors(spec: Resolved, holder: Mapping[str, object], path: KeyPath) -> Iterator[Fault]:
    """Yield a fault for each tensor of the term or balance at ``path`` that ``[inputs]`` does not have."""
    known = spec.table.get("inputs")
    if not isinstance(known, dict):
        return
    for place, reference in references(holder):
        name = tensor_of(reference)
        if name in known:
            continue
        owner = _closed_by(spec, path)
        if owner:  # most likely it is new: its author may not have seen the list
            found = next(iter(similar(name, known, _VERY_NEAR)), None)
            message = (
                f"unknown tensor `{name}`: it is not in `[inputs]` of `{owner}`, which this spec extends"
            )
            add = f'add it: `inputs.{name} = "..."`'
            help_ = near_or_all("a tensor", found, ()) if found else add
        else:
            found = nearest(name, known)
            message = f"unknown tensor `{name}`: it is not in `[inputs]`"
            help_ = near_or_all("a tensor", found, known)
        replacement = f'"{found}{reference[len(name) :]}"' if found else None
        yield Fault("unknown-input", message, (*path, *place), help=help_, replacement=replacement)


def _closed_by(spec: Resolved, path: KeyPath) -> str:
    """Return the name of the spec that has the ``[inputs]`` for a path, or "" if it is the path's own."""
    own, _ = spec.stack.place(path)
    holders = [layer.origin for layer in spec.stack.layers if isinstance(layer.table.get("inputs"), dict)]
    if own in holders or not holders or not isinstance(own, TextOrigin):
        return ""
    last = holders[-1]
    file = last.source.path if isinstance(last, TextOrigin) else None
    return file.name.removesuffix(SUFFIX) if file else ""


def references(holder: Mapping[str, object]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the references to tensors of a term or a balance, each with its path inside.

    >>> dict(references({"inputs": ["x", {"name": "y[0]"}, 1.0], "reduce": {"by": {"name": "n"}}}))
    {('inputs', 0): 'x', ('inputs', 1, 'name'): 'y[0]', ('reduce', 'by', 'name'): 'n'}
    """
    inputs, reduce = holder.get("inputs"), holder.get("reduce")
    entries: list[tuple[KeyPath, object]] = []
    if isinstance(inputs, list):
        entries = [(("inputs", index), each) for index, each in enumerate(inputs)]
    elif isinstance(inputs, dict):
        entries = [(("inputs", key), each) for key, each in inputs.items()]
    if isinstance(reduce, dict):
        by = reduce.get("by")
        entries.append((("reduce", "weights"), reduce.get("weights")))
        entries.append((("reduce", "by"), by if isinstance(by, dict) else None))
    for path, entry in entries:
        if isinstance(entry, str):
            yield path, entry
        elif isinstance(entry, dict) and isinstance(entry.get("name"), str):
            yield (*path, "name"), entry["name"]


def _wrong_count(entry: LossType, count: int, path: KeyPath) -> Fault:
    names = ["`{}`{}".format(each.name, "" if each.required else " (optional)") for each in entry.inputs]
    least, most = sum(1 for each in entry.inputs if each.required), len(entry.inputs)
    expected = f"{most}" if least == most else f"{least} to {most}"
    if any(each.repeats for each in entry.inputs):
        expected = f"at least {least}"
    inputs = "input" if most == 1 else "inputs"
    message = f"`{dotted(path[:-1])}` must have {expected} {inputs} for `{entry.name}`, got {count}"
    return Fault("input-count", message, path, help=f"in call order: {', '.join(names)}")


def _names(entry: LossType, inputs: dict[str, object], path: KeyPath) -> Iterator[Fault]:
    names = [each.name for each in entry.inputs]
    for name in inputs:
        if name not in names:
            yield unknown_key(name, path, names)
    missing = [each.name for each in entry.inputs if each.required and each.name not in inputs]
    if missing and all(name in names for name in inputs):
        what = f"input {listed(missing)} is" if len(missing) == 1 else f"inputs {listed(missing)} are"
        yield Fault("missing-key", f"{what} missing in `{dotted(path)}`", path, "key")


def _kinds(
    entry: LossType, given: Sequence[tuple[str | int, object, CallInput | None]], path: KeyPath
) -> Iterator[Fault]:
    """Yield a fault for each number that cannot be a target, and each callable to detach."""
    has_tensor = False
    for key, value, call in given:
        is_number = isinstance(value, int | float)
        if call is None:
            continue
        if is_number and call.kind == "tensor":
            yield from _constant(entry, call, value, (*path, key))
        elif is_number:
            message = f"`{call.name}` of `{entry.name}` must be a {call.kind}, got a number"
            yield Fault("input-kind", message, (*path, key))
        elif isinstance(value, dict) and value.get("detach") is True and call.kind == "callable":
            message = f"`{call.name}` of `{entry.name}` is a callable, which cannot be detached"
            yield Fault("input-kind", message, (*path, key))
        has_tensor = has_tensor or (not is_number and call.kind != "callable")
    numbers = [key for key, value, _ in given if isinstance(value, int | float)]
    if numbers and not has_tensor:
        message = f"the number in `{dotted(path)}` has no tensor to take its shape from"
        yield Fault("no-tensor", message, (*path, numbers[0]))


def _constant(entry: LossType, call: CallInput, value: object, path: KeyPath) -> Iterator[Fault]:
    """Yield a fault for a number that the input cannot be."""
    name = f"`{call.name}` of `{entry.name}`"
    if call.constant == "none":
        message = f"{name} must be a tensor, got a number"
        yield Fault("input-kind", message, path, help=f"no one number fits it: {call.shape}")
    elif call.constant == "class" and not (isinstance(value, int | float) and value >= 0 and value % 1 == 0):
        message = f"{name} must be a class index, a whole number of at least 0, got {quote(value)}"
        yield Fault("input-kind", message, path)
