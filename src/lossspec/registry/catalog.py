"""Reads a catalogue, the TOML file that lists the loss types of one library, into ``LossType`` entries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tomli
from attrs import fields_dict

from lossspec.errors import RegistrationError
from lossspec.registry.catalog_faults import catalog_faults
from lossspec.registry.entry import Argument, CallInput, LossType

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Table = dict[str, Any]
_PARTS = fields_dict(Argument).keys() - {"name", "schema"}

_HEADER = re.compile(r"^\[(?:types|balancers)\.(?P<name>\w+)(?:\.(?P<inner>\w+)[^]]*)?\]", re.MULTILINE)


def read_catalog(path: Path, owner: str) -> dict[str, LossType]:
    """Read the catalogue at ``path``; ``owner`` is who ships it, for the messages about taken names.

    Returns:
        The types by full name (``torch.L1Loss``), in the order of the file, then the balancers.

    Raises:
        RegistrationError: the file is not TOML, or something is wrong in it; the message says all of it.
    """
    document = _parse(_text(path), path)
    if faults := catalog_faults(document):
        told = [f"{each.message}: {each.help}" if each.help else each.message for each in faults]
        where = f"`lossspec validate {path}` shows where"
        raise RegistrationError(f"catalogue {path}: {'; '.join(told)}; {where}")
    return _types(document, owner)


def read_type(path: Path, owner: str, name: str) -> LossType | None:
    """Read one type of a catalogue of ours, and parse little else: a spec names a few types of many.

    Our catalogues are validated by the tests, not each time that they are read.
    """
    key = name.partition(".")[2]
    document = _parse(excerpt(_text(path), lambda each, _: each == key), path)
    return _types(document, owner).get(name)


def read_summaries(path: Path) -> dict[str, str]:
    """Read the full names and summaries of a catalogue of ours, and parse little else."""
    document = _parse(excerpt(_text(path), lambda _, inner: inner != "args"), path)
    return {
        f"{document['library']}.{name}": each["summary"] for name, each in document.get("types", {}).items()
    }


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
    r"""Return a catalogue without the tables that ``keep`` refuses, told their type and the key within it.

    Parsing costs more than cutting, so what is not needed is cut before it is parsed. This is for the
    catalogues that come with lossspec, which give each table of a type a header of its own.

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
