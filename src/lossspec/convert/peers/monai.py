"""MONAI's bundles: every loss that a configuration describes by ``_target_``; no expression is evaluated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.convert.options import NotCarriedError
from lossspec.convert.peers.part import Part
from lossspec.names import is_name, shorten
from lossspec.registry import find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.convert.model import Imported
    from lossspec.registry import LossType

_IS_LOSS = re.compile(r"(\w+\.)*\w*[Ll]oss\w*").fullmatch
_IS_LOSS_KEY = re.compile(r"loss(_\w+)?|\w+_loss(_fn|_func|_function)?").fullmatch
#: An expression that only moves what another key describes.
_MOVES = re.compile(r"\$@[\w#:]+(\.to\(@?[\w#:]+\))?").fullmatch
_ABOUT = ("_target_", "_desc_", "_mode_", "_disabled_", "_requires_")
_DEEPEST = 16


def read_monai(document: Mapping[str, object], imported: Imported) -> None:
    """Carry over the losses of a bundle: each in an objective of its own, for its code joins them."""
    imported.description = "The losses of a MONAI bundle."
    found, numbers = list(_losses(document)), dict[str, int]()
    for key, loss in found:
        name = str(loss.get("_target_", "")) if isinstance(loss, dict) else ""
        try:
            entry, part = _part(loss, key, document)
        except NotCarriedError as error:
            imported.miss(key, name or shorten(str(loss)), str(error))
            continue
        term = _unused(_term_name(key), imported.losses, numbers)
        alone = len(found) == 1
        inputs = {
            f"{'' if alone else f'{term}_'}{each.name}": each.shape for each in entry.inputs if each.required
        }
        imported.inputs |= inputs
        imported.losses[term] = part.term([*inputs], "" if alone else term)
    if len(imported.losses) > 1:
        imported.notes.append(
            "Each loss has an objective of its own: how the bundle weighs and adds them stands in its code."
        )


def _losses(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Yield the outermost losses of a configuration and where they stand, as MONAI writes it."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _losses(each, f"{key}#{index}")
    elif isinstance(value, dict):
        for name, each in value.items():
            inner = f"{key}#{name}" if key else str(name)
            target = each.get("_target_") if isinstance(each, dict) else None
            if isinstance(target, str) and _IS_LOSS(target):
                if not _is_off(each):
                    yield inner, each
            elif isinstance(each, str) and each.startswith("$") and _IS_LOSS_KEY(str(name)):
                if not _MOVES(each):
                    yield inner, each
            else:
                yield from _losses(each, inner)


def _is_off(loss: object) -> bool:
    return isinstance(loss, dict) and loss.get("_disabled_") in (True, "true", "True")


def _part(loss: object, key: str, document: Mapping[str, object]) -> tuple[LossType, Part]:
    if not isinstance(loss, dict):
        raise NotCarriedError("it is a Python expression, and no code of a file is run")
    entry = _entry(str(loss["_target_"]))
    args = {}
    for name, value in loss.items():
        if name in _ABOUT:
            continue
        resolved = _resolved(value, document, f"`{name}`")
        argument = entry.args.get(name)
        if argument is None:
            raise NotCarriedError(f"`{entry.name}` has no argument `{name}` in lossspec")
        if resolved is not None:
            args[name] = resolved
        elif argument.default is not None:
            raise NotCarriedError(f"its argument `{name}` is null")
    sources = {f"args.{name}": f"{key}#{name}" for name in args}
    return entry, Part(entry.name, 1.0, args, {"type": f"{key} = {loss['_target_']}", **sources})


def _entry(target: str) -> LossType:
    """Find the loss type of a ``_target_``: a class of MONAI by its name or path, or one of torch.

    Raises:
        NotCarriedError: lossspec does not know it.
    """
    package, _, name = target.rpartition(".")
    libraries = {"": "monai", "monai.losses": "monai", "torch.nn": "torch", "torch.nn.modules.loss": "torch"}
    library = libraries.get(package, "monai" if package.startswith("monai.losses.") else None)
    entry = find(f"{library}.{name}") if library else None
    if entry is None:
        raise NotCarriedError("lossspec has no such loss type; register it with `@lossspec.register_loss`")
    return entry


def _resolved(value: object, document: Mapping[str, object], what: str, depth: int = 0) -> object:
    """Return a value with its references (``@key``) followed.

    Raises:
        NotCarriedError: it is an expression, or a reference to one, to nothing or in a circle.
    """
    if isinstance(value, dict):
        raise NotCarriedError(f"its argument {what} must be plain data, got an object")
    if isinstance(value, list) and None in value:
        raise NotCarriedError(f"its argument {what} holds a null")
    if isinstance(value, list):
        return [_resolved(each, document, what, depth + 1) for each in value]
    if not isinstance(value, str) or value[:1] not in ("$", "@", "%"):
        return value
    if value.startswith("$"):
        raise NotCarriedError(
            f"its argument {what} must be plain data, got the expression `{shorten(value)}`"
        )
    if depth > _DEEPEST:
        raise NotCarriedError(f"its argument {what} refers to itself")
    found: object = document
    for part in re.split("#|::", value[1:]):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise NotCarriedError(
                f"its argument {what} refers to `{shorten(value)}`, which the file does not hold"
            )
    return _resolved(found, document, what, depth + 1)


def _term_name(key: str) -> str:
    """Name a term after its key: ``train#loss_def`` is ``loss``."""
    name = re.sub(r"_(def|fn|func|function)$", "", key.rpartition("#")[2])
    return name if is_name(name) else "loss"


def _unused(name: str, losses: Mapping[str, object], numbers: dict[str, int]) -> str:
    """Return a name that no loss has; ``numbers`` keeps where the search for each name ended."""
    number = numbers.get(name, 1)
    while (unused := name if number == 1 else f"{name}_{number}") in losses:
        number += 1
    numbers[name] = number
    return unused
