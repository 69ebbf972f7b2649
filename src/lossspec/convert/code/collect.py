"""Finds the losses in what a function returned, each with its name, weight, schedule and tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from attrs import frozen

from lossspec.errors import ConfigError
from lossspec.names import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen
class Found:
    """A live loss.

    Attributes:
        name: what it is called.
        function: the module or function that computes it.
        weight: a number.
        schedule: whatever moves the weight, or None.
        tags: as the returned object has them.
        source: where the weight stood; "" if nowhere.
        term: of a loss that lossspec built from a spec, its term there.
    """

    name: str
    function: object
    weight: object = 1.0
    schedule: object = None
    tags: tuple[str, ...] = ()
    source: str = ""
    term: object = None

    @property
    def kind(self) -> str:
        """The class of a module, or the name of a function."""
        named = self.function if isinstance(self.function, type) else type(self.function)
        return str(getattr(self.function, "__name__", named.__name__))


def collect(returned: object, origin: str) -> list[Found]:
    """Return the losses in what a function returned.

    Raises:
        ConfigError: it holds no losses, or something else.
    """
    found = [_found(_legal(name), each, origin) for name, each in _named(returned)]
    if not found:
        raise ConfigError(f"`{origin}` returned no losses")
    if len({each.name for each in found}) < len(found):
        raise ConfigError(f"`{origin}` returned two losses of one name")
    return found


def _named(returned: object) -> Iterator[tuple[str, object]]:
    if isinstance(returned, Mapping) or _is_a(returned, "ModuleDict"):
        yield from ((str(name), each) for name, each in returned.items())
    elif (isinstance(returned, list | tuple) and not _is_pair(returned)) or _is_a(returned, "ModuleList"):
        yield from ((_own_name(each, f"loss_{index}"), each) for index, each in enumerate(returned))
    elif returned is not None:
        yield _own_name(returned, "loss"), returned


def _is_a(value: Any, name: str) -> TypeGuard[Any]:
    """Say whether a value is one of torch's containers, which can be called like losses."""
    return any(each.__module__.startswith("torch.") and each.__name__ == name for each in type(value).__mro__)


def _own_name(loss: object, otherwise: str) -> str:
    name = getattr(loss, "name", None)
    return name if isinstance(name, str) and name else otherwise


def _found(name: str, loss: Any, origin: str) -> Found:
    if isinstance(loss, list | tuple) and _is_pair(loss):
        weight, function = loss if _is_number(loss[0]) else loss[::-1]
        return Found(name, function, weight, source="the number beside the loss")
    function = getattr(loss, "function", None)
    if callable(function) and hasattr(loss, "loss_weight"):
        weight, schedule = loss.loss_weight, getattr(loss, "schedule", None)
        tags = tuple(map(str, getattr(loss, "tags", None) or ()))
        term = None if getattr(loss, "term", None) is None else loss.to_term()
        return Found(name, function, weight, schedule, tags, "loss_weight", term)
    if not callable(loss):
        raise ConfigError(f"`{origin}` must return losses: `{name}` is {type_name(loss)}")
    return Found(name, loss)


def _is_pair(value: list[object] | tuple[object, ...]) -> bool:
    return len(value) == 2 and sorted(map(_is_number, value)) == [False, True] and any(map(callable, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _legal(name: str) -> str:
    legal = re.sub(r"\W", "_", name, flags=re.ASCII)
    return legal if re.match("[A-Za-z_]", legal) else f"_{legal}"
