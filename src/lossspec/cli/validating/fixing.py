"""``lossspec validate --fix``: makes the fixes that are certain, or shows them as a difference."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lossspec.clean import line as clean_line
from lossspec.clean import terminal as clean_terminal
from lossspec.cli.validating.checking import check, check_source
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.fix import apply_fixes, rewrite
from lossspec.language.documents.read import parse, read_source, text_source
from lossspec.language.text.source import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.cli.validating.targets import Target
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.diagnostics.fix import Edit
    from lossspec.language.text.source import Source

#: How often a fixed text is validated again: a fix can reveal further problems.
_ROUNDS = 10
#: How many fixes are tried in turn, where all of them together would break the file.
_TRIED = 50
_COLOURS = {"+": "32", "-": "31", "@": "36"}


@frozen
class Fixed:
    """The fixes of one file, not yet written.

    Attributes:
        path: the file, or None if there is nothing to fix.
        before: its text.
        after: its text with the fixes.
        edits: the fixes, in the order in which they are made.
        left: the problems of the new text.
        note: why nothing is fixed, if it could be.
    """

    path: Path | None
    before: str
    after: str
    edits: list[Edit]
    left: list[Diagnostic]
    note: str = ""

    def write(self) -> None:
        """Write the new text into the file; an unchanged file is not touched."""
        if self.path is not None and self.edits:
            rewrite(self.path, self.before, self.after)

    def report(self) -> Iterator[str]:
        """Yield a line for each fix, or why there is none."""
        if self.note:
            yield self.note
        for edit in self.edits:
            place = f"{self.path}:{edit.span.line}:{edit.span.column}"
            old = edit.old.strip()
            yield f"fixed {place}: " + (f"`{old}` is now `{edit.new}`" if edit.new else f"removed `{old}`")

    def difference(self, *, color: bool = False) -> str:
        """Return the fixes as a unified diff, which ``patch -p0`` applies.

        Args:
            color: whether to color it for a terminal.

        Characters of the file that could control a terminal or a CI service are escaped: ``patch`` does not
        find such a line.
        """
        if self.path is None or not self.edits:
            return ""
        with self.path.open("rb") as file:
            mark = file.read(len(BYTE_ORDER_MARK)).decode(errors="replace")
        start = mark if mark.encode() == BYTE_ORDER_MARK else ""
        before, after = (_lines(start + text) for text in (self.before, self.after))
        rows = unified_diff(before, after, str(self.path), str(self.path))
        return "".join(map(_coloured if color else _plain, rows))


def fixes(target: Target) -> Fixed:
    """Return the fixes that are certain of one file."""
    found = check(target)
    nothing = Fixed(None, "", "", [], found)
    if target.path is None or not any(each.certain for each in found):
        return nothing
    if target.path.is_symlink():
        real = target.path.resolve()
        if not real.is_relative_to(target.path.parent.resolve()):  # whose owner may not know
            note = f"not fixed {target.path}: it is a link out of its folder, fix {real} by its name"
            return evolve(nothing, note=note)
    try:
        source = read_source(target.path)
    except SpecError:
        return nothing
    before = source.text
    made: list[Edit] = []
    for _ in range(_ROUNDS):
        text, edits = apply_fixes(source, found)
        if edits and _parses(source.text) and not _parses(text):
            text, edits = _without_collisions(source, found)
        if not edits:
            break
        source = evolve(source, text=text)
        made += edits
        found = check_source(target, source)
    return Fixed(target.path, before, source.text, made, found)


def _without_collisions(source: Source, found: list[Diagnostic]) -> tuple[str, list[Edit]]:
    """Return the text with those fixes, tried in turn, that leave it valid TOML."""
    kept: list[Diagnostic] = []
    for each in [each for each in found if each.certain][:_TRIED]:
        if _parses(apply_fixes(source, [*kept, each])[0]):
            kept.append(each)
    return apply_fixes(source, kept)


def _parses(text: str) -> bool:
    try:
        parse(text_source(text))
    except SpecError:
        return False
    return True


def _lines(text: str) -> list[str]:
    r"""Return the lines of a text as a diff has them; a line ends at a line feed only, as in TOML.

    >>> _lines("a\r\nb")
    ['a\r\n', 'b\n\\ No newline at end of file\n']
    """
    lines = [f"{line}\n" for line in text.split("\n")]
    return lines[:-1] if text.endswith("\n") else [*lines[:-1], f"{lines[-1]}\\ No newline at end of file\n"]


def _coloured(row: str) -> str:
    colour = _COLOURS.get(row[0])
    text = clean_line(row.removesuffix("\n"))
    return f"\x1b[{colour}m{text}\x1b[0m\n" if colour else f"{text}\n"


def _plain(row: str) -> str:
    r"""Return a row with its line ends and the mark of a file's start as they are, and the rest cleaned.

    >>> _plain("+\ufeffa\x1b[2J\r\n")
    '+\ufeffa\\u001b[2J\r\n'
    """
    start = 2 if row[1:2] == "\ufeff" else 0
    lines = [_without_end(line) for line in row[start:].split("\n")]
    return row[:start] + "\n".join(clean_terminal(line) + end for line, end in lines)


def _without_end(line: str) -> tuple[str, str]:
    return (line.removesuffix("\r"), "\r") if line.endswith("\r") else (line, "")
