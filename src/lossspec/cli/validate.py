"""``lossspec validate``: find every mistake in specs before training."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import frozen

from lossspec.cli.complete import references
from lossspec.cli.options import format_option, load_option
from lossspec.cli.text import echo, is_colored, unwritable
from lossspec.cli.validating.checking import Checked, check, every_problem, without_ignored
from lossspec.cli.validating.formats import FORMATS, formatted
from lossspec.cli.validating.targets import Target, targets
from lossspec.language.documents.project import project as settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.diagnostics.diagnostic import Diagnostic

#: The formats that can be read while they are repeated.
_REPEATED = ("full", "concise")
#: The formats in which problems can be counted.
_COUNTED = ("full", "concise", "json")


@frozen
class _Wanted:
    """The targets of a call, and what it does with them."""

    specs: tuple[str, ...]
    form: str
    fix: bool
    diff: bool
    statistics: bool
    quiet: bool
    stdin_filename: str | None


@click.command("validate")
@click.argument("specs", nargs=-1, metavar="[PATH|NAME|-]...", shell_complete=references)
@format_option(*FORMATS, names=("--format", "--output-format"))
@click.option("--fix", is_flag=True, help="Apply every fix that is certain.")
@click.option("--diff", is_flag=True, help="With --fix: print the fixes as a diff and write nothing.")
@click.option("--statistics", is_flag=True, help="Count the problems by code instead of printing each.")
@click.option("-q", "--quiet", is_flag=True, help="Print the problems and nothing else.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are problems.")
@click.option("--watch", "-w", is_flag=True, help="Validate again whenever a spec changes, until Ctrl+C.")
@click.option("--stdin-filename", metavar="PATH", help="Treat standard input as the content of this file.")
@load_option
@click.pass_context
def validate_command(
    context: click.Context,
    specs: tuple[str, ...],
    format_: str,
    *,
    fix: bool,
    diff: bool,
    statistics: bool,
    quiet: bool,
    exit_zero: bool,
    watch: bool,
    stdin_filename: str | None,
) -> None:
    """Find every mistake in specs and in plug-in catalogues.

    PATH is a *.loss.toml file, a folder, or a plug-in's catalogue (a .toml file in a folder called catalog).
    NAME[+VARIANT...] is a spec on the search path. - is standard input. Without arguments, every *.loss.toml
    under this folder is validated, except in hidden folders.

    In pyproject.toml, [tool.lossspec] exclude = [...] skips files and folders, and ignore = [...] leaves out
    warnings by code. In a spec, the comment "# lossspec: ignore[CODE]" ignores a problem of its line.

    Problems go to standard output, all else to standard error. Exit code 0: no problems. 1: problems were
    found, or with --diff fixes to make. 2: the command was called incorrectly.

    Example: lossspec validate specs/ pix2pix+vgg
    """
    wanted = _Wanted(specs, format_, fix, diff, statistics, quiet, stdin_filename)
    _refuse_contradictions(wanted, watch=watch)
    if not watch:
        context.exit(0 if _validate(wanted) or exit_zero else 1)
    from lossspec.cli.validating.watching import watch as repeat

    repeat(specs, partial(_again, wanted))


def _refuse_contradictions(wanted: _Wanted, *, watch: bool) -> None:
    if wanted.diff and not wanted.fix:
        raise click.UsageError("--diff goes with --fix")
    if wanted.diff and (wanted.statistics or wanted.form not in _REPEATED):
        raise click.UsageError("--diff prints a diff: leave out --statistics and --format")
    if wanted.statistics and wanted.form not in _COUNTED:
        raise click.UsageError(f"--statistics goes with --format {', '.join(_COUNTED)}")
    if watch and wanted.form not in _REPEATED:
        raise click.UsageError(f"--watch goes with --format {' or '.join(_REPEATED)}")
    if watch and "-" in wanted.specs:
        raise click.UsageError("--watch needs files, not standard input")


def _again(wanted: _Wanted) -> None:
    """Validate once more; a call that is wrong for now, such as one of a removed file, may be right later."""
    click.clear()
    try:
        _validate(wanted)
    except click.UsageError as error:
        echo(f"error: {error.format_message()}", err=True)
    echo("watching for changes; Ctrl+C ends", err=True)


def _validate(wanted: _Wanted) -> bool:
    """Validate all targets, print what is wanted, and return whether there is nothing to do."""
    settings.cache_clear()  # in a long-lived process the settings can have changed
    found = targets(wanted.specs)
    if wanted.fix and any(target.path is None or target.is_named for target in found):
        raise click.UsageError("--fix needs paths of files, not names or -")
    if wanted.diff:
        return _preview(found, wanted)
    checked = []
    for target in found:
        problems = _fixed(target, wanted) if wanted.fix else check(target, wanted.stdin_filename)
        checked.append(Checked(target, without_ignored(target, problems)))
    problems = every_problem(checked)
    color = is_colored()
    if wanted.statistics:
        from lossspec.cli.validating.statistics import statistics

        _write(statistics(problems, wanted.form), color=color)
    else:
        text = formatted(wanted.form, checked, color=color)
        if text and wanted.form == "github":
            click.echo(text)  # the commands of GitHub, each cleaned as one
        else:
            _write(text, color=color)
    if not wanted.quiet:
        echo(_summary(len(found), len(problems), sum(bool(each.problems) for each in checked)), err=True)
    return not problems


def _fixed(target: Target, wanted: _Wanted) -> list[Diagnostic]:
    """Fix a file, print each fix to standard error, and return the remaining problems."""
    from lossspec.cli.validating.fixing import fixes

    fixed = fixes(target)
    try:
        fixed.write()
    except OSError as error:
        raise unwritable(Path(str(target.path)), error) from error
    for line in () if wanted.quiet else fixed.report():
        echo(line, err=True)
    return fixed.left


def _preview(found: Sequence[Target], wanted: _Wanted) -> bool:
    """Print the fixes as a diff, and return whether there are none, nor problems that they leave."""
    from lossspec.cli.validating.fixing import fixes

    color, count, files = is_colored(), 0, 0
    checked = []
    for target in found:
        fixed = fixes(target)
        click.echo(fixed.difference(color=color), nl=False, color=color)  # bytes for `patch`, or coloured
        count, files = count + len(fixed.edits), files + bool(fixed.edits)
        checked.append(Checked(target, without_ignored(target, fixed.left)))
    left = len(every_problem(checked))
    if not wanted.quiet:
        echo(
            f"{_counted(count, 'fix', 'fixes')} in {_counted(files, 'file')}, {_counted(left)} left", err=True
        )
    return not count and not left


def _write(text: str, *, color: bool) -> None:
    if text:
        echo(text, color=color)


def _counted(count: int, one: str = "problem", more: str = "") -> str:
    return f"{count or 'no'} {one if count == 1 else more or one + 's'}"


def _summary(specs: int, problems: int, invalid: int) -> str:
    """Return the number of specs and of problems as one line.

    >>> _summary(12, 0, 0), _summary(1, 3, 1)
    ('12 specs, no problems', '1 spec, 3 problems')
    """
    where = f" in {invalid} of them" if problems and specs > 1 else ""
    return f"{_counted(specs, 'spec')}, {_counted(problems)}{where}"
