"""What is cleaned for a target is read back by a reader of that target: all characters, and markup."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
import tomli

from lossspec import clean

#: Controls, marks, lone surrogates (low ones first, so that no two are a pair), non-characters and tags.
KINDS = ((0, 0x3000), (0xDC00, 0xE010), (0xD7F0, 0xDC00), (0xFFF0, 0x10010), (0xE0000, 0xE0100))
EVERY = "".join(chr(number) for kind in KINDS for number in range(*kind))
MARKUP = "%$&#_{}~^\\<>|`` ``` </a> ]]> &amp; \" ' \r\n::error::x ##[add-mask]x"
TEXT = EVERY + MARKUP
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e0fff]"
)
TARGETS = ("line", "terminal", "xml", "html", "github", "markdown", "code", "latex", "comment")
TARGETS += ("service", "sarif", "cell")


@pytest.mark.parametrize("name", TARGETS)
def test_no_control_character_is_left(name):
    assert not CONTROLS.search(getattr(clean, name)(TEXT))


def test_json_has_the_same_values():
    written = clean.json(json.dumps(TEXT, ensure_ascii=False))
    assert not CONTROLS.search(written)
    assert json.loads(written) == TEXT


def test_xml_is_read_by_a_parser():
    element = ET.Element("a", name=clean.xml(TEXT))
    element.text = clean.xml(TEXT)
    found = ET.fromstring(ET.tostring(element))
    assert found.text == element.text


def test_sarif_has_no_link():
    """As the standard has links in plain text: 3.11.6, embedded links."""
    link = re.compile(r"\[(?:[^\[\]]|\\\[|\\\])*\]\([^)]*\)")
    assert link.search("see [this](https://example.org)")
    assert not link.search(clean.sarif(f"see [this](https://example.org) {MARKUP} [[a]](2)"))


FORMULAS = ["=1+1", "+1", "-1", "@SUM(1)", "\uff1d1", "\t=1", "\r\n=1", "=1\n=2", '"=1']


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_is_no_formula(text):
    """As spreadsheets read CSV: a formula begins with one of a few signs."""
    found = clean.cell(text)
    assert not re.match("\\s*[=+@\uff1d\uff0b\uff0d\uff20-]", found), found
    assert len(found.splitlines()) == 1


def test_html_is_text():
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, [name for name, _ in attributes]))
    parser.feed(f'<p title="{clean.html(TEXT)}">{clean.html("<b>" + TEXT)}</p>')
    assert tags == [("p", ["title"])]


def test_a_comment_is_nothing_but_a_comment():
    assert tomli.loads(f"# {clean.comment(TEXT)}\na = 1") == {"a": 1}
    compiled = compile(f"# {clean.comment(TEXT)}\n", "comment", "exec")
    assert not compiled.co_names


def test_latex_has_no_markup():
    commands = (
        r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar)\{\}|\\[{}_&%$#]"
    )
    assert not re.search(r"[{}_&%$#\\^~<>|]", re.sub(commands, "", clean.latex(MARKUP)))


@pytest.mark.parametrize("text", ["a", "a`b", "``", MARKUP, "` `` ```"])
def test_code_ends_at_its_own_fence(text):
    """As CommonMark: a span ends at the next run of as many backticks."""
    fence, inside, end = re.fullmatch(r"(`+)(.*?[^`])(\1)", clean.code(text)).groups()
    assert fence == end
    assert len(fence) not in {len(each) for each in re.findall("`+", inside)}


def test_a_workflow_command_starts_no_line():
    for text in (clean.terminal(MARKUP), clean.terminal("::error::x"), clean.github(MARKUP)):
        assert not re.search(r"^\s*::\w", text, re.MULTILINE)
    assert "##[" not in clean.terminal(MARKUP)
