"""Turns what other libraries configure into specs.

    file ─► read, without running anything ─► which peer wrote it ─► its reader ─► Imported ─► TOML

A reader carries a loss over only if lossspec computes the same number. It lists everything else, by the key
in the file and by the peer's name of the loss.

>>> from lossspec.convert import import_document
>>> options = {"model_type": "SRModel", "train": {"pixel_opt": {"type": "L1Loss", "loss_weight": 0.5}}}
>>> imported = import_document(options, "basicsr", "train.yml")
>>> imported.losses["pix"].table["weight"], imported.missing
(0.5, [])
"""

from lossspec.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__)
