"""The tolerant reader of TOML: it finds every syntax error of a text, and the place of each key and value.

``tomli`` decides what is TOML, but it stops at the first error, often reports a place past it, and gives no
places of keys and values. So a text with a fault is read once more, by a reader that knows common mistakes
and continues after each error with the next statement.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from lossspec.faults import MAX_PROBLEMS, Fault
from lossspec.language.text import tokens
from lossspec.language.text.limits import MAX_KEY_PARTS, MAX_LEVELS, too_deep, too_many_parts
from lossspec.language.text.syntax_faults import (
    StatementError,
    colon,
    json_file,
    no_comma,
    no_equals_sign,
    no_value,
    not_a_key,
    nothing_before_comma,
    other_bracket,
    trailing_text,
    unclosed,
    unclosed_header,
    unclosed_string,
    unexpected,
)
from lossspec.language.text.syntax_values import (
    control_faults,
    integer_fault,
    string_faults,
    word_fault,
)
from lossspec.language.text.tables import Tables
from lossspec.language.text.tokens import Cursor, unquote
from lossspec.names import shorten

if TYPE_CHECKING:
    from lossspec.faults import KeyPath
    from lossspec.language.text.tables import Offsets, Parts

#: What may follow a part of a key: anything else belongs to it, or is an error.
_AFTER_KEY = frozenset((" ", "\t", "=", ".", "]", ":", "\n", "\r", "#", ""))
_NOT_LINE_END = re.compile(r"[^\n]")


class _TooManyError(Exception):
    """There are more faults than are ever shown."""


class Reading(Cursor):
    r"""A text, read statement by statement.

    >>> text = 'weight = .5\nformat = 1\ntype = "torch.L1Loss\n'
    >>> reading = Reading(text)
    >>> [(fault.code, text[slice(*fault.path)]) for fault in reading.faults]
    [('bad-number', '.5'), ('unclosed-string', '"torch.L1Loss')]
    >>> reading.rest().split("\n")
    ['           ', 'format = 1', '                    ', '']
    >>> reading.tables.value(("format",)), reading.tables.value(("weight",))
    ((21, 22), None)

    Attributes:
        faults: every syntax error, none if the text is TOML.
        tables: the places of the keys and values in valid statements.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.faults: list[Fault] = []
        self.tables = Tables(self._add)
        self._brackets = 0  # open where the reader is
        self._broken: list[Offsets] = []  # statements with a fault, and those whose table is unknown
        try:
            self._statements()
        except _TooManyError:
            self._broken = [(0, len(text))]

    def rest(self) -> str:
        """Return the text with blanks in place of its broken statements; lines stay where they are."""
        parts, at = [], 0
        for start, end in self._broken:
            parts += [self.text[at:start], _NOT_LINE_END.sub(" ", self.text[start:end])]
            at = end
        return "".join([*parts, self.text[at:]])

    def _statements(self) -> None:
        self._gap()
        if self.faults:  # in comments
            self._broken.append((0, self.at))
        if self.peek() == "{":
            self._broken = [(0, len(self.text))]
            self._add(json_file(self.at))
            return
        table: KeyPath | None = ()  # that keys belong to; None if its header is broken
        while self.at < len(self.text):
            start, before = self.at, len(self.faults)
            self._brackets = 0
            self.tables.begin()
            try:
                if self.peek() == "[":
                    table = None
                    table = self._header()
                else:
                    self._pair(table)
                if table is not None and len(self.faults) == before:
                    self.tables.keep()
                    start = self.at  # if anything is broken, it is what follows on the line
                self._end_of_line()
            except StatementError as error:
                self._add(error.fault)
                self.at = self._next_statement(error.at) if error.resume is None else error.resume
            self._gap()
            if table is None or len(self.faults) > before:
                self._broken.append((start, self.at))

    def _next_statement(self, at: int) -> int:
        """Return where reading continues after an error."""
        at = self.line_end(at)
        if self._brackets:
            found = tokens.STATEMENT.search(self.text, at)
            return found.start() if found else len(self.text)
        return at

    def _add(self, *faults: Fault) -> None:
        self.faults += faults
        if len(self.faults) > MAX_PROBLEMS:
            raise _TooManyError

    def _gap(self) -> None:
        """Skip blanks, lines and comments, and note control characters in them."""
        start = self.at
        self.skip(tokens.GAP)
        if "#" in self.text[start : self.at]:
            self._add(*islice(control_faults(self.text, start, self.at), MAX_PROBLEMS + 1))

    def _end_of_line(self) -> None:
        """See that nothing follows a statement on its line."""
        self.skip(tokens.BLANK)
        if not self.is_at_line_end():
            rest = self.text[self.at : self.line_end()].partition("#")[0].rstrip()
            self._add(trailing_text(rest, self.at))
            self.at = self.line_end()

    # Headers and keys

    def _header(self) -> KeyPath | None:
        """Read a header; return the path of its table, or None if there is a fault in it."""
        start, before = self.at, len(self.faults)
        closing = "]]" if self.starts("[[") else "]"
        self.at += len(closing)
        parts = self._key()
        if not self.starts(closing):
            if self.is_at_line_end():
                raise unclosed_header(self.text, start, self.at, closing)
            raise unexpected(self.text, self.at, f"`{closing}`")
        self.at += len(closing)
        path = self.tables.header(parts, (start, self.at), array=closing == "]]")
        return path if len(self.faults) == before else None

    def _pair(self, table: KeyPath | None) -> None:
        start = self.at
        parts = self._key()
        key = self.text[start : self.at].rstrip()
        is_colon = self.peek() == ":"
        if is_colon:
            self._add(colon(key, self.at, has_blank=self.text[self.at - 1] in " \t"))
        elif self.is_at_line_end():
            raise no_equals_sign(key, start)
        elif self.peek() != "=":
            raise unexpected(self.text, self.at, f"`=` after key `{shorten(key)}`")
        path = None if table is None else self.tables.pair(table, parts)
        sign = self.at
        self.at += 1
        self.skip(tokens.BLANK)
        if not self.is_at_line_end() and not (self._brackets and self.peek() in {",", "]", "}"}):
            self._value(path)
        elif not is_colon:  # one fault is enough
            self._add(no_value(key, sign))

    def _key(self) -> Parts:
        parts: Parts = []
        while True:
            found = tokens.KEY_PART.match(self.text, self.at)
            if found is None or self.text[found.end(1) : found.end(1) + 1] not in _AFTER_KEY:
                self.skip(tokens.BLANK)
                self._check_odd_key(found[1] if found else "")
            if found is None:
                raise unexpected(self.text, self.at, "a key")
            name = found[1]
            is_wrong = name[0] in "\"'" and self._has_string_faults(found.span(1))
            parts.append((name if is_wrong else unquote(name), found.span(1)))
            self.at = found.end()
            if not found[2]:
                return parts
            if len(parts) == MAX_KEY_PARTS:
                raise StatementError(too_many_parts(self.at - 1), self.at - 1)

    def _check_odd_key(self, part: str) -> None:
        """Raise if a key is a string without an end, or has characters that no key has."""
        if not part and self.peek() in {'"', "'"}:
            raise unclosed_string(self.text, self.at)
        like = self.look(tokens.KEY_LIKE)
        if len(like) > len(part) and ":" not in like and like.isprintable():
            raise not_a_key(like, self.at)

    # Values

    def _value(self, path: KeyPath | None) -> None:
        start, char = self.at, self.peek()
        if char in {'"', "'"}:
            self._string()
        elif char == "[":
            self._array(path)
        elif char == "{":
            self._inline_table(path)
        else:
            self._bare()
        if path is not None:
            self.tables.add_value(path, (start, self.at))

    def _string(self) -> None:
        found = tokens.WHOLE_STRING.match(self.text, self.at)
        if found is None:
            raise unclosed_string(self.text, self.at)
        self._has_string_faults(found.span())
        self.at = found.end()

    def _has_string_faults(self, place: Offsets) -> bool:
        """Note what is wrong in a string, and return whether anything is."""
        faults = list(islice(string_faults(self.text, *place), MAX_PROBLEMS + 1))
        self._add(*faults)
        return bool(faults)

    def _bare(self) -> None:
        word = self.look(tokens.WORD)
        if not word or word[0].isspace():
            raise unexpected(self.text, self.at, "a value")
        fault = integer_fault(word, self.at)
        if fault is not None:
            self._add(fault)
            self.at += len(word)
            return
        fault = word_fault(word, self.at)
        if fault is not None and not word.startswith("${"):  # it may be longer: a text without quotes
            word = self.look(tokens.UP_TO_NEXT_VALUE if self._brackets else tokens.UP_TO_END_OF_LINE)
            fault = word_fault(word, self.at)
        if fault is not None:
            self._add(fault)
        self.at += len(word)

    def _array(self, path: KeyPath | None) -> None:
        start = self.at
        self._open()
        count = 0
        while self.peek() != "]":
            self._check_open(start, "]")
            if self.peek() == ",":
                self._add(nothing_before_comma("value", self.at))
            else:
                self._value(None if path is None else (*path, count))
                count += 1
            self._separator(start, "]")
        self._close()

    def _inline_table(self, path: KeyPath | None) -> None:
        start = self.at
        self._open()
        depth = self._brackets
        column = self._column() if "\n" in self.text[start : self.at] else None
        while self.peek() != "}":
            self._check_open(start, "}")
            try:
                if self.peek() == ",":
                    self._add(nothing_before_comma("key", self.at))
                else:
                    self._pair(path)
                self._separator(start, "}", column)
            except StatementError as error:
                self.at = error.resume or self.line_end(error.at)
                if error.resume is None:
                    self.skip(tokens.GAP)
                is_own = column is not None and error.at > start
                if not is_own or not self.look(tokens.PAIR_OR_END):
                    raise
                self._add(error.fault)
                self._brackets = depth
        self._close()

    # Brackets

    def _open(self) -> None:
        self._brackets += 1
        if self._brackets > MAX_LEVELS:  # what is not TOML may hide its levels from the limits
            raise StatementError(too_deep(self.at), self.at)
        self.at += 1
        self._gap()

    def _close(self) -> None:
        self._brackets -= 1
        self.at += 1

    def _separator(self, start: int, closing: str, column: int | None = None) -> None:
        """Skip the comma after a value in brackets.

        A line that no comma precedes is in the brackets if it begins at ``column`` or further in.
        """
        end = self.at
        self._gap()
        char = self.peek()
        if char == ",":
            self.at += 1
            self._gap()
        elif char != closing:
            may_be_over = closing == "}" and "\n" in self.text[end : self.at]
            if not char or (may_be_over and (column is None or self._column() < column)):
                raise unclosed(self.text, start, self.at, closing)
            self._check_open(start, closing)
            if char in "=:":
                raise unexpected(self.text, self.at, f"`,` or `{closing}`")
            self._add(no_comma(end))

    def _column(self) -> int:
        return self.at - self.line_start()

    def _check_open(self, start: int, closing: str) -> None:
        """Raise if the file, the next statement or another bracket ends brackets that open at ``start``."""
        char = self.peek()
        line = self.line_start()
        begins_line = line > start and not self.text[line : self.at].strip(" \t")
        may_be_over = begins_line and (closing == "]" or char == "[")  # a table has lines `key = value` too
        if not char or (may_be_over and tokens.STATEMENT.match(self.text, line)):
            raise unclosed(self.text, start, self.at, closing)
        if char in "]})":
            raise other_bracket(self.text, start, self.at, closing)
