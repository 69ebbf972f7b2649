"""Words the faults that a schema finds, in the terms of TOML, each with the nearest known name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.names import expected, listed, shorten, similar
from lossspec.validation.unknown_keys import means, unknown_key
from lossspec.wording import alternatives, dotted, kind, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lossspec.faults import KeyPath

#: What messages call a kind of type, where it is not the name of the kind.
_CALLED = {"loss": "loss type", "balance": "balancer"}
#: A string of this length was not meant to be a number or a name.
_LONG = 80
_is_number = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII).fullmatch
_is_quoting = re.compile(r"[\"\\\x00-\x1f\x7f]").search
_is_word = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch


def wrong_type(value: object, path: KeyPath, allowed: Iterable[str], keys: Sequence[str] = ()) -> Fault:
    """Word a value of the wrong kind.

    Args:
        value: the value.
        path: where it is.
        allowed: the kinds that it can have.
        keys: those that are required if it is a table.
    """
    kinds = tuple(allowed)
    help_, replacement = "", None
    if isinstance(value, str) and len(value) < _LONG and {"number", "integer"} & {*kinds}:
        if _is_number(value):
            help_, replacement = "write the number without quotes", value
        elif "a `${param}`" in kinds and _is_word(value):
            help_, replacement = f"a parameter is written `${{{value}}}`", f'"${{{value}}}"'
    if isinstance(value, str) and "array" in kinds and "string" not in kinds:
        help_, replacement = "write an array, in brackets", None
        if len(value) < _LONG and not _is_quoting(value):
            items = ", ".join(f'"{each.strip()}"' for each in value.split(","))
            help_, replacement = f"write an array: `[{items}]`", f"[{items}]"
    if kinds == ("object",) and keys and not isinstance(value, dict):
        written = ", ".join(f"{each} = ..." for each in keys)
        help_ = f"write a table: `{path[-1]} = {{ {written} }}`"
    if isinstance(value, float) and kinds[:1] == ("integer",) and value.is_integer():
        help_, replacement = "write the whole number without a fraction", str(int(value))
    if isinstance(value, dict) and "type" in value:
        help_ = "it cannot be a schedule: it is fixed when the loss is built"
    found = kind(value)
    if "integer" in kinds and found == "a number":
        found = "a fraction"
    return Fault(
        "wrong-type",
        f"`{dotted(path)}` must be {alternatives(kinds)}, got {found}",
        path,
        help=help_,
        replacement=replacement,
    )


def not_a_choice(value: object, path: KeyPath, choices: Sequence[object]) -> Fault:
    """Word a value that is not among those allowed."""
    near = (
        similar(value, [each for each in choices if isinstance(each, str)]) if isinstance(value, str) else []
    )
    return Fault(
        "unknown-value",
        f"`{dotted(path)}` must be one of {listed(choices)}, got {quote(value)}",
        path,
        help=f"a choice with a similar name exists: `{near[0]}`" if near else "",
        replacement=_quoted(near),
    )


def not_plain(value: str, path: KeyPath) -> Fault:
    """Word a value that is an expression where the value of a parameter is due."""
    message = f"`{dotted(path)}` must be a plain value, got the expression {quote(value)}"
    help_ = "write the expression where the parameter is used: its own value is never an expression"
    return Fault("bad-expression", message, path, help=help_)


def unknown_type(kind: str, tag: str, path: KeyPath, known: Iterable[str]) -> Fault:
    """Word an unknown ``type`` of the loss, balance or schedule at ``path``.

    >>> unknown_type("loss", "torch.nn.L1Loss", ("losses", "l1"), ["torch.L1Loss"]).replacement
    '"torch.L1Loss"'
    """
    names = sorted(known)
    library, _, rest = tag.partition(".")
    short = f"{library}.{rest.rpartition('.')[2]}"
    near, certain = (
        _near_schedules(tag, names) if kind == "schedule" else _near_types(library, rest or tag, names),
        False,
    )
    if rest and short != tag and short in names:
        near, certain = [short], True
        help_ = f"a type is the import package and the class, without submodules: `{short}`"
    elif kind != "schedule" and not rest and near:
        help_ = f"a type begins with its package: {listed(near)}"
    elif near:
        help_ = f"a type with a similar name exists: `{near[0]}`"
    elif kind != "loss":
        help_ = expected(names)
    elif rest and not any(each.startswith(f"{library}.") for each in names):
        help_ = f"no losses of `{shorten(library)}` are registered, and no plug-in for it is installed"
    else:
        help_ = "`lossspec list losses` lists all loss types"
    code = "unknown-schedule" if kind == "schedule" else "unknown-type"
    message = f"unknown {_CALLED.get(kind, kind)} `{shorten(tag)}`"
    return Fault(code, message, (*path, "type"), "value", help_, _quoted(near), certain)


def no_type(value: dict[str, object], path: KeyPath, known: Iterable[str]) -> Fault:
    """Word a schedule without a ``type``, or with a misspelt one."""
    for key in value:
        if means(key, "type"):
            return unknown_key(key, path, ["type"])
    return Fault(
        "missing-key", f"key `type` is missing in the schedule `{dotted(path)}`", path, "key", expected(known)
    )


def _near_schedules(tag: str, known: list[str]) -> list[str]:
    """Return the schedules that a name may mean: ``cosine_decay`` is ``cosine``, which falls or rises."""
    shapes = [each for each in known if tag.startswith(f"{each}_")]
    return similar(tag, known, 0.85) or shapes[-1:] or similar(tag, known)


def _near_types(library: str, name: str, known: list[str]) -> list[str]:
    """Return the types that a name may mean: of its library or one like it, or the same class elsewhere."""
    core = _core(name)
    cores: dict[str, dict[str, str]] = {}
    for each in known:
        cores.setdefault(each.partition(".")[0], {})[_core(each)] = each
    own = cores.get(library, {})
    if core in own:
        return [own[core]]
    holders = {owner: types[core] for owner, types in cores.items() if core in types}
    if holders:
        return [holders[each] for each in similar(library, holders)] or list(holders.values())
    for owner in (library, *similar(library, cores)):
        types = cores.get(owner, {})
        if found := similar(core, types) or similar(
            name, {each.partition(".")[2] for each in types.values()}, 0.85
        ):
            return [types[_core(each)] for each in found]
    begun = [each for owner in ([library] if own else cores) for each in _begun(core, cores[owner])]
    return begun if len(begun) == 1 else []


def _begun(core: str, types: dict[str, str]) -> list[str]:
    """Return the types of a library whose name begins with a name: ``r1`` begins ``R1Penalty``."""
    return [each for other, each in types.items() if len(core) > 1 and other.startswith(core)]


def _core(name: str) -> str:
    """Return what tells a class from others of its library: ``torch.L1Loss`` is ``l1``."""
    return name.rpartition(".")[2].removesuffix("Loss").casefold()


def _quoted(near: Sequence[str]) -> str | None:
    return f'"{near[0]}"' if near else None
