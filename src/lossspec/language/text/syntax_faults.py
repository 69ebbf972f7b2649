"""The messages of syntax errors in keys, headers and brackets."""

from __future__ import annotations

import unicodedata

import tomli

from lossspec.faults import TextFault
from lossspec.names import shorten


class StatementError(Exception):
    """An error that ends the reading of a statement; it carries its fault.

    Reading continues at ``resume``, or with the next statement if that is None.
    """

    def __init__(self, fault: TextFault, resume: int | None = None) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.resume = resume


def json_file(at: int) -> TextFault:
    """Return the one fault of a file that begins as JSON does."""
    help_ = "write lines `key = value` under headers `[table]`, without the outermost braces"
    return TextFault("syntax", "the file begins like JSON: a spec is TOML", at, at + 1, help_)


def trailing_text(rest: str, at: int) -> TextFault:
    """Return the fault of a text that follows a statement on its line."""
    message = f"unexpected `{shorten(rest)}` after the end of the statement"
    if rest in {",", ";"}:
        return TextFault("syntax", message, at, at + 1, "take it out", "", certain=True)
    return TextFault("syntax", message, at, at + len(rest), "each key begins on a line of its own")


def colon(key: str, at: int, *, has_blank: bool) -> TextFault:
    """Return the fault of a colon in place of an equals sign."""
    message, new = f"`:` after the key `{shorten(key)}`", "=" if has_blank else " ="
    return TextFault("syntax", message, at, at + 1, "write `=`", new, certain=True)


def no_value(key: str, at: int) -> TextFault:
    """Return the fault of an equals sign that nothing follows."""
    return TextFault("missing-value", f"the key `{shorten(key)}` has no value", at, at + 1)


def nothing_before_comma(what: str, at: int) -> TextFault:
    """Return the fault of a comma that follows no value or key."""
    return TextFault("syntax", f"a {what} is missing before `,`", at, at + 1)


def no_comma(at: int) -> TextFault:
    """Return the fault of a value in brackets that another one follows."""
    return TextFault("syntax", "a `,` is missing after this value", at, at, "", ",")


def unexpected(text: str, at: int, expected: str) -> StatementError:
    """Return the error of a character, or an end, in place of something else."""
    char = text[at : at + 1]
    if not char:
        return StatementError(TextFault("syntax", f"unexpected end of the file: expected {expected}", at, at))
    if char == "\n" or text.startswith("\r\n", at):
        return StatementError(TextFault("syntax", f"unexpected end of the line: expected {expected}", at, at))
    if char.isascii() and char.isprintable():
        return StatementError(TextFault("syntax", f"unexpected `{char}`: expected {expected}", at, at + 1))
    name = unicodedata.name(char, "a control character")
    message = f"unexpected character U+{ord(char):04X}, {name}: expected {expected}"
    if char.isspace():
        return StatementError(TextFault("syntax", message, at, at + 1, "write a blank", " ", certain=True))
    return StatementError(TextFault("syntax", message, at, at + 1))


def not_a_key(like: str, at: int) -> StatementError:
    """Return the error of a key with characters that must be in quotes."""
    help_ = "a key without quotes has only letters, digits, `_` and `-`"
    return StatementError(TextFault("syntax", f"`{shorten(like)}` is not a key", at, at + len(like), help_))


def no_equals_sign(key: str, at: int) -> StatementError:
    """Return the error of a key that is alone on its line."""
    message = f"the key `{shorten(key)}` has no value"
    return StatementError(TextFault("missing-value", message, at, at + len(key), "write `key = value`"))


def unclosed_string(text: str, at: int) -> StatementError:
    """Return the error of a string that does not end on its line or, of several lines, at all."""
    quotes = text[at : at + 3]
    if quotes in {'"""', "'''"}:
        message = f"the string has no end: no `{quotes}` follows"
        return StatementError(TextFault("unclosed-string", message, at, at + 3), len(text))
    rest = text[at:].partition("\n")[0].rstrip()
    quote, long = quotes[0], quotes[0] * 3
    help_ = f"it ends with `{quote}` on its line; one of several lines begins and ends with `{long}`"
    if '\\"' in rest:
        help_ = '`\\"` is a quote in the string; a backslash is written `\\\\`'
    return StatementError(TextFault("unclosed-string", "the string has no end", at, at + len(rest), help_))


def unclosed_header(text: str, start: int, at: int, closing: str) -> StatementError:
    """Return the error of a header whose line ends too early."""
    end = start + len(text[start:at].rstrip())
    help_ = f"it ends with `{closing}`"
    return StatementError(TextFault("unclosed-bracket", "the header is not closed", start, end, help_))


def unclosed(text: str, start: int, at: int, closing: str) -> StatementError:
    """Return the error of a bracket that is still open at the next statement or at the end."""
    related = ((at, at + 1, f"`{closing}` is expected before this"),) if at < len(text) else ()
    message = f"`{text[start]}` is not closed"
    return StatementError(TextFault("unclosed-bracket", message, start, start + 1, related=related), at)


def other_bracket(text: str, start: int, at: int, closing: str) -> StatementError:
    """Return the error of a bracket that closes one of another kind."""
    message = f"`{text[at]}` where `{closing}` is expected"
    related = ((start, start + 1, "opened here"),)
    return StatementError(TextFault("unclosed-bracket", message, at, at + 1, related=related))


def fault_of_the_parser(text: str, error: ValueError) -> TextFault:
    """Return the parser's own message and place."""
    message, at = str(error), len(text)
    if isinstance(error, tomli.TOMLDecodeError):
        message = error.msg
        lines = text.split("\n")[: error.lineno - 1]  # its offset does not count carriage returns
        at = min(at, sum(len(line) + 1 for line in lines) + error.colno - 1)
    return TextFault("syntax", message[:1].lower() + message[1:], at, min(at + 1, len(text)))
