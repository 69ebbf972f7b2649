r"""The tokens of TOML 1.1 as regular expressions, and a cursor that moves over a text by them.

Each takes time linear in the length of its match. None matches a string without an end.
"""

from __future__ import annotations

import re

import tomli

MULTI_LINE_BASIC = r'"""[^"\\]*(?:(?:\\.|""?(?!"))[^"\\]*)*"{3,5}'
MULTI_LINE_LITERAL = r"'''[^']*(?:''?(?!')[^']*)*'{3,5}"
BASIC = r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'
LITERAL = r"'[^'\n]*'"
#: A whole string. What looks like an empty one may open a multi-line string that has no end.
STRING = rf"""(?s:{MULTI_LINE_BASIC}|{MULTI_LINE_LITERAL}|(?!\"\"\"|''')(?:{BASIC}|{LITERAL}))"""
COMMENT = r"#[^\n]*"
BARE_KEY = r"[A-Za-z0-9_-]+"
_START_OF_PAIR = rf"(?:{BARE_KEY}|{BASIC})(?:\.(?:{BARE_KEY}|{BASIC}))*[ \t]*="

#: One part of a key, with the blanks around it and the dot after it, if there is one.
KEY_PART = re.compile(rf"[ \t]*({BARE_KEY}|{BASIC}|{LITERAL})[ \t]*(\.?)")
BLANK = re.compile(r"[ \t]*")
#: Blanks, line ends and comments.
GAP = re.compile(rf"(?:[ \t\n]+|\r\n|{COMMENT})*")
WHOLE_STRING = re.compile(STRING)
#: A value without quotes, valid or not.
WORD = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9:.]+(?:[Zz]|[+-][0-9:]+)?"  # a date, a blank and a time
    r"|\$\{[^}\n]*\}"
    r"|[^\s,;()\[\]{}=#\"']+",
    re.ASCII,
)
UP_TO_END_OF_LINE = re.compile(r"[^\n#;]+")
UP_TO_NEXT_VALUE = re.compile(r"[^\n#,\[\]{}=]+")
#: What someone may have meant as a key.
KEY_LIKE = re.compile(r"[^\s=.\[\]{}#,\"']+")
#: A line that can only begin a statement: reading continues there after an error inside brackets.
STATEMENT = re.compile(
    rf"^[ \t]*(?:{_START_OF_PAIR}"
    rf"|\[\[?[ \t]*(?!(?:true|false|inf|nan)\b)[A-Za-z_][\w-]*(?:\.{BARE_KEY})*[ \t]*\]\]?[ \t]*(?:#|\r?$))",
    re.MULTILINE,
)
#: Where an inline table over several lines continues after an error, or ends.
PAIR_OR_END = re.compile(rf"(?:{_START_OF_PAIR}|\}})")


class Cursor:
    """A place in a text, ``at``, that moves forward."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        """Return the next character, "" at the end."""
        return self.text[self.at : self.at + 1]

    def starts(self, prefix: str) -> bool:
        """Return whether a text comes next."""
        return self.text.startswith(prefix, self.at)

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Move past what a pattern matches."""
        if found := pattern.match(self.text, self.at):
            self.at = found.end()

    def look(self, pattern: re.Pattern[str]) -> str:
        """Return what a pattern matches, without the blanks at its end, "" if nothing."""
        found = pattern.match(self.text, self.at)
        return found[0].rstrip() if found else ""

    def line_start(self) -> int:
        """Return where the line starts."""
        return self.text.rfind("\n", 0, self.at) + 1

    def line_end(self, at: int | None = None) -> int:
        """Return where the line ends, of the cursor or of another offset."""
        end = self.text.find("\n", self.at if at is None else at)
        return len(self.text) if end < 0 else end

    def is_at_line_end(self) -> bool:
        """Return whether nothing but a comment follows on the line."""
        return self.peek() in {"", "\n", "#"} or self.starts("\r\n")


def unquote(part: str) -> str:
    r"""Return the name that a part of a key writes.

    >>> unquote("a"), unquote("'a'"), unquote('"\\u0061"')
    ('a', 'a', 'a')
    """
    if part[0] == "'" or (part[0] == '"' and "\\" not in part):
        return part[1:-1]
    if part[0] == '"':
        (name,) = tomli.loads(f"{part} = 0")
        return name
    return part
