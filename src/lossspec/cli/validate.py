"""``lossspec validate``: find every mistake in specs before training."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lossspec.cli.complete import references
from lossspec.cli.formats import FORMATS, formatted
from lossspec.cli.options import format_option, load_option
from lossspec.cli.project import project
from lossspec.cli.targets import Target, targets
from lossspec.cli.text import is_colored
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.project import project as settings
from lossspec.language.documents.read import MAX_READ, decode, parse, read_source, text_source
from lossspec.language.load import validate_catalog, validate_reference, validate_source
from lossspec.language.text.reference import SUFFIX
from lossspec.paths import user_path

if TYPE_CHECKING:
    from lossspec.language.diagnostics.diagnostic import Diagnostic
    from lossspec.language.text.source import Source

#: How often a fixed file is validated again: a fix can reveal further problems.
_ROUNDS = 10


@click.command("validate")
@click.argument("specs", nargs=-1, metavar="[PATH|NAME|-]...", shell_complete=references)
@format_option(*FORMATS)
@click.option("--fix", is_flag=True, help="Apply every fix that is certain.")
@click.option("--stdin-filename", metavar="PATH", help="Treat standard input as the content of this file.")
@load_option
@click.pass_context
def validate_command(
    context: click.Context, specs: tuple[str, ...], format_: str, *, fix: bool, stdin_filename: str | None
) -> None:
    """Find every mistake in specs and in plug-in catalogues.

    PATH is a *.loss.toml file, a folder, or a plug-in's catalogue (a .toml file in a folder called catalog).
    NAME[+VARIANT...] is a spec on the search path. - is standard input. Without arguments, every *.loss.toml
    under this folder is validated, except in hidden folders.

    In pyproject.toml, [tool.lossspec] exclude = [...] skips files and folders, and ignore = [...] leaves out
    warnings by code.

    Problems go to standard output, all else to standard error. Exit code 0: no problems. 1: problems were
    found. 2: the command was called incorrectly.

    Example: lossspec validate specs/ pix2pix+vgg
    """
    settings.cache_clear()  # in a long-lived process the settings can have changed
    wanted = targets(specs)
    if fix and any(target.path is None or target.is_named for target in wanted):
        raise click.UsageError("--fix needs paths of files, not names or -")
    problems: dict[Diagnostic, None] = {}
    invalid = 0
    for target in wanted:
        found = _without_ignored(target, _fixed(target) if fix else _diagnose(target, stdin_filename))
        invalid += bool(found)
        problems |= dict.fromkeys(found)
    _write(formatted(format_, list(problems), color=is_colored()))
    click.echo(_summary(len(wanted), len(problems), invalid), err=True)
    context.exit(1 if problems else 0)


def _without_ignored(target: Target, found: list[Diagnostic]) -> list[Diagnostic]:
    """Leave out the warnings that the project of a file ignores; specs given by name keep all warnings."""
    if target.path is None or target.is_named or all(each.severity == "error" for each in found):
        return found
    ignore = project(target.path.resolve().parent).ignore
    return [each for each in found if each.code not in ignore]


def _diagnose(target: Target, stdin_filename: str | None = None) -> list[Diagnostic]:
    if target.is_catalog and target.path:
        return validate_catalog(target.path)
    if target.is_named or target.reference.variants:
        return validate_reference(str(target.reference))
    try:
        source = read_source(target.path) if target.path else _standard_input(stdin_filename)
    except SpecError as error:
        return list(error.diagnostics)
    return validate_source(source, source.path.name.removesuffix(SUFFIX) if source.path else "spec")


def _standard_input(name: str | None) -> Source:
    data = sys.stdin.buffer.read(MAX_READ)
    return decode(data, name or "<stdin>", user_path(name) if name else None)


def _fixed(target: Target) -> list[Diagnostic]:
    """Fix a file, print each fix to standard error, and return the remaining problems."""
    from lossspec.language.diagnostics.fix import apply_fixes, rewrite

    found = _diagnose(target)
    for _ in range(_ROUNDS):
        if target.path is None or not any(each.certain for each in found):
            break
        try:
            source = read_source(target.path)
        except SpecError:
            break
        text, edits = apply_fixes(source, found)
        if not edits or (_parses(source.text) and not _parses(text)):
            break
        rewrite(target.path, text)
        for edit in edits:
            place = f"{target.path}:{edit.span.line}:{edit.span.column}"
            click.echo(f"fixed {place}: `{edit.old}` is now `{edit.new}`", err=True)
        found = _diagnose(target)
    return found


def _parses(text: str) -> bool:
    try:
        parse(text_source(text))
    except SpecError:
        return False
    return True


def _write(text: str) -> None:
    if text:
        click.echo(text)


def _summary(specs: int, problems: int, invalid: int) -> str:
    """Return the number of specs and of problems as one line.

    >>> _summary(12, 0, 0), _summary(1, 3, 1)
    ('12 specs, no problems', '1 spec, 3 problems')
    """
    counted = "1 spec" if specs == 1 else f"{specs} specs"
    if not problems:
        return f"{counted}, no problems"
    where = f" in {invalid} of them" if specs > 1 else ""
    return f"{counted}, {problems} problem{'s' if problems > 1 else ''}{where}"
