"""Checks what a schema cannot check of the arguments of a term: required ones, and paths."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.language.diagnostics.findings import TextOrigin
from lossspec.names import listed, shorten
from lossspec.validation.invalid import INVALID
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from lossspec.faults import KeyPath
    from lossspec.language.resolve.resolve import Resolved, TypedTerm
    from lossspec.registry import LossType


def argument_faults(spec: Resolved, terms: Sequence[TypedTerm]) -> Iterator[Fault]:
    """Yield a fault for each missing argument, and for each path outside the spec's folder."""
    for name, loss, entry in terms:
        args = loss.get("args", {})
        if entry is None or not isinstance(args, dict):
            continue
        yield from missing_arguments(entry, args, ("losses", name))
        for key, value in args.items():
            argument = entry.args.get(key)
            if argument is None or not argument.path or value is INVALID:
                continue
            place = ("losses", name, "args", key)
            if (
                isinstance(value, str)
                and not _is_inside(value, _folder(spec, place))
                and not spec.is_from_caller(place)
            ):
                yield Fault(
                    "path-outside",
                    f"`{shorten(value)}` is outside the spec's folder",
                    place,
                    help="a spec can only name files in its own folder; pass any other path as a parameter",
                )


def missing_arguments(entry: LossType, args: Collection[str], path: KeyPath) -> Iterator[Fault]:
    """Yield a fault if required arguments are not in the ``args`` of the table at ``path``."""
    missing = [each.name for each in entry.args.values() if each.required and each.name not in args]
    if missing:
        what = f"argument {listed(missing)} is" if len(missing) == 1 else f"arguments {listed(missing)} are"
        message = f"{what} missing in `{dotted(path)}`, required by `{entry.name}`"
        place = (*path, "args") if args else path
        given = ", ".join(f"{each} = ..." for each in missing)
        help_ = f"add `{given}` to `args`" if args else f"add `args = {{ {given} }}`"
        yield Fault("missing-argument", message, place, "key", help_)


def _folder(spec: Resolved, path: KeyPath) -> Path | None:
    """Return the folder of the file that has the value at a key path."""
    origin, _ = spec.stack.place(path)
    file = origin.source.path if isinstance(origin, TextOrigin) else None
    return file.parent if file is not None else None


def _is_inside(path: str, folder: Path | None) -> bool:
    """Return whether a path stays under its folder, on any system and through links."""
    windows = PureWindowsPath(path)
    if PurePosixPath(path).is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        return False
    if path.startswith("~") or ":" in path or not path.isprintable():  # a home, an address, a stream
        return False
    return folder is None or (folder / path).resolve().is_relative_to(folder.resolve())
