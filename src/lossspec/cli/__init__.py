"""The command line: one small file per command, imported when the command runs.

What only a running command needs is imported inside its function, so that ``--help`` stays fast.
"""

from __future__ import annotations

import io
import sys
import warnings
from importlib import import_module
from keyword import iskeyword

import click

from lossspec._version import __version__
from lossspec.errors import LossSpecError
from lossspec.names import unknown

_COMMANDS = {
    "describe": "Describe a loss type, balancer, spec or schedule.",
    "diff": "Compare two specs term by term.",
    "export": "Write a Python spec function as TOML, or a spec as plain Python.",
    "explain": "Explain an error or warning code and how to fix it.",
    "import": "Write the losses of another library's configuration as a spec.",
    "list": "List specs, loss types, balancers or schedules.",
    "log": "Show, convert or plot the loss log of a run.",
    "lsp": "Run the language server, for editors.",
    "new": "Create a commented spec to start from (also `init`).",
    "plot": "Plot the weight of every term over a run, before training.",
    "report": "Write an HTML report on one run, or comparing several.",
    "schema": "Print the JSON Schema of the language, for editors.",
    "show": "Print a resolved spec as TOML, JSON or a formula.",
    "table": "Print the weight of every term at chosen epochs.",
    "validate": "Find every mistake in specs before training.",
}


#: Other names that people try first.
_ALIASES = {"init": "new"}
_COLOURS = {"auto": None, "always": True, "never": False}


def _set_color(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.color = _COLOURS[value]


def _color_option(*, hidden: bool = False) -> click.Option:
    """Return ``--color``, an option of the program that every command also takes."""
    return click.Option(
        ["--color"],
        type=click.Choice([*_COLOURS]),
        callback=_set_color,
        expose_value=False,
        hidden=hidden,
        help="Whether to use colours. By default NO_COLOR, FORCE_COLOR and the terminal decide.",
    )


class _Commands(click.Group):
    """The commands, each in its own module and imported only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*_COMMANDS]  # `list` is a module of this package once it is imported

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        name = _ALIASES.get(cmd_name, cmd_name)
        if name not in _COMMANDS:
            return None
        module = import_module(f"lossspec.cli.{name}{'_' if iskeyword(name) else ''}")
        command = getattr(module, f"{name}_command")
        return _with_color(command) if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0].startswith("-"):
                raise
            raise click.UsageError(unknown("command", args[0], [*_COMMANDS, *_ALIASES]), ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _with_color(command: click.Command) -> click.Command:
    """Add ``--color`` to a command and to those under it, so that it is accepted anywhere."""
    if not any(each.name == "color" for each in command.params):
        command.params.append(_color_option(hidden=True))
        for each in command.commands.values() if isinstance(command, click.Group) else ():
            _with_color(each)
    return command


@click.group(
    cls=_Commands, params=[_color_option()], context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="lossspec")
def commands() -> None:
    """Write training objectives as data, and check them before you train.

    A spec is referred to by name (pix2pix) or by path (my.loss.toml), with +VARIANT for each variant
    (pix2pix+vgg).

    Example: lossspec validate specs/
    """


def _show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    """Print a warning of ours as one line; others are for developers."""
    if category is RuntimeWarning:
        click.echo(f"warning: {message}", err=True)


def main() -> None:
    """Run the command line; an error of lossspec is printed as one message, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # of a terminal that cannot show a character
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _show_warning  # type: ignore[assignment]  # it ignores where the code is
    try:
        commands(prog_name="lossspec")
    except LossSpecError as error:
        from lossspec.cli.text import error_text

        click.echo(error_text(error), err=True)
        raise SystemExit(1) from None
