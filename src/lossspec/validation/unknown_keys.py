"""Words an unknown key: the nearest known one, or what the key of another tool is called here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.faults import Fault
from lossspec.names import expected, shorten, similar
from lossspec.wording import within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.faults import KeyPath

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
    "mask": "weights",
}
#: The same for keys with several possible meanings: the likely name here, and the help.
_LIKELY = {
    "schedule": ("weight", "write the schedule in `weight`: `weight = { type = ..., unit = ... }`"),
    "optional": ("if_missing", 'an optional loss has `if_missing = "skip"`'),
    "from": ("start_value", "a value is called `start_value` here, a position `start`"),
    "to": ("end_value", "a value is called `end_value` here, a position `end`"),
}
#: What to do in place of a key: by the last part of its table's path, "" for the document, and the key.
_INSTEAD = {
    ("", "name"): "the name of a spec is that of its file, without `.loss.toml`",
    ("lists", "weights"): "the weights of the elements stand alone: `lists = [1.0, 0.5]`",
}
#: Keys of other tools, which are not misspelt keys of ours, however similar.
_FOREIGN = {*_ALIASES, *_LIKELY, "vgg_type", "layer_weights"}
#: How similar to a known key one must be, by difflib, for a fix without asking.
_CERTAIN = 0.7


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
    likely, help_ = _LIKELY.get(key, ("", _instead(key, path, known)))
    if likely in known or (help_ and not likely):
        return Fault("unknown-key", message, at, "key", help_, likely or None)
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


def _instead(key: str, path: KeyPath, known: Sequence[str]) -> str:
    """Return what to write in place of a key that has no other name here; "" if nothing is known."""
    if key.partition(".")[0] in known:
        return "a key with dots is one key: write it without quotes, or in Python as nested dicts"
    return _INSTEAD.get((str(path[-1]) if path else "", key), "")


def _is_misspelt(key: str, known: str) -> bool:
    """Return whether a key can only be a misspelt one: not a longer name, and not just a similar word.

    >>> _is_misspelt("wieght", "weight"), _is_misspelt("lossesG", "losses"), _is_misspelt("args", "params")
    (True, False, False)
    """
    is_longer = key.casefold() != known.casefold() and key.startswith(known)
    return not is_longer and bool(similar(key, [known], _CERTAIN))
