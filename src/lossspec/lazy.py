"""Lazy exports: a package lists its public names once, in a stub, and imports each on first use."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pkgutil import get_data
from typing import TYPE_CHECKING

from lossspec.extras import torch_for
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Callable

_EXPORT = re.compile(r"^from ([\w.]+) import (\w+) as \2$", re.MULTILINE)


def attach(package: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Return the ``__getattr__``, ``__dir__`` and ``__all__`` of a package whose stub lists what it exports.

    The stub is the ``.pyi`` beside the package's ``__init__.py``, which type checkers read as well. Each of
    its lines is ``from MODULE import NAME as NAME``. The package itself needs one statement::

        __getattr__, __dir__, __all__ = attach(__name__)

    The package ``lazy_loader`` does the same, but parses the stub with ``ast``, which is slow to import.

    Args:
        package: the package's ``__name__``.
    """
    stub = get_data(package, "__init__.pyi")  # from a zip, too
    homes = {name: module for module, name in _EXPORT.findall((stub or b"").decode())}
    exported = sorted(homes)

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(unknown("name", name, exported, f" in `{package}`"))
        with torch_for(f"`{package}.{name}`"):
            if homes[name] == package:
                return import_module(f"{package}.{name}")
            value = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)  # from now on it is found without this function
        return value

    return get, lambda: exported, exported
