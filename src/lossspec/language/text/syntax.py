"""Syntax errors: every place where a text is not TOML, exactly, and what to write instead.

The parser stops at the first error, and often names a place past it. So a text that it refuses is read once
more, by a reader that knows what people get wrong and that goes on after an error with the next statement.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from lossspec.faults import MAX_PROBLEMS, Fault, Range
from lossspec.language.text.limits import MAX_KEY_PARTS, MAX_LEVELS
from lossspec.language.text.positions import unquote
from lossspec.language.text.syntax_faults import (
    LostError,
    as_the_parser_says,
    json_file,
    no_key,
    no_value,
    other_bracket,
    too_deep,
    too_many_parts,
    unclosed,
    unclosed_header,
    unclosed_string,
    unexpected,
)
from lossspec.language.text.syntax_tables import Definitions
from lossspec.language.text.syntax_values import control_faults, string_faults, word_fault
from lossspec.language.text.tokens import BARE_KEY, BASIC, COMMENT, KEY_PART, STRING
from lossspec.names import shorten

if TYPE_CHECKING:
    from lossspec.faults import KeyPath
    from lossspec.language.text.positions import Offsets

_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(rf"(?:[ \t\n]+|\r\n|{COMMENT})*")
#: What may follow a part of a key: anything else belongs to it, or is an error.
_AFTER_KEY = frozenset((" ", "\t", "=", ".", "]", ":", "\n", "\r", "#", ""))
_STRING = re.compile(STRING)
_WORD = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9:.]+(?:[Zz]|[+-][0-9:]+)?"  # a date, a blank and a time
    r"|\$\{[^}\n]*\}"
    r"|[^\s,;()\[\]{}=#\"']+",
    re.ASCII,
)
_UP_TO_END_OF_LINE = re.compile(r"[^\n#;]+")
_UP_TO_NEXT_VALUE = re.compile(r"[^\n#,\[\]{}=]+")
_KEY_LIKE = re.compile(r"[^\s=.\[\]{}#,\"']+")
#: Where reading goes on after an error inside brackets: a line that can only begin a statement.
_STATEMENT = re.compile(
    rf"^[ \t]*(?:(?:{BARE_KEY}|{BASIC})(?:\.(?:{BARE_KEY}|{BASIC}))*[ \t]*="
    rf"|\[\[?[ \t]*(?!(?:true|false|inf|nan)\b)[A-Za-z_][\w-]*(?:\.{BARE_KEY})*[ \t]*\]\]?[ \t]*(?:#|\r?$))",
    re.MULTILINE,
)
#: Where a table over lines goes on after an error, or ends.
_KEY_OR_END = re.compile(rf"(?:(?:{BARE_KEY}|{BASIC})(?:\.(?:{BARE_KEY}|{BASIC}))*[ \t]*=|\}})")
_NOT_LINE_END = re.compile(r"[^\n]")


class _EnoughError(Exception):
    """More is wrong than will be shown."""


def syntax_faults(text: str, error: ValueError) -> tuple[list[Fault], str]:
    r"""Return every syntax error of a text, and the text with blanks in place of what is not TOML.

    Args:
        text: what is not TOML.
        error: what the parser said of it.

    >>> import tomli
    >>> text = 'weight = .5\nformat = 1\ntype = "torch.L1Loss\n'
    >>> try:
    ...     _ = tomli.loads(text)
    ... except tomli.TOMLDecodeError as error:
    ...     faults, rest = syntax_faults(text, error)
    >>> [(fault.code, text[slice(*fault.path)]) for fault in faults]
    [('bad-number', '.5'), ('unclosed-string', '"torch.L1Loss')]
    >>> rest.split("\n")
    ['           ', 'format = 1', '                    ', '']
    """
    reader = _Reader(text)
    faults = reader.read()
    if not faults:
        return [as_the_parser_says(text, error)], ""
    return faults, reader.rest()


class _Reader:
    """Reads a text statement by statement, and notes what is wrong with each."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._faults: list[Fault] = []
        self._definitions = Definitions()
        self._brackets = 0  # open where the reader is
        self._broken: list[Offsets] = []  # statements with a fault, and those that belong to nothing

    def rest(self) -> str:
        """Return the text with blanks in place of its broken statements; lines stay where they are."""
        parts, at = [], 0
        for start, end in self._broken:
            parts += [self._text[at:start], _NOT_LINE_END.sub(" ", self._text[start:end])]
            at = end
        return "".join([*parts, self._text[at:]])

    def read(self) -> list[Fault]:
        try:
            self._statements()
        except _EnoughError:
            self._broken = [(0, len(self._text))]
        return self._faults

    def _statements(self) -> None:
        at = self._gap(0)
        base: KeyPath | None = ()
        if self._peek(at) == "{":
            self._broken.append((0, len(self._text)))
            self._add(json_file(at))
            return
        while at < len(self._text):
            start, before = at, len(self._faults)
            self._brackets = 0
            try:
                if self._text[at] == "[":
                    base = None  # if it is no good, what follows belongs to nothing
                    at, base = self._header(at)
                else:
                    at = self._pair(base, at)
                if len(self._faults) > before and self._text[start] == "[":
                    base = None
                elif len(self._faults) == before and base is not None:
                    start = at  # if anything is broken, it is what follows on the line
                at = self._end_of_line(at)
            except LostError as lost:
                self._add(lost.fault)
                at = self._after(lost.start) if lost.resume is None else lost.resume
            at = self._gap(at)
            if len(self._faults) > before or base is None:
                self._broken.append((start, at))

    # What stands between values

    def _peek(self, at: int) -> str:
        return self._text[at : at + 1]

    def _blank(self, at: int) -> int:
        return _end(_BLANK, self._text, at)

    def _gap(self, at: int) -> int:
        """Skip blanks, lines and comments, and note control characters in them."""
        end = _end(_GAP, self._text, at)
        if "#" in self._text[at:end]:
            self._add(*islice(control_faults(self._text, at, end), MAX_PROBLEMS + 1))
        return end

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _at_line_end(self, at: int) -> bool:
        return self._peek(at) in {"", "\n", "#"} or self._text.startswith("\r\n", at)

    def _end_of_line(self, at: int) -> int:
        """See that nothing follows a statement on its line, and return where the line ends."""
        at = self._blank(at)
        if self._at_line_end(at):
            return at
        rest = self._text[at : self._line_end(at)].partition("#")[0].rstrip()
        lone = rest in {",", ";"}
        self._note(
            "syntax",
            f"unexpected `{shorten(rest)}` after the end of the statement",
            (at, at + len(rest)),
            "take it out" if lone else "each key begins on a line of its own",
            "" if lone else None,
            certain=lone,
        )
        return self._line_end(at)

    def _after(self, error: int) -> int:
        """Return where reading goes on after an error."""
        at = self._line_end(error)
        if self._brackets:
            found = _STATEMENT.search(self._text, at)
            return found.start() if found else len(self._text)
        return at

    def _upto(self, pattern: re.Pattern[str], at: int) -> str:
        found = pattern.match(self._text, at)
        return found[0].rstrip() if found else ""

    def _note(
        self,
        code: str,
        message: str,
        place: Offsets,
        help_: str = "",
        new: str | None = None,
        *,
        certain: bool = False,
    ) -> None:
        self._add(Fault(code, message, Range(*place), help=help_, replacement=new, certain=certain))

    def _add(self, *faults: Fault) -> None:
        self._faults += faults
        if len(self._faults) > MAX_PROBLEMS:
            raise _EnoughError

    # Headers, keys and values

    def _header(self, at: int) -> tuple[int, KeyPath | None]:
        start = at
        closing = "]]" if self._text.startswith("[[", at) else "]"
        parts, at = self._key(at + len(closing))
        if not self._text.startswith(closing, at):
            if self._at_line_end(at):
                raise unclosed_header(self._text, start, at, closing)
            raise unexpected(self._text, at, f"`{closing}`")
        path, conflict = self._definitions.header(parts, array=closing == "]]")
        if conflict is not None:
            self._add(conflict)
        return at + len(closing), path

    def _pair(self, base: KeyPath | None, at: int) -> int:
        start = at
        parts, at = self._key(at)
        key = self._text[start:at].rstrip()
        is_colon = self._peek(at) == ":"
        if is_colon:
            new = " =" if self._text[at - 1] not in " \t" else "="
            self._note(
                "syntax", f"`:` after the key `{shorten(key)}`", (at, at + 1), "write `=`", new, certain=True
            )
        elif self._at_line_end(at):
            raise no_value(key, start)
        elif self._peek(at) != "=":
            raise unexpected(self._text, at, f"`=` after the key `{shorten(key)}`")
        path: KeyPath | None = None
        if base is not None:
            path, conflict = self._definitions.pair(base, parts)
            if conflict is not None:
                self._add(conflict)
        sign, at = at, self._blank(at + 1)
        if self._at_line_end(at) or (self._brackets and self._peek(at) in {",", "]", "}"}):
            if is_colon:  # said already
                return at
            self._note("missing-value", f"the key `{shorten(key)}` has no value", (sign, sign + 1))
            return at
        return self._value(path, at)

    def _key(self, at: int) -> tuple[list[tuple[str, Offsets]], int]:
        parts = []
        while True:
            found = KEY_PART.match(self._text, at)
            if found is None or self._peek(found.end(1)) not in _AFTER_KEY:
                self._refuse_odd_key(self._blank(at), found[1] if found else "")
            if found is None:
                raise unexpected(self._text, self._blank(at), "a key")
            name = found[1]
            wrong = self._string_faults(found.span(1)) if name[0] in "\"'" else False
            parts.append((name if wrong else unquote(name), found.span(1)))
            at = found.end()
            if not found[2]:
                return parts, at
            if len(parts) == MAX_KEY_PARTS:
                raise too_many_parts(at - 1)

    def _refuse_odd_key(self, at: int, part: str) -> None:
        """Raise if what stands at a key is an open string, or goes on with what no key has."""
        if not part and self._peek(at) in {'"', "'"}:
            raise unclosed_string(self._text, at)
        like = self._upto(_KEY_LIKE, at)
        if len(like) > len(part) and ":" not in like and like.isprintable():
            raise no_key(like, at)

    def _string_faults(self, place: Offsets) -> bool:
        """Note what is wrong in a string, and say whether anything is."""
        faults = list(islice(string_faults(self._text, *place), MAX_PROBLEMS + 1))
        self._add(*faults)
        return bool(faults)

    def _value(self, path: KeyPath | None, at: int) -> int:
        char = self._peek(at)
        if char in {'"', "'"}:
            return self._string(at)
        if char == "[":
            return self._array(path, at)
        if char == "{":
            return self._table(path, at)
        return self._bare(at)

    def _string(self, at: int) -> int:
        found = _STRING.match(self._text, at)
        if found is None:
            raise unclosed_string(self._text, at)
        self._string_faults(found.span())
        return found.end()

    def _bare(self, at: int) -> int:
        word = self._upto(_WORD, at)
        if not word or word[0].isspace():
            raise unexpected(self._text, at, "a value")
        if word_fault(word, at) is None:
            return at + len(word)
        if not word.startswith("${"):  # it may go on: a text without quotes
            word = self._upto(_UP_TO_NEXT_VALUE if self._brackets else _UP_TO_END_OF_LINE, at)
        fault = word_fault(word, at)
        if fault is not None:
            self._add(fault)
        return at + len(word)

    def _array(self, path: KeyPath | None, at: int) -> int:
        start = at
        at = self._opened(at)
        count = 0
        while self._peek(at) != "]":
            self._not_over(start, at, "]")
            if self._peek(at) == ",":
                self._note("syntax", "a value is missing before `,`", (at, at + 1))
            else:
                at = self._value(None if path is None else (*path, count), at)
                count += 1
            at = self._separator(start, at, "]")
        self._brackets -= 1
        return at + 1

    def _table(self, path: KeyPath | None, at: int) -> int:
        start = at
        at = self._opened(at)
        depth = self._brackets
        column = self._column(at) if "\n" in self._text[start:at] else None
        while self._peek(at) != "}":
            self._not_over(start, at, "}")
            try:
                if self._peek(at) == ",":
                    self._note("syntax", "a key is missing before `,`", (at, at + 1))
                else:
                    at = self._pair(path, at)
                at = self._separator(start, at, "}", column)
            except LostError as lost:
                at = lost.resume or _end(_GAP, self._text, self._line_end(lost.start))
                is_own = column is not None and lost.start > start
                if not is_own or not _KEY_OR_END.match(self._text, at):
                    raise
                self._add(lost.fault)
                self._brackets = depth
        self._brackets -= 1
        return at + 1

    def _opened(self, at: int) -> int:
        """Go behind an opening bracket, if it is not one too many."""
        self._brackets += 1
        if self._brackets > MAX_LEVELS:  # what is not TOML may hide its levels from the limits
            raise too_deep(at)
        return self._gap(at + 1)

    def _separator(self, start: int, end: int, closing: str, column: int | None = None) -> int:
        """Skip the comma after a value in brackets, and return what follows.

        A line that no comma precedes is in the brackets if it begins at ``column`` or further in.
        """
        at = self._gap(end)
        char = self._peek(at)
        if char == ",":
            return self._gap(at + 1)
        if char != closing:
            may_be_over = closing == "}" and "\n" in self._text[end:at]
            if not char or (may_be_over and (column is None or self._column(at) < column)):
                raise unclosed(self._text, start, at, closing)
            self._not_over(start, at, closing)
            if char in "=:":
                raise unexpected(self._text, at, f"`,` or `{closing}`")
            self._note("syntax", "a `,` is missing after this value", (end, end), "", ",")
        return at

    def _column(self, at: int) -> int:
        return at - (self._text.rfind("\n", 0, at) + 1)

    def _not_over(self, start: int, at: int, closing: str) -> None:
        """See that brackets which open at ``start`` go on: no end, no next statement, no other bracket."""
        char = self._peek(at)
        line = at - self._column(at)
        begins_line = line > start and self._blank(line) == at
        may_be_over = begins_line and (closing == "]" or char == "[")  # a table has lines `key = value` too
        if not char or (may_be_over and _STATEMENT.match(self._text, line)):
            raise unclosed(self._text, start, at, closing)
        if char in "]})":
            raise other_bracket(self._text, start, at, closing)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where a pattern that may be empty ends."""
    found = pattern.match(text, at)
    return found.end() if found else at
