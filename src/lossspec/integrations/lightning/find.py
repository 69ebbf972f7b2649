"""Finds the managers that a module holds."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.manager.loss_manager import LossManager

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch import nn


def managers_in(module: nn.Module) -> dict[str, LossManager]:
    """Return the managers in the attributes of a module and of its submodules, by the path of the attribute.

    An attribute can be a list, a tuple or a mapping of managers.

    Raises:
        LossSpecError: there are none, or they are copies.
    """
    found: dict[str, LossManager] = {}
    for prefix, each in module.named_modules():
        for name, value in vars(each).items():
            for path, item in _managers(value, ".".join(filter(None, (prefix, name)))):
                if not any(item is known for known in found.values()):
                    found[path] = item
    originals = {path: each for path, each in found.items() if not each.is_copy}
    if not found:
        raise LossSpecError(
            f"no LossManager was found in `{type(module).__name__}`: keep it as an attribute, as in "
            "`self.losses = LossManager.from_spec(...)`, or pass it, `LossCallback(manager)`"
        )
    require_originals([] if originals else found.values())
    return originals


def named(
    managers: LossManager | Sequence[LossManager] | Mapping[str, LossManager],
) -> dict[str, LossManager]:
    """Return the managers that are given, by name.

    Raises:
        LossSpecError: there are none, one is something else or a copy.
    """
    given: object = managers
    found = dict(_managers(given, ""))
    size = len(given) if isinstance(given, Sized) else 1
    if not found or len(found) != size:
        raise LossSpecError(f"`managers` must be a LossManager or several, got {given!r}")
    require_originals(found.values())
    return {name.removeprefix("."): each for name, each in found.items()}


def require_originals(managers: Iterable[LossManager]) -> None:
    """Check that no manager is a copy.

    Raises:
        LossSpecError: one is.
    """
    if any(each.is_copy for each in managers):
        raise LossSpecError(
            "the LossManager is a copy, which writes nothing: a process that is spawned or forked gets one, "
            'so make it in `configure_model` of the module, or train with `strategy="ddp"`'
        )


def _managers(value: object, path: str) -> Iterator[tuple[str, LossManager]]:
    items: Iterable[tuple[object, object]] = ()
    if isinstance(value, LossManager):
        yield path, value
    elif isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    for key, item in items:
        if isinstance(item, LossManager):
            yield f"{path}.{key}", item
