"""The codes of problems, from ``codes.toml``: what each means, why it matters, an example and its fix."""

from __future__ import annotations

import textwrap
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import tomli
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.faults import Severity

#: The address of the page of a code.
PAGE = "https://lossspec.readthedocs.io/en/latest/errors/{code}/"


@frozen
class Code:
    """The explanation of one kind of problem.

    Attributes:
        name: the stable code.
        title: the problem in a few words.
        severity: "error", or "warning" if such a spec can be built all the same.
        what: what it means.
        why: why it matters.
        example: a spec with this problem and no other, or "" if text cannot show it.
        fix: the same spec without the problem.
        can_ignore: whether a comment can ignore it, as the spec means one thing all the same.
    """

    name: str
    title: str
    what: str
    why: str
    severity: Severity = "error"
    example: str = ""
    fix: str = ""
    can_ignore: bool = False

    @property
    def url(self) -> str:
        """The address of its page."""
        return url(self.name)


def url(code: str) -> str:
    """Return the address of the page of a code.

    >>> url("unknown-key")
    'https://lossspec.readthedocs.io/en/latest/errors/unknown-key/'
    """
    return PAGE.format(code=code)


@cache
def codes() -> Mapping[str, Code]:
    """Return every code by its name, sorted."""
    tables = tomli.loads(files(__package__).joinpath("codes.toml").read_text("utf-8"))
    return {name: Code(name=name, **tables[name]) for name in sorted(tables)}


def text(code: Code) -> str:
    """Return the explanation of a code for a terminal."""
    paragraphs = (_filled(each) for each in (code.what, code.why))
    parts = [f"{code.severity}[{code.name}]: {code.title}", *paragraphs]
    if code.example:
        bad, good = (textwrap.indent(_visible(each), "    ") for each in (code.example, code.fix))
        parts += ["For example:", bad, "Instead:", good]
    if code.can_ignore:
        parts.append(_filled(_ignoring(code)))
    return "\n\n".join(part.strip("\n") for part in [*parts, f"More: {code.url}"])


def page(code: Code, message: str = "") -> str:
    """Return the page of a code, in Markdown.

    Args:
        code: the code.
        message: the output of ``lossspec validate`` for the example, to be shown with it.
    """
    parts = [f"# `{code.name}`: {code.title}", code.what, "## Why", code.why]
    if code.example:
        parts += ["## Example", _block(code.example, "toml")]
        parts += [_block(message, "text")] if message else []
        parts += ["## Instead", _block(code.fix, "toml")]
    if code.can_ignore:
        parts += ["## Ignore it", _ignoring(code)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _filled(paragraph: str) -> str:
    """Break a paragraph into lines, but no code at its hyphen."""
    return textwrap.fill(paragraph, 88, break_on_hyphens=False, break_long_words=False)


def _ignoring(code: Code) -> str:
    return f"If it is meant, end the line with `# lossspec: ignore[{code.name}]`."


def _visible(example: str) -> str:
    """Show control characters as the pictures that Unicode has of them."""
    pictures = {number: 0x2400 + number for number in range(32) if chr(number) not in "\t\n"}
    return example.strip("\n").translate(pictures)


def _block(content: str, language: str) -> str:
    return f"```{language}\n{_visible(content)}\n```"
