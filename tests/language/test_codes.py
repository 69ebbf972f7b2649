"""Codes: each is explained, used, has an example with just this problem and a fix without it."""

import re
from pathlib import Path

import pytest

import lossspec
from lossspec.language.diagnostics.codes import Code, codes, page, text
from lossspec.language.load import validate

#: Codes that a single spec cannot show, and why.
WITHOUT_EXAMPLE = {
    "custom-schedule": "it takes a schedule of the user",
    "duplicate-value": "it takes a registered balance",
    "extends-cycle": "it takes two files",
    "missing-extra": "it takes a library that is not installed",
    "not-utf-8": "TOML cannot contain it",
    "too-large": "it takes a huge file",
    "too-many-extends": "it takes 18 files",
    "too-many-losses": "it takes a huge file",
    "too-many-variants": "it takes a huge file",
    "too-many-problems": "it takes a huge file",
    "unknown-loss": "it takes a registered balance",
    "unreadable": "it takes a file that cannot be read",
    "variant-conflict": "it takes a reference with both variants",
}
ALL = list(codes().values())
WITH_EXAMPLE = [code for code in ALL if code.example]


def test_which_codes_have_no_example():
    assert {code.name for code in ALL if not code.example} == set(WITHOUT_EXAMPLE)


@pytest.mark.parametrize("code", ALL, ids=lambda code: code.name)
def test_explanations_are_whole_sentences(code):
    assert re.fullmatch("[a-z]+(-[a-z0-9]+)+|syntax|unreadable|unordered", code.name)
    assert code.title[0].islower() or code.title[0] == "`"
    assert not code.title.endswith(".")
    assert code.what.endswith((".", "`"))
    assert code.why.endswith(".")
    assert bool(code.example) == bool(code.fix)


@pytest.mark.parametrize("code", WITH_EXAMPLE, ids=lambda code: code.name)
def test_the_example_has_exactly_this_problem(code):
    assert {each.code for each in validate(code.example)} == {code.name}


@pytest.mark.parametrize("code", WITH_EXAMPLE, ids=lambda code: code.name)
def test_the_fix_has_no_problem(code):
    assert validate(code.fix) == []


def test_every_code_is_used():
    sources = "".join(path.read_text("utf-8") for path in Path(lossspec.__file__).parent.rglob("*.py"))
    assert [code.name for code in ALL if f'"{code.name}"' not in sources] == []


CODE = Code("a-code", "a title", "What it is.", "Why it is.", example="\na = 1\nb = '\x07'\n", fix="a = 2\n")


def test_text():
    assert text(CODE) == (
        "error[a-code]: a title\n\nWhat it is.\n\nWhy it is.\n\n"
        "For example:\n\n    a = 1\n    b = '\u2407'\n\n"
        "Instead:\n\n    a = 2\n\nMore: https://lossspec.readthedocs.io/en/latest/errors/a-code/"
    )


def test_page():
    assert page(CODE, "error[a-code]: wrong\n") == (
        "# `a-code`: a title\n\nWhat it is.\n\n## Why\n\nWhy it is.\n\n"
        "## Example\n\n```toml\na = 1\nb = '\u2407'\n```\n\n"
        "```text\nerror[a-code]: wrong\n```\n\n## Instead\n\n```toml\na = 2\n```\n"
    )


def test_page_of_a_code_without_an_example():
    assert (
        page(Code("a-code", "a title", "What.", "Why.")) == "# `a-code`: a title\n\nWhat.\n\n## Why\n\nWhy.\n"
    )


def test_what_can_be_ignored_is_said():
    code = Code("a-code", "a title", "What.", "Why.", can_ignore=True)
    comment = "`# lossspec: ignore[a-code]`"
    assert comment in text(code)
    assert page(code).endswith(f"If it is meant, end the line with {comment}.\n")
