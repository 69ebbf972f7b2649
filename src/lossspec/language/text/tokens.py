"""The tokens of TOML 1.1 that readers of its text share, as pieces of regular expressions.

Each matches in time linear in what it consumes. None matches a string that has no end.
"""

from __future__ import annotations

import re

MULTI_LINE_BASIC = r'"""[^"\\]*(?:(?:\\.|""?(?!"))[^"\\]*)*"{3,5}'
MULTI_LINE_LITERAL = r"'''[^']*(?:''?(?!')[^']*)*'{3,5}"
BASIC = r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'
LITERAL = r"'[^'\n]*'"
#: A whole string. What only looks like an empty one opens a multi-line string that has no end.
STRING = rf"""(?s:{MULTI_LINE_BASIC}|{MULTI_LINE_LITERAL}|(?!\"\"\"|''')(?:{BASIC}|{LITERAL}))"""
COMMENT = r"#[^\n]*"
BARE_KEY = r"[A-Za-z0-9_-]+"
#: One part of a key, with the blanks around it and the dot after it, if there is one.
KEY_PART = re.compile(rf"[ \t]*({BARE_KEY}|{BASIC}|{LITERAL})[ \t]*(\.?)")
#: Blanks, line ends and comments.
GAP = re.compile(rf"(?:[ \t\r\n]+|{COMMENT})*")
