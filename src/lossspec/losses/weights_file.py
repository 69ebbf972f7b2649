"""Opens files of weights, and checks them before torch reads them."""

from __future__ import annotations

import os
import zipfile
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, BinaryIO

from lossspec.errors import LossInputError
from lossspec.paths import OutsideError, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

_within: ContextVar[Mapping[str, str]] = ContextVar("_within")


@contextmanager
def confined(within: Mapping[str, str]) -> Iterator[None]:
    """Within this context, open each of these files only if it lies in its folder, after links.

    Args:
        within: the folder by the path of the file.
    """
    token = _within.set(within)
    try:
        yield
    finally:
        _within.reset(token)


def open_weights(path: str | PathLike[str], name: str = "") -> BinaryIO:
    """Open a file of weights, and check what was opened: a path can lead elsewhere a moment later.

    Args:
        path: the file, or a folder that has it.
        name: the name of the file in the folder.

    Raises:
        FileNotFoundError: it does not exist.
        LossInputError: it cannot be read, is outside the folder of the spec, or is compressed.
    """
    within = _within.get({}).get(str(path))
    path = os.path.join(path, name) if name and os.path.isdir(path) else path  # noqa: PTH112, PTH118
    try:
        file = open_regular(path, within)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LossInputError(f"cannot read the weights {path}: {error.strerror}") from error
    try:
        refuse_inflating(file)
    except BaseException:
        file.close()
        raise
    return file


def refuse_outside(within: Mapping[str, str]) -> None:
    """Raise an error if a file lies outside its folder; one that cannot be opened is left to its reader.

    Raises:
        LossInputError: it does.
    """
    for path, folder in within.items():
        try:
            open_regular(path, folder).close()
        except OutsideError as error:
            raise LossInputError(f"cannot read the weights {path}: {error.strerror}") from error
        except OSError:
            continue


def refuse_inflating(file: BinaryIO) -> None:
    """Raise an error if a file of weights holds less than what torch would make of it.

    ``torch.save`` stores tensors as they are. A file whose parts are compressed, or lie over one another, may
    take a thousand times its size in memory.

    Raises:
        LossInputError: it does.
    """
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
