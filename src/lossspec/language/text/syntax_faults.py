"""The messages of syntax errors in keys, headers and brackets."""

from __future__ import annotations

import unicodedata

import tomli

from lossspec.faults import Fault, Range
from lossspec.names import shorten


class StatementError(Exception):
    """An error that ends the reading of a statement; it carries its fault, and where that is.

    Reading continues at ``resume``, or with the next statement if that is None.
    """

    def __init__(self, fault: Fault, at: int, resume: int | None = None) -> None:
        super().__init__(fault.message)
        self.fault, self.at, self.resume = fault, at, resume


def json_file(at: int) -> Fault:
    """Return the one fault of a file that begins as JSON does."""
    help_ = "write lines `key = value` under headers `[table]`, without the outermost braces"
    return Fault("syntax", "the file looks like JSON, but a spec is TOML", Range(at, at + 1), help=help_)


def trailing_text(rest: str, at: int) -> Fault:
    """Return the fault of a text that follows a statement on its line."""
    message, place = f"unexpected `{shorten(rest)}` after the end of the statement", Range(at, at + len(rest))
    if rest in {",", ";"}:
        return Fault("syntax", message, place, help="remove it", replacement="", certain=True)
    return Fault("syntax", message, place, help="put each key on its own line")


def colon(key: str, at: int, *, has_blank: bool) -> Fault:
    """Return the fault of a colon in place of an equals sign."""
    message, new = f"expected `=` after key `{shorten(key)}`, got `:`", "=" if has_blank else " ="
    return Fault("syntax", message, Range(at, at + 1), help="write `=`", replacement=new, certain=True)


def no_value(key: str, at: int) -> Fault:
    """Return the fault of an equals sign that nothing follows."""
    return Fault("missing-value", f"key `{shorten(key)}` has no value", Range(at, at + 1))


def nothing_before_comma(what: str, at: int) -> Fault:
    """Return the fault of a comma that follows no value or key."""
    return Fault("syntax", f"{what} is missing before `,`", Range(at, at + 1))


def no_comma(at: int) -> Fault:
    """Return the fault of a value in brackets that another one follows."""
    return Fault("syntax", "`,` is missing after this value", Range(at, at), replacement=",")


def unexpected(text: str, at: int, expected: str) -> StatementError:
    """Return the error of a character, or an end, in place of something else."""
    char, length, new = text[at : at + 1], 1, None
    if not char:
        what, length = "the end of the file", 0
    elif char == "\n" or text.startswith("\r\n", at):
        what, length = "the end of the line", 0
    elif char.isascii() and char.isprintable():
        what = f"`{char}`"
    else:
        what = f"character U+{ord(char):04X}, {unicodedata.name(char, 'a control character')}"
        new = " " if char.isspace() else None
    fault = Fault(
        "syntax",
        f"expected {expected}, got {what}",
        Range(at, at + length),
        help="use a plain space" if new else "",
        replacement=new,
        certain=new is not None,
    )
    return StatementError(fault, at)


def not_a_key(like: str, at: int) -> StatementError:
    """Return the error of a key with characters that must be in quotes."""
    help_ = "a key without quotes can only have ASCII letters, digits, `_` and `-`"
    message = f"`{shorten(like)}` is not a valid key"
    return StatementError(Fault("syntax", message, Range(at, at + len(like)), help=help_), at)


def no_equals_sign(key: str, at: int) -> StatementError:
    """Return the error of a key that is alone on its line."""
    message, place = f"key `{shorten(key)}` has no value", Range(at, at + len(key))
    return StatementError(Fault("missing-value", message, place, help="write `key = value`"), at)


def unclosed_string(text: str, at: int) -> StatementError:
    """Return the error of a string that does not end on its line or, of several lines, at all."""
    quotes = text[at : at + 3]
    if quotes in {'"""', "'''"}:
        message = f"the string is not closed: `{quotes}` is missing"
        return StatementError(Fault("unclosed-string", message, Range(at, at + 3)), at, len(text))
    rest = text[at:].partition("\n")[0].rstrip()
    quote, long = quotes[0], quotes[0] * 3
    help_ = f"close it with `{quote}` on the same line, or use `{long}` for several lines"
    if '\\"' in rest:
        help_ = '`\\"` does not close the string; write a backslash as `\\\\`'
    place = Range(at, at + len(rest))
    return StatementError(Fault("unclosed-string", "the string is not closed", place, help=help_), at)


def unclosed_header(text: str, start: int, at: int, closing: str) -> StatementError:
    """Return the error of a header whose line ends too early."""
    place = Range(start, start + len(text[start:at].rstrip()))
    help_ = f"close it with `{closing}`"
    return StatementError(Fault("unclosed-bracket", "the header is not closed", place, help=help_), start)


def unclosed(text: str, start: int, at: int, closing: str) -> StatementError:
    """Return the error of a bracket that is still open at the next statement or at the end."""
    message, place = f"`{text[start]}` is not closed", Range(start, start + 1)
    related = ((Range(at, at + 1), f"expected `{closing}` before this"),) if at < len(text) else ()
    return StatementError(Fault("unclosed-bracket", message, place, related=related), start, at)


def other_bracket(text: str, start: int, at: int, closing: str) -> StatementError:
    """Return the error of a bracket that closes one of another kind."""
    message = f"expected `{closing}`, got `{text[at]}`"
    related = ((Range(start, start + 1), "opened here"),)
    return StatementError(Fault("unclosed-bracket", message, Range(at, at + 1), related=related), at)


def fault_of_the_parser(text: str, error: ValueError) -> Fault:
    """Return the parser's own message and place."""
    message, at = str(error), len(text)
    if isinstance(error, tomli.TOMLDecodeError):
        message = error.msg
        lines = text.split("\n")[: error.lineno - 1]  # its offset does not count carriage returns
        at = min(at, sum(len(line) + 1 for line in lines) + error.colno - 1)
    return Fault("syntax", message[:1].lower() + message[1:], Range(at, min(at + 1, len(text))))
