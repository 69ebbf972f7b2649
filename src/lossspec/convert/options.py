"""One table of a peer's options: typed look-ups that remember what they looked at, and where it stands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError
from lossspec.names import shorten
from lossspec.wording import kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


#: The largest whole number below which a float holds every one.
_LARGEST = 2**53


class NotCarriedError(LossSpecError):
    """A loss that cannot be carried over; the message is the reason."""


class Options:
    """The options of one loss.

    Args:
        values: the table.
        key: where it stands in the file.
        peer: whose file it is, for the comment at a default.

    >>> options = Options({"type": "L1Loss", "loss_weight": 0.5}, "train.pixel_opt", "BasicSR")
    >>> options.number("loss_weight", 1.0), options.source("loss_weight")
    (0.5, 'train.pixel_opt.loss_weight')
    >>> options.text("reduction", "mean"), options.source("reduction")
    ('mean', "BasicSR's default of train.pixel_opt.reduction")
    """

    def __init__(self, values: Mapping[str, object], key: str, peer: str) -> None:
        self.values = values
        self.key = key
        self.peer = peer
        self._looked_at: set[str] = set()

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number; without a default it must be there."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise NotCarriedError(f"`{name}` must be a number, got {_shown(value)}{_advice(value)}")
        number = as_float(value)
        if not math.isfinite(number):
            raise NotCarriedError(f"`{name}` must be a finite number, got {number}")
        return number

    def whole(self, name: str, default: int | None = None, least: int = 0) -> int:
        """Return a whole number."""
        value = self.number(name, default)
        if not value.is_integer() or not least <= value <= _LARGEST:
            raise NotCarriedError(f"`{name}` must be a whole number of at least {least}, got {value}")
        return int(value)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; without a default it must be there."""
        value = self._value(name, default)
        if not isinstance(value, str):
            raise NotCarriedError(f"`{name}` must be a string, got {_shown(value)}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise NotCarriedError(f"`{name}` must be true or false, got {_shown(value)}")
        return value

    def numbers(self, name: str, default: Mapping[str, float] | None = None) -> dict[str, float]:
        """Return a table of numbers."""
        value = self._value(name, default)
        if not isinstance(value, dict) or not value:
            raise NotCarriedError(f"`{name}` must be a table of numbers, got {_shown(value)}")
        inner = Options(value, f"{self.key}.{name}", self.peer)
        return {str(key): inner.number(key) for key in value}

    def has(self, name: str) -> bool:
        """Say whether an option is given, and not as nothing."""
        self._looked_at.add(name)
        return self.values.get(name) is not None

    def source(self, name: str) -> str:
        """Say where the value of an option came from."""
        where = f"{self.key}.{name}"
        return where if self.values.get(name) is not None else f"{self.peer}'s default of {where}"

    def rest(self) -> Iterator[str]:
        """Yield the options that were not looked up."""
        yield from (name for name in self.values if name not in self._looked_at)

    def _value(self, name: str, default: object) -> object:
        self._looked_at.add(name)
        value = self.values.get(name)
        if value is not None:
            return value
        if default is None:
            raise NotCarriedError(f"`{name}` is missing")
        return default


def as_float(value: float) -> float:
    """Return a number as a float; a whole number that no float holds is infinite.

    >>> as_float(3), as_float(-(10**400))
    (3.0, -inf)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _shown(value: object) -> str:
    return f'the string "{shorten(value)}"' if isinstance(value, str) else kind(value)


def _advice(value: object) -> str:
    """Say how to write a number that stands in quotes, or that YAML 1.1 takes for a string: 1e-2."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return ""
        return ": write it without quotes, and in YAML with a point, such as 1.0e-2"
    return ""
