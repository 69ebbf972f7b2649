"""Has a loss with pretrained weights read local files, not the network, while it is built.

Libraries call ``torch.hub`` in their constructors, and it has no other hook. So ``torch.load`` and two names
of ``torch.hub`` are replaced, for the whole process, while one constructor runs. No other file patches torch.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import torch.hub

from lossspec.errors import MissingWeightsError
from lossspec.losses.weights_file import confined, open_weights, refuse_inflating
from lossspec.manager.torch_internals import HUB_FOLDER
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType


@contextmanager
def local_weights(
    loss: str,
    path: str | None,
    *,
    downloads: bool = False,
    argument: bool = True,
    within: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Give local files to callers of ``torch.hub`` within this context, and open no connection.

    Nothing is printed of a download, since there is none.

    Without a path, files that ``torch.hub`` has cached are used. Files are loaded with ``weights_only=True``:
    a pickle can hold code, and ``torch.hub`` would run it.

    Args:
        loss: the loss type, for messages.
        path: a file for every request, or a folder of files named as the requested addresses end; None for
            the cache of ``torch.hub``.
        downloads: whether ``torch.hub`` may download; ignored with a path.
        argument: whether the loss type has the argument ``weights_path``, for messages.
        within: the folders in which files must lie, after links, by the paths of the files.

    Raises:
        MissingWeightsError: a requested file is neither at the path nor in the cache.
        LossInputError: a file is outside its folder, or is compressed and may be far larger than it seems.
    """
    load, cache = torch.load, torch.hub.get_dir()

    def load_tensors(f: Any, *args: Any, **kwargs: Any) -> object:
        safe = {**kwargs, "weights_only": True}
        if not isinstance(f, str | os.PathLike):
            refuse_inflating(f)
            return load(f, *args, **safe)
        with open_weights(f) as file:
            return load(file, *args, **safe)

    def fetch(
        url: str,
        dst: str,
        hash_prefix: str | None = None,  # noqa: ARG001 - the user's file is used unchecked
        progress: bool = True,  # noqa: ARG001 - a copy shows no progress
    ) -> None:
        name = url.rpartition("/")[2]
        try:
            if path is not None:
                with open_weights(user_path(path), name) as file, Path(dst).open("wb") as copy:
                    shutil.copyfileobj(file, copy)
                return
        except FileNotFoundError:
            reason = f"which is not in `{path}`"
        else:
            reason = "and a spec opens no connection"
        set_path = "set `args.weights_path` to it (or its folder), or " if argument else ""
        raise MissingWeightsError(
            f"`{loss}` needs the file {url}, {reason}: allow the download with `downloads=True`, or "
            f"download it yourself and {set_path}save it as {Path(cache) / 'checkpoints' / name}"
        )

    replaced = path is not None or not downloads
    with (
        tempfile.TemporaryDirectory() as empty,
        _replaced(torch, "load", load_tensors),
        _replaced(torch.hub, "download_url_to_file", fetch) if replaced else nullcontext(),
        # torch.hub announces a download on one of them, by its version
        _replaced(sys, "stdout", _WithoutDownloads(sys.stdout)) if replaced else nullcontext(),
        _replaced(sys, "stderr", _WithoutDownloads(sys.stderr)) if replaced else nullcontext(),
        confined(within or {}),
        # an empty cache, or a cached file of the same name would be read
        _replaced(torch.hub, HUB_FOLDER, empty) if path is not None else nullcontext(),
    ):
        yield


class _WithoutDownloads:
    """Standard output or error without the lines in which ``torch.hub`` announces a download.

    Args:
        stream: where everything else is written; None without a console.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text``, unless it announces a download."""
        if self._stream is not None and not text.startswith("Downloading: "):
            self._stream.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _replaced(module: ModuleType, name: str, value: object) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)
