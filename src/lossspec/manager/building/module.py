"""Builds the module of a loss type from the JSON values of its arguments."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from torch import nn

from lossspec.errors import LossSpecError
from lossspec.losses.weights_file import refuse_outside
from lossspec.manager.building.function import FunctionLoss, Reduced
from lossspec.manager.building.local_weights import local_weights
from lossspec.names import type_name
from lossspec.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lossspec.registry import Argument, LossType


def construct(
    entry: LossType,
    args: Mapping[str, object],
    *,
    downloads: bool = False,
    within: Mapping[str, str] | None = None,
) -> nn.Module:
    """Import the target of a loss type and call its constructor; a function becomes a module.

    Args:
        entry: the loss type, from ``lossspec.registry.find``.
        args: the constructor arguments of the spec; the rest have the library's defaults. An array becomes a
            tensor where the entry declares one, and a ``weights_path`` replaces a download.
        downloads: whether the library may download missing files.
        within: by argument, the folder in which its file must lie, after links; any other can lie anywhere.

    Raises:
        MissingExtraError: the library is not installed.
        MissingWeightsError: its weights are not on this machine, and ``downloads`` is False.
        LossInputError: a file is outside its folder.
        LossSpecError: the constructor rejects the arguments.

    Example:
        >>> from lossspec.registry import find
        >>> construct(find("torch.HuberLoss"), {"delta": 0.5})
        HuberLoss()
    """
    target: Callable[..., Any] = load(entry)
    added = {name: value for name, value in args.items() if name in entry.args and entry.args[name].ours}
    values = {name: _value(entry.args.get(name), args[name]) for name in args if name not in added}
    weights = cast("str | None", added.get("weights_path"))
    argument = "weights_path" in entry.args
    folders = {str(args[name]): folder for name, folder in (within or {}).items()}
    hub = local_weights(entry.name, weights, downloads=downloads, argument=argument, within=folders)
    try:
        refuse_outside(folders)  # a library may open the file in a way of its own
        with hub if entry.downloads or folders else nullcontext():
            module = FunctionLoss(target, **values) if entry.function else target(**values)
    except LossSpecError:
        raise
    except Exception as error:  # libraries raise anything; the message names the loss
        given = ", ".join(f"{name} = {value!r}" for name, value in args.items())
        raise LossSpecError(f"cannot build `{entry.name}` with ({given}): {error}") from error
    if not isinstance(module, nn.Module):
        raise LossSpecError(
            f"`{entry.name}` must be a torch.nn.Module or a function, got {type_name(module)}"
        )
    reduction = added.get("reduction", "none")
    return module if reduction == "none" else Reduced(module, cast("Literal['mean', 'sum']", reduction))


def _value(argument: Argument | None, value: object) -> object:
    if argument is None or not argument.tensor or isinstance(value, torch.Tensor):
        return value
    return torch.tensor(value, dtype=_dtype(argument))


def _dtype(argument: Argument) -> torch.dtype:
    items = argument.schema.get("items")
    integers = isinstance(items, dict) and items.get("type") == "integer"
    return torch.int64 if integers else torch.get_default_dtype()
