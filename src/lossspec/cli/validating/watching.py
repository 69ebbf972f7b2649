"""``lossspec validate --watch``: does it again whenever a spec changes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lossspec.cli.validating.targets import folders_of
from lossspec.errors import MissingExtraError
from lossspec.language.text.reference import SUFFIX
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: How long to wait for a change before looking whether to end, in milliseconds.
_PATIENCE = 200


def watch(arguments: Sequence[str], work: Callable[[], None]) -> None:
    """Do the work now, and again after each change, until Ctrl+C.

    Args:
        arguments: the targets on the command line.
        work: what to do.

    Raises:
        MissingExtraError: watchfiles is not installed.
    """
    try:
        import watchfiles
    except ModuleNotFoundError as error:
        if error.name != "watchfiles":
            raise
        message = '`--watch` needs watchfiles, which is not installed: pip install "lossspec[watch]"'
        raise MissingExtraError(message) from None
    is_first = True  # the watch begins before the first round, which misses no change then
    changes = watchfiles.watch(
        *_folders(arguments),
        watch_filter=lambda _, path: is_ours(path),
        rust_timeout=_PATIENCE,
        yield_on_timeout=True,
    )
    with suppress(KeyboardInterrupt):
        for found in changes:
            if found or is_first:
                work()
            is_first = False


def is_ours(path: str) -> bool:
    """Return whether a change of this file can change the result.

    >>> is_ours("specs/a.loss.toml"), is_ours("mylib/catalog/mylib.toml"), is_ours("train.py")
    (True, True, False)
    """
    file = Path(path)
    is_catalog = file.suffix == ".toml" and file.parent.name == "catalog"
    return file.name.endswith(SUFFIX) or file.name == "pyproject.toml" or is_catalog


def _folders(arguments: Sequence[str]) -> list[Path]:
    """Return the folders of the targets, and those of the search path that are the user's."""
    search = [user_path(each) for each in os.environ.get("LOSSSPEC_PATH", "").split(os.pathsep) if each]
    found = {each.resolve() for each in (*folders_of(arguments), *search, Path("specs")) if each.is_dir()}
    return list(_outermost(found))


def _outermost(folders: set[Path]) -> Iterator[Path]:
    """Yield the folders that are not within another of them: each is watched with all below it."""
    yield from sorted(each for each in folders if not folders.intersection(each.parents))
