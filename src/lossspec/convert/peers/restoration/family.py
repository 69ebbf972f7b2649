"""What the readers of BasicSR, traiNNer-redux and neosr share: tables of losses under ``train``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define

from lossspec.convert.options import NotCarriedError, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lossspec.convert.model import Carried, Imported
    from lossspec.convert.peers.part import Part

Table = dict[str, object]
_IS_LOSS_KEY = re.compile(r"\w+_(opt|loss|weight)").fullmatch
NO_TWIN = "lossspec has no loss that computes the same; register your own with `@lossspec.register_loss`"


@define
class Family:
    """The losses of one file of the family, as they are carried over.

    Attributes:
        peer: what people call it.
        imported: where they go.
        pixel: the losses between two images that it shares with lossspec, by their lower-case names.
        reasons: why some others have no twin, by their lower-case names.
    """

    peer: str
    imported: Imported
    pixel: Mapping[str, Callable[[Options], Part]]
    reasons: Mapping[str, str]

    def options(self, values: object, key: str) -> Options | None:
        """Return the table of a loss, or None for nothing; what is neither is listed."""
        if not values:
            return None
        if not isinstance(values, dict):
            self.imported.miss(key, "", "must be a table of options")
            return None
        return Options(values, key, self.peer)

    def add(self, options: Options | None, read: Callable[[Options], Mapping[str, Carried]]) -> None:
        """Add the losses of a table; what cannot be carried over is listed, and so are unknown options."""
        if options is None:
            return
        name = str(options.values.get("type", ""))
        try:
            options.text("type")
            carried = read(options)
        except NotCarriedError as error:
            self.imported.miss(options.key, name, str(error))
            return
        self.imported.losses.update(carried)
        for key in options.rest():
            self.imported.miss(f"{options.key}.{key}", name, f"{self.peer}'s {name} has no such option")

    def part(self, options: Options) -> Part:
        """Return the loss between two images that a table names.

        Raises:
            NotCarriedError: lossspec has none that computes the same.
        """
        name = options.text("type").lower()
        read = self.pixel.get(name)
        if read is None:
            raise NotCarriedError(self.reasons.get(name, NO_TWIN))
        return read(options)

    def unknown(self, train: Mapping[str, object], known: Iterable[str]) -> None:
        """List the keys under ``train`` that look like those of losses, and that the peer does not have."""
        for key, value in train.items():
            if key not in known and value and (_IS_LOSS_KEY(str(key)) or "loss_weight" in _table(value)):
                name = str(_table(value).get("type", ""))
                self.imported.miss(f"train.{key}", name, f"{self.peer} has no such loss")


def train_of(document: Mapping[str, object]) -> Table:
    """Return the table ``train``, or an empty one."""
    train = document.get("train")
    return train if isinstance(train, dict) else {}


def given(train: Mapping[str, object], keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the keys that are switched on, and the reason why they are not carried over."""
    for key, reason in keys.items():
        if train.get(key):
            yield f"train.{key}", reason


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}
