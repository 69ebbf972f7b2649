"""Reads a file, finds whose it is, and has it carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.files.read import read_config
from lossspec.convert.guess import guess
from lossspec.convert.model import Imported
from lossspec.convert.peers.keras import read_keras
from lossspec.convert.peers.monai import read_monai
from lossspec.convert.peers.nectargan import read_nectargan
from lossspec.convert.peers.restoration.basicsr import read_basicsr
from lossspec.convert.peers.restoration.neosr import read_neosr
from lossspec.convert.peers.restoration.trainner_redux import read_trainner_redux
from lossspec.convert.prove import drop_invalid, drop_unused_inputs
from lossspec.errors import ConfigError, UnknownNameError
from lossspec.language.text.limits import MAX_LOSSES
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Reader = Callable[[Mapping[str, object], Imported], None]

#: Whose files can be imported: the name on the command line, what people call it, the reader.
PEERS: dict[str, tuple[str, Reader]] = {
    "nectargan": ("NectarGAN", read_nectargan),
    "basicsr": ("BasicSR", read_basicsr),
    "trainner-redux": ("traiNNer-redux", read_trainner_redux),
    "neosr": ("neosr", read_neosr),
    "keras": ("Keras", read_keras),
    "monai": ("MONAI", read_monai),
}


def import_file(path: Path, peer: str | None = None) -> Imported:
    """Import a configuration file of a peer.

    Args:
        path: a ``.json``, ``.toml``, ``.yml``, ``.yaml`` or ``.keras`` file of at most 1 MiB.
        peer: whose it is; guessed where it is clear.

    Returns:
        What was carried over, and what was not.

    Raises:
        ConfigError: the file cannot be read, it is not clear whose it is, or it has no losses or too many.
        MissingExtraError: it is YAML, and PyYAML is not installed.
        UnknownNameError: the peer is unknown.
    """
    document = read_config(path)
    peer = peer or guess(document, path.suffix.lower())
    if peer is None:
        raise ConfigError(f"{path}: cannot tell whose configuration it is; say `--from {'|'.join(PEERS)}`")
    return import_document(document, peer, path.name)


def import_document(document: Mapping[str, object], peer: str, origin: str) -> Imported:
    """Import the configuration of a peer from a table; see ``import_file``.

    Raises:
        ConfigError: it has no losses, or more than a spec can have.
        UnknownNameError: the peer is unknown.
    """
    if peer not in PEERS:
        raise UnknownNameError(unknown("peer", peer, PEERS))
    title, read = PEERS[peer]
    imported = Imported(title, origin)
    read(document, imported)
    count = len(imported.losses) + sum(map(len, imported.variants.values()))
    if count > MAX_LOSSES:  # each would be validated
        most = f"a spec can have at most {MAX_LOSSES:,}"
        raise ConfigError(f"{origin}: has {count:,} losses of {title}, {most}")
    drop_invalid(imported)
    drop_unused_inputs(imported)
    if not imported.losses and not imported.missing:
        raise ConfigError(f"{origin}: has no losses of {title}")
    return imported
