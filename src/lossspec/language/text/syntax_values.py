"""The syntax errors of a single value: a word without quotes, an invalid number, an invalid escape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import tomli

from lossspec.faults import Fault, Range
from lossspec.names import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Values of other languages, in lower case.
_NOTHING = frozenset(("none", "null", "nil", "undefined", "~"))
_NOT_FINITE = frozenset(("nan", "inf", "infinity"))
_TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2033\u2032`"

_is_plain = re.compile(
    r"true|false|[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII
).fullmatch
_has_bare_point = re.compile(r"([+-]?)([0-9]*)\.([0-9]*)((?:[eE][+-]?[0-9]+)?)", re.ASCII).fullmatch
_has_leading_zeros = re.compile(r"([+-]?)0+([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)", re.ASCII).fullmatch
_is_integer = re.compile(r"[+-]?[0-9][0-9_]*|0(?:x[0-9A-Fa-f_]+|o[0-7_]+|b[01_]+)", re.ASCII).fullmatch
_is_call = re.compile(r"[A-Za-z_][\w.]*\(", re.ASCII).match
_is_date_like = re.compile(r"[0-9]{4}-[0-9]|[0-9]{2}:", re.ASCII).match
_ESCAPE = re.compile(r"\\(?:[btnfre\"\\]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})", re.ASCII)
_LINE_END = re.compile(r"\\[ \t]*\r?\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")


def integer_fault(word: str, start: int) -> Fault | None:
    """Return the fault of an integer that does not fit in 64 bits; None for any other value.

    >>> integer_fault("9_223_372_036_854_775_807", 0) is None
    True
    >>> integer_fault("0x8000_0000_0000_0000", 0).code
    'integer-too-large'
    """
    if len(word) < 19 or not _is_integer(word):
        return None
    digits = word.replace("_", "")
    try:  # more than 80 digits are too many in any base, and int() may refuse to read them
        if len(digits) <= 80 and -(2**63) <= int(digits, 0) < 2**63:
            return None
    except ValueError:  # leading zeros
        return None
    place = Range(start + (word[0] in "+-"), start + len(word))
    help_ = "write it as a float, such as 1e20"
    return Fault("integer-too-large", "the integer does not fit in 64 bits", place, help=help_)


def word_fault(word: str, start: int) -> Fault | None:
    """Return the fault of a value without quotes that starts at an offset, or None.

    >>> word_fault("1e-3", 0) is None
    True
    >>> word_fault(".5", 0).replacement, word_fault("True", 0).replacement, word_fault("mean", 0).replacement
    ('0.5', 'true', '"mean"')
    """
    if _is_plain(word) or _is_value(word):
        return None
    end = start + len(word)
    shown = f"`{shorten(word)}`"
    foreign = _foreign(word)
    if foreign is not None:
        help_, new = foreign
        message = f"{shown} is not a TOML value"
        return Fault(
            "bad-value", message, Range(start, end), help=help_, replacement=new, certain=new is not None
        )
    if word[0] in "0123456789+-.":
        return _number_fault(word, start, end)
    return _unquoted(word, start, end)


def string_faults(text: str, start: int, end: int) -> Iterator[Fault]:
    """Yield the control characters of a whole string and, if it is in double quotes, its invalid escapes."""
    string = text[start:end]
    yield from control_faults(text, start, end)
    if string[0] == "'":
        return
    several_lines = string.startswith('"""')
    at = string.find("\\")
    while at >= 0:
        found = _ESCAPE.match(string, at) or (_LINE_END.match(string, at) if several_lines else None)
        length = len(found[0]) if found else 2
        if found is None or 0xD800 <= _code_point(found[0]) <= 0xDFFF:
            shown = string[at : at + length]
            yield Fault(
                "bad-escape",
                f"`{shown}` is not a valid escape",
                Range(start + at, start + at + length),
                help="write a backslash as `\\\\`, or put the string in single quotes",
                replacement=None if found else f"\\{shown}",
            )
        at = string.find("\\", at + length)


def control_faults(text: str, start: int, end: int) -> Iterator[Fault]:
    """Yield the control characters of a string or a comment."""
    for found in _CONTROL.finditer(text, start, end):
        yield Fault(
            "control-character",
            f"control character U+{ord(found[0]):04X}",
            Range(found.start(), found.end()),
            help=f"remove it; in a string, write `\\u{ord(found[0]):04x}`",
        )


def _unquoted(word: str, start: int, end: int) -> Fault:
    shown, quoted, certain = f"`{shorten(word)}`", _quoted(word), False
    help_ = f"put strings in quotes: `{shorten(quoted)}`"
    message = f"{shown} is not in quotes"
    if word.startswith("${"):
        message, certain = f"the reference {shown} is not in quotes", word.endswith("}")
    elif word[0] in _TYPOGRAPHIC:
        quoted, certain = _quoted(word.strip(_TYPOGRAPHIC)), word[-1] in _TYPOGRAPHIC
        message, help_ = f"{shown} is in typographic quotes", 'use straight quotes: `"`'
    return Fault(
        "unquoted-string", message, Range(start, end), help=help_, replacement=quoted, certain=certain
    )


def _foreign(word: str) -> tuple[str, str | None] | None:
    """Return the help for a value of another language, and its replacement in TOML if there is one."""
    lower = word.lower()
    if lower in {"true", "false"}:
        return f"write `{lower}`", lower
    if lower in _NOTHING:
        return "TOML has no null: leave out the key", None
    if lower.lstrip("+-") in _NOT_FINITE:
        return "numbers in a spec must be finite", None
    if _is_call(word):
        return "TOML has no function calls", None
    return None


def _number_fault(word: str, start: int, end: int) -> Fault:
    shown, replacement = f"`{shorten(word)}`", None
    if _is_date_like(word):
        return Fault("bad-value", f"{shown} is not a valid date or time", Range(start, end))
    if (found := _has_bare_point(word)) and (found[2] or found[3]):
        replacement = f"{found[1]}{found[2].lstrip('0') or '0'}.{found[3] or '0'}{found[4]}"
    elif found := _has_leading_zeros(word):
        replacement = found[1] + found[2]
    help_ = f"write `{replacement}`" if replacement else ""
    return Fault(
        "bad-number",
        f"{shown} is not a valid TOML number",
        Range(start, end),
        help=help_,
        replacement=replacement,
        certain=replacement is not None,
    )


def _is_value(word: str) -> bool:
    try:
        tomli.loads(f"value = {word}")
    except ValueError:
        return False
    return True


def _code_point(escape: str) -> int:
    return int(f"0x{escape[2:]}", 0) if escape[1] in "uU" else 0


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
