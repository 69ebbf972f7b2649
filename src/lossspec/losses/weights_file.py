"""Checks a file of weights before torch reads it."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lossspec.errors import LossInputError

if TYPE_CHECKING:
    from os import PathLike


def refuse_inflating(file: str | PathLike[str] | BinaryIO) -> None:
    """Raise an error if a file of weights holds less than what torch would make of it.

    ``torch.save`` stores tensors as they are. A file whose parts are compressed, or lie over one another, may
    take a thousand times its size in memory.

    Raises:
        LossInputError: it does.
    """
    if isinstance(file, str | os.PathLike):
        with Path(file).open("rb") as opened:
            parts, size = _parts(opened)
    else:
        at = file.tell()
        parts, size = _parts(file)
        file.seek(at)
    inflated = sum(each.file_size for each in parts)
    if inflated > size or any(each.compress_type != zipfile.ZIP_STORED for each in parts):
        name = getattr(file, "name", file)
        raise LossInputError(
            f"{name} holds {inflated:,} bytes of weights in {size:,} bytes: it was compressed after "
            "torch.save; load it and save it again if you trust it"
        )


def _parts(file: BinaryIO) -> tuple[list[zipfile.ZipInfo], int]:
    """Return the parts of a zip file, and its size; none of another file: torch says what that is."""
    size = file.seek(0, os.SEEK_END)
    if not zipfile.is_zipfile(file):
        return [], size
    with zipfile.ZipFile(file) as archive:
        return archive.infolist(), size
