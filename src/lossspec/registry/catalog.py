"""Reads catalogues, TOML files that each list the loss types of one library, into ``LossType`` entries."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import tomli
from attrs import fields_dict

from lossspec.data import folder as data_folder
from lossspec.errors import RegistrationError
from lossspec.registry.catalog_faults import catalog_faults
from lossspec.registry.entry import Argument, CallInput, LossType

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Table = dict[str, Any]

#: Where the catalogues of lossspec itself are: one file for each library.
_CATALOGS = data_folder("registry/catalog")
_PARTS = fields_dict(Argument).keys() - {"name", "schema"}
_HEADER = re.compile(r"^\[(?:types|balancers)\.(?P<name>\w+)(?:\.(?P<inner>\w+)[^]]*)?\]", re.MULTILINE)


@cache
def builtin_libraries() -> tuple[str, ...]:
    """Return the libraries whose catalogues come with lossspec, sorted."""
    return tuple(sorted(path.stem for path in _CATALOGS.glob("*.toml")))


@cache
def builtin_types(library: str) -> dict[str, LossType]:
    """Return the types and balancers of a built-in library by name."""
    return read_catalog(catalog_path(library), "lossspec")


@cache
def builtin_type(library: str, name: str) -> LossType | None:
    """Return one type of a built-in library, or None.

    Only the text of this type is parsed, and it is not validated: the tests validate the built-in catalogues.
    """
    key = name.partition(".")[2]
    path = catalog_path(library)
    document = _parse(excerpt(_text(path), lambda each, _: each == key), path)
    return _types(document, "lossspec").get(name)


@cache
def builtin_summaries(library: str) -> dict[str, str]:
    """Return the summaries of the types of a built-in library by name; their arguments are not parsed."""
    path = catalog_path(library)
    types = _parse(excerpt(_text(path), lambda _, inner: inner != "args"), path).get("types", {})
    return {f"{library}.{name}": each["summary"] for name, each in types.items()}


def catalog_path(library: str) -> Path:
    """Return where the catalogue of a built-in library is."""
    return _CATALOGS / f"{library}.toml"


def read_catalog(path: Path, owner: str) -> dict[str, LossType]:
    """Read and validate the catalogue at ``path``.

    Args:
        path: the file.
        owner: who ships it, for messages about names that are taken.

    Returns:
        The types by full name (``torch.L1Loss``), in the order of the file, then the balancers.

    Raises:
        RegistrationError: the file is not TOML, or is invalid; the message lists every problem.
    """
    document = _parse(_text(path), path)
    if faults := catalog_faults(document):
        problems = [f"{each.message}: {each.help}" if each.help else each.message for each in faults]
        where = f"`lossspec validate {path}` shows where"
        raise RegistrationError(f"catalogue {path}: {'; '.join(problems)}; {where}")
    return _types(document, owner)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RegistrationError(f"catalogue {path}: {error}") from error


def _parse(text: str, path: Path) -> Table:
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise RegistrationError(f"catalogue {path}: {error}") from error


def _types(document: Table, owner: str) -> dict[str, LossType]:
    library = document["library"]
    module = document.get("module", library)
    shared = {
        "distribution": document.get("distribution", library),
        "extra": document.get("extra", ""),
        "owner": owner,
    }
    return {
        f"{library}.{name}": LossType(
            name=f"{library}.{name}",
            **{
                "target": f"{module}:{name}",
                **each,
                "args": {key: _argument(key, value) for key, value in each.get("args", {}).items()},
                "inputs": tuple(_input(key, value) for key, value in each.get("inputs", {}).items()),
            },
            **shared,
            balancer=section == "balancers",
        )
        for section in ("types", "balancers")
        for name, each in document.get(section, {}).items()
    }


def _input(name: str, value: str | Table) -> CallInput:
    return CallInput(name, shape=value) if isinstance(value, str) else CallInput(name, **value)


def _argument(name: str, table: Table) -> Argument:
    schema = {key: value for key, value in table.items() if key not in _PARTS}
    return Argument(name, schema, **{key: value for key, value in table.items() if key in _PARTS})


def excerpt(text: str, keep: Callable[[str, str], bool]) -> str:
    r"""Return a catalogue with only those tables for which ``keep(type, key within the type)`` is true.

    Cutting text is cheaper than parsing it. This works for the built-in catalogues, where each table of a
    type has a header of its own.

    >>> text = "library = 'a'\n[types.X]\nsummary = '1'\n[types.X.args]\n[types.Y]\nsummary = '2'\n"
    >>> print(excerpt(text, lambda name, inner: name == "X" and inner != "args"))
    library = 'a'
    [types.X]
    summary = '1'
    <BLANKLINE>
    """
    headers = list(_HEADER.finditer(text))
    if not headers:
        return text
    ends = [each.start() for each in headers[1:]] + [len(text)]
    kept = [
        text[each.start() : end]
        for each, end in zip(headers, ends, strict=True)
        if keep(each["name"], each["inner"] or "")
    ]
    return text[: headers[0].start()] + "".join(kept)
