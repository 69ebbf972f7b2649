"""Checks the arguments of each term where a schema can't: those that must be given, and paths."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from lossspec.registry import find
from lossspec.spec.diagnostics import Fault
from lossspec.spec.expression import shorten
from lossspec.spec.faulty import FAULTY
from lossspec.spec.words import dotted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lossspec.registry import LossType
    from lossspec.spec.diagnostics import KeyPath
    from lossspec.spec.resolve import Resolved


def argument_faults(spec: Resolved) -> Iterator[Fault]:
    """Yield a fault for each required argument that is not given, and each path out of the spec's folder."""
    for name, loss in spec.new_losses():
        tag = loss.get("type")
        entry = find(tag) if isinstance(tag, str) else None
        args = loss.get("args", {})
        if entry is None or not isinstance(args, dict):
            continue
        yield from missing_arguments(entry, args, ("losses", name))
        for key, value in args.items():
            argument = entry.args.get(key)
            if argument is None or not argument.path or value is FAULTY:
                continue
            if isinstance(value, str) and not _is_inside(value) and not _is_callers(spec, name, key):
                yield Fault(
                    "path-outside",
                    f"`{shorten(value)}` leads out of the spec's folder",
                    ("losses", name, "args", key),
                    help="a file names only what lies beside it; give any other path as a parameter",
                )


def missing_arguments(entry: LossType, args: Collection[str], path: KeyPath) -> Iterator[Fault]:
    """Yield a fault if arguments that must be given are not in the ``args`` of the table at ``path``."""
    missing = [each.name for each in entry.args.values() if each.required and each.name not in args]
    if missing:
        listed = ", ".join(f"`{each}`" for each in missing)
        message = f"`{dotted(path)}` lacks {listed}: `{entry.name}` can't be made without"
        place = (*path, "args") if args else path
        yield Fault("missing-argument", message, place, "key", f"add `args = {{ {missing[0]} = ... }}`")


def _is_inside(path: str) -> bool:
    """Say whether a path stays under the folder it is taken from, on any system."""
    windows = PureWindowsPath(path)
    return not (PurePosixPath(path).is_absolute() or windows.drive or windows.root or ".." in windows.parts)


def _is_callers(spec: Resolved, name: str, key: str) -> bool:
    """Say whether the caller gave an argument, as a parameter or in the overlay."""
    return spec.is_from_caller(("losses", name, "args", key))
