r"""Comments that ignore a problem: ``# lossspec: ignore[CODE, ...]`` at the end of its line.

Only codes that leave the meaning of a spec clear can be ignored. A comment that ignores nothing, or that
cannot be understood, is a problem itself.

>>> from lossspec.language.text.source import Source
>>> [each.codes for each in comments(Source("x", 'a = "# lossspec: ignore[b]"  # lossspec: ignore[c, d]'))]
[(('c', (48, 49)), ('d', (51, 52)))]
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lossspec.faults import Fault, Range
from lossspec.language.diagnostics.codes import codes
from lossspec.language.diagnostics.locate import locate
from lossspec.language.text.tokens import COMMENT, STRING
from lossspec.names import listed, near_or_all, shorten, similar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.text.source import Source

    #: A code as it is written, and where.
    Written = tuple[str, tuple[int, int]]

_TOKEN = re.compile(rf"{STRING}|({COMMENT})")
_DIRECTIVE = re.compile(r"#[ \t]*lossspec[ \t]*:[ \t]*([\w-]+)(?:[ \t]*\[([^\]#\n]*)(\]?))?")
_CODE = re.compile(r"[^\s,]+")
_SHAPE = "write `# lossspec: ignore[CODE]` with the codes of the problems"
#: These depend on the machine: where they are absent, their comments may still be needed elsewhere.
_OF_THE_MACHINE = frozenset(("missing-extra",))


@frozen
class Ignore:
    """A comment that ignores problems of its line.

    Attributes:
        lines: the lines whose problems it ignores: its own, and that on which a string before it begins.
        place: its offsets.
        codes: the codes that it names, each with its offsets.
        fault: what is wrong with its shape, or None.
    """

    lines: frozenset[int]
    place: tuple[int, int]
    codes: tuple[Written, ...] = ()
    fault: Fault | None = None


def comments(source: Source) -> list[Ignore]:
    """Return the comments of a source that ignore problems, or that are meant to."""
    if "lossspec" not in source.text:
        return []
    found: list[Ignore] = []
    string = (0, 0)  # the last string: a comment after its last line is one for its first line too
    for token in _TOKEN.finditer(source.text):
        if not token[1]:
            string = token.span()
            continue
        line, before = source.place(token.start())[0], source.place(string[1])[0]
        lines = frozenset((line, source.place(string[0])[0])) if before == line else frozenset((line,))
        read = (_read(match, lines, source.text) for match in _DIRECTIVE.finditer(source.text, *token.span()))
        found += (each for each in read if each is not None)
    return found


def without_ignored(found: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """Return the problems of a source that no comment of it ignores."""
    ignored = {
        (line, code)
        for each in comments(source)
        for code, _ in each.codes
        for line in each.lines
        if _can_ignore(code)
    }
    return [each for each in found if _line_and_code(each) not in ignored]


def ignoring(problem: Diagnostic, source: Source) -> str | None:
    """Return the comment that ignores a problem at the end of its line, or None if none can."""
    if problem.span is None or not _can_ignore(problem.code):
        return None
    comment = f"  # lossspec: ignore[{problem.code}]"
    line = problem.span.line
    at = source.offset(line, len(source.line(line)) + 1)
    changed = evolve(source, text=source.text[:at] + comment + source.text[at:])
    return None if without_ignored([problem], changed) else comment


def with_ignore_faults(
    left: Sequence[Diagnostic], source: Source, own: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """Return problems, and those of the comments of a source that ignore problems, in its order.

    A comment is only known to be unused if no error is left, which may hide other problems.

    Args:
        left: the problems that no comment ignores, of the source and of what it extends.
        source: the source.
        own: its problems, also those that are ignored.
    """
    is_whole = all(each.severity == "warning" for each in left)
    present = set(map(_line_and_code, own))
    found = locate(_faults(source, present, is_whole=is_whole), source)
    here = [each for each in left if each.source == source.name]
    elsewhere = [each for each in left if each.source != source.name]
    return [*sorted([*here, *found], key=_start), *elsewhere] if found else list(left)


def _start(problem: Diagnostic) -> tuple[int, int]:
    return (problem.span.line, problem.span.column) if problem.span else (0, 0)


def _faults(source: Source, present: set[tuple[int, str]], *, is_whole: bool) -> Iterator[Fault]:
    for each in comments(source):
        if each.fault is not None:
            yield each.fault
        wrong = [fault for code, place in each.codes if (fault := _code_fault(code, place)) is not None]
        yield from wrong
        if is_whole and not wrong and len(kept := _kept(each, present)) < len(each.codes):
            yield _unused_fault(each, kept, source.text)


def _line_and_code(problem: Diagnostic) -> tuple[int, str]:
    return (problem.span.line if problem.span else 0), problem.code


def _can_ignore(code: str) -> bool:
    return code in codes() and codes()[code].can_ignore


def _read(match: re.Match[str], lines: frozenset[int], text: str) -> Ignore | None:
    """Read a comment, or return None if it only mentions lossspec."""
    word, inside, closing = match.groups()
    if word != "ignore":
        if inside is None and not similar(word, ["ignore"]):
            return None
        message = f"unknown word `{shorten(word)}` after `lossspec:`"
        fault = Fault(
            "bad-ignore", message, Range(*match.span(1)), help="expected `ignore`", replacement="ignore"
        )
        return Ignore(lines, match.span(), fault=fault)
    names = _CODE.finditer(text, *match.span(2)) if inside else ()
    found = tuple((name[0], name.span()) for name in names)
    if not found or not closing:
        message = "the comment does not name a code" if not found else "the bracket is not closed"
        fix = f"# lossspec: ignore[{', '.join(code for code, _ in found)}]" if found else None
        fault = Fault("bad-ignore", message, Range(*match.span()), help=_SHAPE, replacement=fix)
        return Ignore(lines, match.span(), fault=fault)
    return Ignore(lines, match.span(), found)


def _code_fault(code: str, place: tuple[int, int]) -> Fault | None:
    """Return the fault of a code that does not exist, or that must be fixed instead."""
    if _can_ignore(code):
        return None
    known = [each.name for each in codes().values() if each.can_ignore]
    if code in codes():
        help_ = f"fix the problem: only {listed(known)} can be ignored"
        return Fault("bad-ignore", f"`{code}` must not be ignored", Range(*place), help=help_)
    near = similar(code, known)
    found = near[0] if near else None
    return Fault(
        "bad-ignore",
        f"unknown code `{shorten(code)}`",
        Range(*place),
        help=near_or_all("a code", found, known),
        replacement=found,
        certain=len(near) == 1,
    )


def _kept(comment: Ignore, present: set[tuple[int, str]]) -> list[str]:
    """Return the codes of a comment that its line needs, each once."""
    names = dict.fromkeys(code for code, _ in comment.codes)
    on_its_lines = {code for line, code in present if line in comment.lines}
    return [code for code in names if code in _OF_THE_MACHINE or code in on_its_lines]


def _unused_fault(comment: Ignore, kept: list[str], text: str) -> Fault:
    start, end = comment.place
    names = [code for code, _ in comment.codes]
    unused = [code for code in dict.fromkeys(names) if code not in kept]
    replacement = f"# lossspec: ignore[{', '.join(kept)}]"
    line = text[text.rfind("\n", 0, start) + 1 : start]
    if not kept:
        rest = text[end : None if (stop := text.find("\n", end)) < 0 else stop].strip()
        is_last = not rest or rest.startswith("#")
        replacement = "" if is_last else "#"
        start -= len(line) - len(line.rstrip()) if is_last else 0
    help_ = (
        "remove it"
        if line.strip() or kept
        else "put it at the end of the line that has the problem, or remove it"
    )
    what = "this problem" if len(unused) == 1 else "these problems"
    message = f"the line does not have {what}: {listed(unused)}" if unused else "the comment repeats a code"
    return Fault(
        "unused-ignore", message, Range(start, end), help=help_, replacement=replacement, certain=True
    )
