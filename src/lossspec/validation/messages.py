"""Words the faults that a schema finds, in the terms of TOML, each with the nearest known name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.names import expected, listed, shorten, similar
from lossspec.wording import alternatives, dotted, kind, quote, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lossspec.faults import KeyPath

#: What messages call a kind of type, where it is not the name of the kind.
_CALLED = {"loss": "loss type", "balance": "balancer"}
#: Keys that people paste from other tools, and their names here.
_ALIASES = {
    "_target_": "type",
    "loss_weight": "weight",
    "perceptual_weight": "weight",
    "kwargs": "args",
    "params": "args",
    "gan_mode": "mode",
    "gan_type": "mode",
    "start_epoch": "start",
    "end_epoch": "end",
    "initial_value": "start_value",
    "target_value": "end_value",
}
#: The same for keys with several possible meanings: the likely name here, and the help.
_LIKELY = {
    "schedule": ("weight", "write the schedule in `weight`: `weight = { type = ..., unit = ... }`"),
    "optional": ("if_missing", 'an optional loss has `if_missing = "skip"`'),
    "from": ("start_value", "a value is called `start_value` here, a position `start`"),
    "to": ("end_value", "a value is called `end_value` here, a position `end`"),
}
#: Keys of other tools, which are not misspelt keys of ours, however similar.
_FOREIGN = {*_ALIASES, *_LIKELY, "vgg_type", "layer_weights"}
#: How similar to a known key one must be, by difflib, for a fix without asking.
_CERTAIN = 0.7
#: A string of this length was not meant to be a number or a name.
_LONG = 80
_is_number = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII).fullmatch
_is_word = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch


def means(key: str, known: str) -> bool:
    """Return whether a key is another word for a known one, or a misspelt one.

    >>> means("_target_", "type"), means("tpye", "type"), means("vgg_type", "type")
    (True, True, False)
    """
    return _ALIASES.get(key) == known or (key not in _FOREIGN and bool(similar(key, [known])))


def unknown_key(
    key: str, path: KeyPath, known: Sequence[str], arguments: Sequence[str] = (), *, has_args: bool = False
) -> Fault:
    """Word an unknown key of the table at ``path``.

    Args:
        key: the key.
        path: the table.
        known: the keys that it has.
        arguments: the arguments of the loss, if the table is one: they belong in its ``args``.
        has_args: whether the table has ``args``: a dotted key cannot add to them.
    """
    message = f"unknown key `{shorten(key)}`{within(path)}"
    at = (*path, key)
    alias = _ALIASES.get(key)
    if alias in known:
        return Fault("unknown-key", message, at, "key", f"it is called `{alias}` here", alias, certain=True)
    likely, help_ = _LIKELY.get(key, ("", ""))
    if likely in known:
        return Fault("unknown-key", message, at, "key", help_, likely)
    near = [] if key in _FOREIGN else similar(key, known)
    argument = alias if alias in arguments else key
    if argument in arguments:
        help_ = f"it is an argument of the loss: `args = {{ {argument} = ... }}`"
        meant = f"args.{argument}"
        if has_args:
            help_ = f"it is an argument of the loss: move `{argument} = ...` into `args`"
            return Fault("unknown-key", message, at, "key", help_, meant=meant)
        return Fault("unknown-key", message, at, "key", help_, meant, certain=not near)
    if near:
        return Fault(
            "unknown-key",
            message,
            at,
            "key",
            f"a key with a similar name exists: `{near[0]}`",
            near[0],
            certain=len(near) == 1 and _is_misspelt(key, near[0]),
        )
    help_ = expected(known) if known else "no keys are allowed here"
    return Fault("unknown-key", message, at, "key", help_)


def _is_misspelt(key: str, known: str) -> bool:
    """Return whether a key can only be a misspelt one: not a longer name, and not just a similar word.

    >>> _is_misspelt("wieght", "weight"), _is_misspelt("lossesG", "losses"), _is_misspelt("args", "params")
    (True, False, False)
    """
    is_longer = key.casefold() != known.casefold() and key.startswith(known)
    return not is_longer and bool(similar(key, [known], _CERTAIN))


def wrong_type(value: object, path: KeyPath, allowed: Iterable[str]) -> Fault:
    """Word a value of the wrong kind."""
    kinds = tuple(allowed)
    help_, replacement = "", None
    if isinstance(value, str) and len(value) < _LONG and {"number", "integer"} & {*kinds}:
        if _is_number(value):
            help_, replacement = "write the number without quotes", value
        elif "a `${param}`" in kinds and _is_word(value):
            help_, replacement = f"a parameter is written `${{{value}}}`", f'"${{{value}}}"'
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
    return []


def _core(name: str) -> str:
    """Return what tells a class from others of its library: ``torch.L1Loss`` is ``l1``."""
    return name.rpartition(".")[2].removesuffix("Loss").casefold()


def _quoted(near: Sequence[str]) -> str | None:
    return f'"{near[0]}"' if near else None
