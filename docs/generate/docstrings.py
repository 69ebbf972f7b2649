"""Turns Google-style docstrings into Markdown."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from docs.generate.formula import typeset
from docs.generate.markdown import block

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Sections whose entries are ``name: text``.
_LISTS = {"Args", "Attributes", "Class attributes", "Raises"}
_HEAD = re.compile(
    r"(Args|Attributes|Class attributes|Raises|Returns|Yields|Shape|Reference|Source|Example):"
)
_ENTRY = re.compile(r"(?P<name>\*{0,2}\w[\w, ]*?): +(?P<text>.*)", re.DOTALL)


def docstring(text: str | None) -> str:
    """Return a Google-style docstring as Markdown, with headed sections and highlighted examples."""
    return "\n\n".join(_sections(inspect.cleandoc(text or "")))


def inline(text: str) -> str:
    """Return the text of a docstring with ``code`` as Markdown code."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


def _sections(text: str) -> Iterator[str]:
    groups: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        head, lines = groups[-1]
        match = _HEAD.match(line)
        if match:
            groups.append((match[1], [line[match.end() :]]))
        elif head and line[:1].strip() and not lines[-1]:  # a paragraph after a gap ends the section
            groups.append(("", [line]))
        else:
            lines.append(line)
    for head, lines in groups:
        yield from _section(head, inspect.cleandoc("\n".join(["", *lines])))


def _section(head: str, text: str) -> Iterator[str]:
    if head and text:
        yield f"**{'Parameters' if head == 'Args' else head}**"
    if head in _LISTS:
        yield "\n".join(map(_entry, re.split(r"\n(?=\S)", text)))
    elif text:
        yield from map(_paragraph, re.split(r"\n\s*\n", text))


def _entry(text: str) -> str:
    match = _ENTRY.match(text)
    return f"- `{match['name']}`: {inline(match['text'])}" if match else f"- {inline(text)}"


def _paragraph(text: str) -> str:
    if text.lstrip().startswith(">>>"):
        return block(inspect.cleandoc(text), "pycon")
    if text.startswith(".. math::"):
        return typeset(inspect.cleandoc(text.removeprefix(".. math::")))
    if text.startswith("==="):  # a table
        return block(text)
    if text.startswith("    "):
        return block(inspect.cleandoc(text))
    if text.startswith("- "):
        return "\n".join(f"- {inline(item)}" for item in re.split(r"(?:^|\n)- ", text) if item)
    return inline(text)
