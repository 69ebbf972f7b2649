r"""Cleans text that goes out: for terminals, JSON, XML, HTML, Markdown, LaTeX, TOML and GitHub's commands.

Specs, logs and file names come from anyone. Their control characters could move the cursor, hide text or
start a command of a CI service, and their markup could load images. Whatever goes out passes
through the function for its target.

>>> print(line("a\x1b[2J\nb"), github("100%\n"), xml("\x00"), latex("50%"), html("<b>"))
a\u001b[2J\nb 100%25%0A \u0000 50\% &lt;b&gt;
"""

from __future__ import annotations

import re

#: Characters that move the cursor, change the direction of the text, are invisible, or cannot be encoded.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
#: The colours and bold type that lossspec itself writes.
_OWN_STYLE = re.compile(r"(\x1b\[(?:0|1|(?:1;)?3[1-6]|38;5;\d{1,3})m)")
#: Characters that XML 1.0 cannot contain although they can be printed.
_NOT_XML = re.compile("[\ufffe\uffff]")
#: What begins a formula in a spreadsheet, also in full width.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_COMMAND = re.compile(r"^([ \t]*):(?=:\w)|##(?=\[)", re.MULTILINE)
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~$&@]|(?<=:)/(?=/)|^[-+=]|(?<=^\d)[.)]")
_SPECIAL = {character: f"\\{character}" for character in "{}_&%$#"} | {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def line(text: str) -> str:
    r"""Return a text as one line for people.

    >>> print(line("a\nb\u202e"))
    a\nb\u202e
    """
    return UNPRINTABLE.sub(lambda found: _SHORT.get(found[0]) or _escaped(found[0]), text)


_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def terminal(text: str, *, colored: bool = False) -> str:
    r"""Return a text of many lines for a terminal, or the log of a CI service; valid TOML stays valid.

    Args:
        text: the text; what it quotes may hold anything.
        colored: whether to keep the colours of lossspec.

    >>> print(terminal("a\n\x9b2J"))
    a
    \u009b2J
    """
    if not colored:
        return _COMMAND.sub(_disarmed, _lines(text))
    parts = _OWN_STYLE.split(text)
    return "".join(part if at % 2 else _lines(part) for at, part in enumerate(parts))


def json(text: str) -> str:
    r"""Return a JSON document that has the same values, and no such characters.

    >>> json('"\u202e\x7f"')
    '"\\u202e\\u007f"'
    """
    return _lines(text, units=True)


def xml(text: str) -> str:
    r"""Return a text that XML can contain, on as many lines; ``<`` and ``&`` are left to the writer."""
    return _NOT_XML.sub(lambda found: _escaped(found[0]), _lines(text))


def service(text: str) -> str:
    r"""Return a text for a report whose reader decodes it, and shows what it finds: GitLab, code scanning.

    An escape of JSON would be decoded there, so the characters become text.

    >>> print(service("a\u202e\nb"))
    a\u202e
    b
    """
    return _lines(text)


def sarif(text: str) -> str:
    r"""Return a text as a message of SARIF, in which ``[text](address)`` would be a link.

    >>> print(sarif("[a](https://example.org)"))
    [a]\(https://example.org)
    """
    return service(text).replace("](", r"]\(")


def html(text: str) -> str:
    """Return a text as HTML, also between quotes."""
    from html import escape  # it imports a table of all entities, and only pages need it

    return escape(_lines(text))


def github(text: str, *, is_property: bool = False) -> str:
    r"""Return a text as the message of a workflow command, or as one of its properties.

    >>> github("a, b: 1\n", is_property=True)
    'a%2C b%3A 1%0A'
    """
    kept = _lines(text).replace("%", "%25").replace("\n", "%0A")
    return kept.replace(":", "%3A").replace(",", "%2C") if is_property else kept


def markdown(text: str) -> str:
    r"""Return a text as one line of Markdown without markup.

    >>> print(markdown("<script> *a*"), markdown("A loss of pixels, L1."))
    \<script\> \*a\* A loss of pixels, L1.
    """
    return _MARKUP.sub(r"\\\g<0>", line(" ".join(text.split())))


def code(text: str) -> str:
    r"""Return a text as code in Markdown.

    >>> code("a`b"), code("a")
    ('`` a`b ``', '`a`')
    """
    found = line(text)
    longest = max(map(len, re.findall("`+", found)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {found} {fence}" if longest else f"{fence}{found}{fence}"


def latex(text: str) -> str:
    r"""Return a text as LaTeX.

    >>> print(latex("y_fake"), latex("50% {a}"), latex("x^2"))
    y\_fake 50\% \{a\} x\textasciicircum{}2
    """
    return "".join(_SPECIAL.get(character, character) for character in line(text))


def cell(text: str) -> str:
    r"""Return a text as a cell of CSV, which a spreadsheet takes for text, never for a formula.

    >>> print(cell("=1+1"), cell("total/G"), cell("a\nb"))
    '=1+1 total/G a\nb
    """
    found = line(text)
    return f"'{found}" if found.startswith(_FORMULA) else found


def comment(text: str) -> str:
    """Return a text as a comment of TOML or Python can hold it."""
    return line(text)


def _lines(text: str, *, units: bool = False) -> str:
    def kept(found: re.Match[str]) -> str:
        return found[0] if found[0] in "\n\t" else _escaped(found[0], units=units)

    return UNPRINTABLE.sub(kept, text.replace("\r\n", "\n"))


def _escaped(character: str, *, units: bool = False) -> str:
    number = ord(character)
    if number < 0x10000:
        return f"\\u{number:04x}"
    if not units:
        return f"\\U{number:08x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


def _disarmed(found: re.Match[str]) -> str:
    r"""Write the first sign of a workflow command, which may stand anywhere in a line, as an escape."""
    return r"#\u0023" if found[0] == "##" else f"{found[1]}\\u003a"
