"""Finds the data files of lossspec: in the package, in the checkout, or unpacked from a zip."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent


@cache
def folder(name: str) -> Path:
    """Return the folder ``name`` of our data.

    A wheel has ``specs`` and ``schemas`` inside the package, a checkout beside ``src``. Those of an imported
    zip are unpacked into a temporary folder, so that other programs can read them, until the process ends.

    >>> (folder("specs") / "pix2pix.loss.toml").is_file()
    True
    """
    if not _PACKAGE.is_dir():
        return _unpacked(name)
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name


def _unpacked(name: str) -> Path:
    import atexit  # only a zipped import needs these
    import shutil
    import tempfile
    from importlib.resources import files

    target = Path(tempfile.mkdtemp(prefix="lossspec-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    for file in files("lossspec").joinpath(*name.split("/")).iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    return target
