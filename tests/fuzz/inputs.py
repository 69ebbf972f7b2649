"""An input of the fuzzer: small files by name, in a folder of their own when they are tried."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The content of each file, by its path in the folder.
Files = dict[str, bytes]


def write(files: Files, folder: Path) -> None:
    """Write the files into a folder that is new."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def read(folder: Path) -> Files:
    """Return the files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def name_of(files: Files) -> str:
    """Return a short name that only these files have."""
    every = hashlib.sha256()
    for name, content in sorted(files.items()):
        every.update(b"%s\0%d\0%s" % (name.encode(), len(content), content))
    return every.hexdigest()[:12]


@contextmanager
def placed(files: Files, folder: Path) -> Iterator[Path]:
    """Be in a folder that holds the files; it is removed afterwards."""
    before = Path.cwd()
    write(files, folder)
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)
