"""What a reader of TOML meets where it can't go on, in words: each an error that holds the fault."""

from __future__ import annotations

import unicodedata

import tomli

from lossspec.faults import Fault, Range
from lossspec.language.text import limits
from lossspec.names import shorten


class LostError(Exception):
    """The reader can't tell what follows: reading goes on at ``resume``, or else with the next statement."""

    def __init__(self, fault: Fault, resume: int | None = None) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.start = fault.path.start if isinstance(fault.path, Range) else 0
        self.resume = resume


def unexpected(text: str, at: int, expected: str) -> LostError:
    """Word a character, or an end, that stands where something else is expected."""
    char = text[at : at + 1]
    if not char:
        return LostError(Fault("syntax", f"unexpected end of the file: expected {expected}", Range(at, at)))
    if char == "\n" or text.startswith("\r\n", at):
        return LostError(Fault("syntax", f"unexpected end of the line: expected {expected}", Range(at, at)))
    if char.isascii() and char.isprintable():
        return LostError(Fault("syntax", f"unexpected `{char}`: expected {expected}", Range(at, at + 1)))
    name = unicodedata.name(char, "a control character")
    message = f"unexpected character U+{ord(char):04X}, {name}: expected {expected}"
    if char.isspace():
        return LostError(
            Fault("syntax", message, Range(at, at + 1), help="write a blank", replacement=" ", certain=True)
        )
    return LostError(Fault("syntax", message, Range(at, at + 1)))


def no_key(like: str, at: int) -> LostError:
    """Word what is like a key, but has characters that stand in quotes only."""
    help_ = "a key without quotes has only letters, digits, `_` and `-`"
    return LostError(
        Fault("syntax", f"`{shorten(like)}` is not a key", Range(at, at + len(like)), help=help_)
    )


def no_value(key: str, at: int) -> LostError:
    """Word a key that nothing follows."""
    message = f"the key `{shorten(key)}` has no value"
    return LostError(Fault("missing-value", message, Range(at, at + len(key)), help="write `key = value`"))


def unclosed_string(text: str, at: int) -> LostError:
    """Word a string that has no end: on its line, or, of several lines, at all."""
    quotes = text[at : at + 3]
    if quotes in {'"""', "'''"}:
        message = f"the string has no end: no `{quotes}` follows"
        return LostError(Fault("unclosed-string", message, Range(at, at + 3)), len(text))
    rest = text[at:].partition("\n")[0].rstrip()
    quote, long = quotes[0], quotes[0] * 3
    help_ = f"it ends with `{quote}` on its line; one of several lines begins and ends with `{long}`"
    if '\\"' in rest:
        help_ = '`\\"` is a quote in the string; a backslash is written `\\\\`'
    return LostError(Fault("unclosed-string", "the string has no end", Range(at, at + len(rest)), help=help_))


def unclosed_header(text: str, start: int, at: int, closing: str) -> LostError:
    """Word a header whose line ends too early."""
    end = start + len(text[start:at].rstrip())
    return LostError(
        Fault(
            "unclosed-bracket",
            "the header is not closed",
            Range(start, end),
            help=f"it ends with `{closing}`",
        )
    )


def json_file(at: int) -> Fault:
    """Word a file that begins as JSON does: one fault says it all."""
    help_ = "write lines `key = value` under headers `[table]`, without the outermost braces"
    return Fault("syntax", "the file begins like JSON: a spec is TOML", Range(at, at + 1), help=help_)


def unclosed(text: str, start: int, at: int, closing: str) -> LostError:
    """Word a bracket that is still open where the next statement begins, or the file ends."""
    related = ((Range(at, at + 1), f"`{closing}` is expected before this"),) if at < len(text) else ()
    message = f"`{text[start]}` is not closed"
    return LostError(Fault("unclosed-bracket", message, Range(start, start + 1), related=related), at)


def too_deep(at: int) -> LostError:
    """Word a bracket on a level too many."""
    return LostError(limits.too_deep(at))


def too_many_parts(at: int) -> LostError:
    """Word a dot before a part too many."""
    return LostError(limits.too_many_parts(at))


def other_bracket(text: str, start: int, at: int, closing: str) -> LostError:
    """Word a bracket that closes one of another kind."""
    message = f"`{text[at]}` where `{closing}` is expected"
    related = ((Range(start, start + 1), "opened here"),)
    return LostError(Fault("unclosed-bracket", message, Range(at, at + 1), related=related))


def as_the_parser_says(text: str, error: ValueError) -> Fault:
    """Fall back on the parser's own words and place."""
    message, at = str(error), len(text)
    if isinstance(error, tomli.TOMLDecodeError):
        message = error.msg
        lines = text.split("\n")[: error.lineno - 1]  # its offset does not count carriage returns
        at = min(at, sum(len(line) + 1 for line in lines) + error.colno - 1)
    return Fault("syntax", message[:1].lower() + message[1:], Range(at, min(at + 1, len(text))))
