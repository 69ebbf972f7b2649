"""Lets a loss with pretrained weights read local files instead of the network while it is built."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch.hub

from lossspec.errors import MissingWeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@contextmanager
def local_weights(loss: str, path: str | None, *, downloads: bool = False) -> Iterator[None]:
    """Within it, whatever asks ``torch.hub`` for a file gets a local one, and no connection is opened.

    Without a path, a file that ``torch.hub`` keeps from an earlier download is used. Files are read as
    tensors only: a pickle could hold code, and ``torch.hub`` would run it.

    Args:
        loss: the loss type, for the message.
        path: a file that answers every request, or a folder with the files under the names that the
            requested addresses end in; None to use what ``torch.hub`` keeps.
        downloads: whether ``torch.hub`` may fetch what it does not keep; a path is all there is, if given.

    Raises:
        MissingWeightsError: a file is wanted that is neither there nor kept.
    """
    load, kept = torch.load, torch.hub.get_dir()

    def load_tensors(*args: Any, **kwargs: Any) -> object:
        return load(*args, **{**kwargs, "weights_only": True})

    def fetch(
        url: str,
        dst: str,
        hash_prefix: str | None = None,  # noqa: ARG001 - the user's file is taken as it is
        progress: bool = True,  # noqa: ARG001 - there is none to show
    ) -> None:
        name = url.rpartition("/")[2]
        found = Path(path or "")
        found = found / name if found.is_dir() else found
        if path is None or not found.is_file():
            looked = f"`{path}` does not hold it" if path else "a spec opens no connection"
            raise MissingWeightsError(
                f"`{loss}` needs the file {url}, and {looked}: allow the download with `downloads=True`, or "
                "fetch it yourself, then name it (or its folder) in `args.weights_path`, or keep it as "
                f"{Path(kept) / 'checkpoints' / name}"
            )
        shutil.copyfile(found, dst)

    with (
        tempfile.TemporaryDirectory() as empty,
        _replaced(torch, "load", load_tensors),
        nullcontext() if downloads and path is None else _replaced(torch.hub, "download_url_to_file", fetch),
        # or a kept file of the same name would be read
        _replaced(torch.hub, "_hub_dir", empty) if path is not None else nullcontext(),
    ):
        yield


@contextmanager
def _replaced(module: ModuleType, name: str, value: object) -> Iterator[None]:
    kept = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, kept)
