"""Where the local files of a spec are: weights that an argument names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lossspec.paths import user_path

if TYPE_CHECKING:
    from lossspec.language.model import Spec
    from lossspec.registry import Argument


def is_file(argument: Argument | None, value: object) -> bool:
    """Return whether the value of an argument is a path; the default can be a word for no file."""
    return argument is not None and argument.path and value is not None and value != argument.default


def local_path(spec: Spec, term: str, argument: str, value: str) -> Path:
    """Return the path of a local file: relative to the document that names it, else to the spec's own."""
    folder = spec.files.get((term, argument), spec.folder)
    return user_path(value) if folder is None else Path(folder) / user_path(value)
