"""Lets a loss with pretrained weights read local files instead of the network while it is built."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch.hub

from lossspec.errors import MissingWeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def local_weights(loss: str, path: str | None) -> Iterator[None]:
    """Within it, whatever asks ``torch.hub`` for a file gets a local one, and no connection is opened.

    Without a path, a file that ``torch.hub`` already keeps from an earlier download is used.

    Args:
        loss: the loss type, for the message.
        path: a file that answers every request, or a folder with the files under the names that the
            requested addresses end in; None to use what ``torch.hub`` keeps, and nothing else.

    Raises:
        MissingWeightsError: a file is wanted that is neither there nor kept.
    """

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
            looked = f"`{path}` does not hold it" if path else "building a loss opens no connection"
            raise MissingWeightsError(
                f"`{loss}` needs the file {url}, and {looked}: download it, then name it (or its folder) in "
                f"`args.weights_path`, or keep it as {Path(torch.hub.get_dir()) / 'checkpoints' / name}"
            )
        shutil.copyfile(found, dst)

    download, kept = torch.hub.download_url_to_file, torch.hub.get_dir()
    torch.hub.download_url_to_file = fetch
    try:
        with tempfile.TemporaryDirectory() as empty:
            if path is not None:  # or a kept file of the same name would be read
                torch.hub.set_dir(empty)
            yield
    finally:
        if path is not None:
            torch.hub.set_dir(kept)
        torch.hub.download_url_to_file = download
