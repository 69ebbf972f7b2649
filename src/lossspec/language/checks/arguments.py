"""Checks what a schema cannot check of the arguments of a term: required ones, and paths."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from attrs import evolve

from lossspec.faults import Fault
from lossspec.language.diagnostics.findings import TextOrigin
from lossspec.names import listed, shorten
from lossspec.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

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
        for place, value, folder in _own_files(spec, name, entry, args):
            if not _is_inside(value, folder):
                yield Fault(
                    "path-outside",
                    f"`{shorten(value)}` is outside the spec's folder",
                    place,
                    help="a spec can only name files in its own folder; pass any other path as a parameter",
                )


def local_files(spec: Resolved) -> dict[tuple[str, str], str]:
    """Return, by term and argument, the folder of the document that names a local file."""
    found = {}
    for name, loss, entry in evolve(spec, known=None).new_terms():
        args = loss.get("args")
        if entry is not None and isinstance(args, dict):
            for place, _, folder in _own_files(spec, name, entry, args):
                if folder is not None:
                    found[name, place[-1]] = str(folder.resolve())
    return found


def _own_files(
    spec: Resolved, name: str, entry: LossType, args: Mapping[str, object]
) -> Iterator[tuple[tuple[str, str, str, str], str, Path | None]]:
    """Yield the place, the path and the document's folder of each file that the caller did not give."""
    for key, value in args.items():
        argument = entry.args.get(key)
        if argument is None or not argument.path or not isinstance(value, str):
            continue
        place = ("losses", name, "args", key)
        if not spec.is_from_caller(place):
            yield place, value, _folder(spec, place)


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
