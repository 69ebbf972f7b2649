"""Rendered diagnostics, to the character."""

import re

import pytest

from lossspec.faults import Span
from lossspec.language.diagnostics.diagnostic import Diagnostic, Label
from lossspec.language.diagnostics.render import render_concise, render_full
from lossspec.language.diagnostics.snippet import Mark, draw

DOCS = "= docs: https://lossspec.readthedocs.io/en/latest/errors/"


def problem(line, start, end, number=3, labels=(), **more):
    """Return a problem on one line; labels are (number, line, start, end, text)."""
    return Diagnostic(
        "unknown-key",
        "error",
        "it is wrong",
        "x.loss.toml",
        Span(number, start, number, end),
        line=line,
        labels=tuple(Label(source, Span(n, a, n, b), text, its) for source, n, its, a, b, text in labels),
        **more,
    )


def body(diagnostic):
    """Return what is between the head and the address."""
    first, second, *rest, last = render_full(diagnostic).splitlines()
    assert first == "error[unknown-key]: it is wrong"
    assert second.lstrip() == f"--> x.loss.toml:{diagnostic.span.line}:{diagnostic.span.column}"
    assert last.lstrip() == f"{DOCS}unknown-key/"
    return "\n".join(rest)


FORMS = {
    "one place": (
        problem("wieght = 1", 1, 7, help="write `weight`"),
        """\
  |
3 | wieght = 1
  | ^^^^^^
  = help: write `weight`""",
    ),
    "help of two lines": (
        problem("a", 1, 2, number=10, help="one\ntwo"),
        """\
   |
10 | a
   | ^
   = help: one
           two""",
    ),
    "an empty place at the end of a line": (
        problem("a =", 4, 4),
        """\
  |
3 | a =
  |    ^""",
    ),
    "a place on an empty line": (
        problem("", 1, 1),
        """\
  |
3 |
  | ^""",
    ),
    "tabs": (
        problem("\ta\t= 1", 4, 5),
        """\
  |
3 |     a    = 1
  |          ^""",
    ),
    "wide characters": (
        problem('"日本" = "é"', 8, 11),
        """\
  |
3 | "日本" = "é"
  |          ^^^""",
    ),
    "combining marks": (
        problem("'e\u0301' = 1", 6, 7),
        """\
  |
3 | 'e\u0301' = 1
  |     ^""",
    ),
    "what would move the cursor or turn the writing": (
        problem("a = '\x1b[31m\u202e' # x", 5, 12),
        """\
  |
3 | a = '\ufffd[31m\ufffd' # x
  |     ^^^^^^^""",
    ),
    "another place above": (
        problem("b = 1", 1, 2, number=12, labels=[("x.loss.toml", 3, "[b]", 2, 3, "opened here")]),
        """\
   |
 3 | [b]
   |  - opened here
...
12 | b = 1
   | ^""",
    ),
    "another place on the next line": (
        problem("a = 1", 1, 2, labels=[("x.loss.toml", 4, "b = 1", 1, 2, "and here")]),
        """\
  |
3 | a = 1
  | ^
4 | b = 1
  | - and here""",
    ),
    "another place before it on its line": (
        problem("{ a = 1, a = 2 }", 10, 11, labels=[("x.loss.toml", 3, "{ a = 1, a = 2 }", 3, 4, "first")]),
        """\
  |
3 | { a = 1, a = 2 }
  |   -      ^
  |   |
  |   first""",
    ),
    "another place after it on its line": (
        problem("{ a = 1, a = 2 }", 3, 4, labels=[("x.loss.toml", 3, "{ a = 1, a = 2 }", 10, 11, "again")]),
        """\
  |
3 | { a = 1, a = 2 }
  |   ^      - again""",
    ),
    "two other places on its line": (
        problem(
            "a b c",
            5,
            6,
            labels=[("x.loss.toml", 3, "a b c", 1, 2, "one"), ("x.loss.toml", 3, "a b c", 3, 4, "two")],
        ),
        """\
  |
3 | a b c
  | - - ^
  | | |
  | | two
  | one""",
    ),
    "a place in another file": (
        problem("a = 1", 1, 2, number=9, labels=[("base.loss.toml", 14, "a = 2", 1, 2, "set here")]),
        """\
   |
 9 | a = 1
   | ^
  ::: base.loss.toml:14:1
   |
14 | a = 2
   | - set here""",
    ),
}


@pytest.mark.parametrize(("diagnostic", "expected"), FORMS.values(), ids=FORMS.keys())
def test_render_full(diagnostic, expected):
    assert body(diagnostic) == expected


def test_a_long_span_is_marked_on_its_first_line():
    diagnostic = Diagnostic(
        "unknown-key", "error", "it is wrong", "x.loss.toml", Span(3, 5, 6, 2), line="a = ["
    )
    assert body(diagnostic) == "  |\n3 | a = [\n  |     ^"


def test_without_a_span_only_the_name_is_shown():
    diagnostic = Diagnostic("unknown-key", "warning", "it is odd", "package.module:function", help="fix it")
    assert render_full(diagnostic) == (
        "warning[unknown-key]: it is odd\n --> package.module:function\n  = help: fix it\n"
        f"  {DOCS}unknown-key/"
    )
    assert render_concise(diagnostic) == "package.module:function: warning[unknown-key]: it is odd"


def test_a_long_line_is_shown_around_its_mark():
    line = "a = [" + ", ".join(f'"{i:03}"' for i in range(100)) + "]"
    shown, marks = draw(line, [Mark(line.index('"050"') + 1, line.index('"050"') + 6, main=True)])
    assert len(shown) == 142
    assert shown[0] == shown[-1] == "…"
    assert shown[marks.index("^") : len(marks)] == '"050"'


def test_marks_outside_the_window_are_at_its_edge():
    line = "x" * 1000
    _, marks, *_ = draw(line, [Mark(1, 2, "first"), Mark(500, 502, main=True), Mark(900, 901)])
    assert marks == " -" + " " * 39 + "^^" + " " * 98 + "-"


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x1b[31mb", "a\u202eb", "a\udc80b"])
def test_a_message_keeps_its_line_and_color(text):
    diagnostic = Diagnostic("unknown-key", "error", text, text, Span(1, 1, 1, 2), help="x", line=text)
    shown = render_full(diagnostic)
    assert len(shown.splitlines()) == 7
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\udc80]", shown)
    assert len(render_concise(diagnostic).splitlines()) == 1
    shown.encode()


def test_colors_add_nothing_else():
    for diagnostic, _ in FORMS.values():
        colored = render_full(diagnostic, color=True)
        assert "\x1b[1;31m^" in colored
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render_full(diagnostic)
