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
from lossspec.clean import terminal
from lossspec.cli.groups import Suggesting, color_option, with_color
from lossspec.errors import LossSpecError

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
    "probe": "Show what each term does at one batch, and suggest weights.",
    "report": "Write an HTML report on one run, or comparing several.",
    "schema": "Print the JSON Schema of the language, for editors.",
    "show": "Print a resolved spec as TOML, JSON or a formula.",
    "table": "Print the weight of every term at chosen epochs.",
    "validate": "Find every mistake in specs before training.",
}


class _Commands(Suggesting):
    """The commands, each in its own module and imported only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*_COMMANDS]  # `list` is a module of this package once it is imported

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        name = self.aliases.get(cmd_name, cmd_name)
        if name not in _COMMANDS:
            return None
        module = import_module(f"lossspec.cli.{name}{'_' if iskeyword(name) else ''}")
        command = getattr(module, f"{name}_command")
        return with_color(command) if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; click prints its errors, which may quote a file name."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            vars(error)["message"] = terminal(error.message)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([*_COMMANDS.items()])  # `list` is a module of this package


@click.group(
    cls=_Commands,
    aliases={"init": "new"},
    params=[color_option()],
    context_settings={"help_option_names": ["-h", "--help"]},
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
        from lossspec.cli.text import echo

        echo(f"warning: {message}", err=True)


def main() -> None:
    """Run the command line; an error of lossspec is printed as one message, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # of a terminal that cannot show a character
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _show_warning  # type: ignore[assignment]  # it ignores where the code is
    try:
        commands(prog_name="lossspec")
    except LossSpecError as error:
        from lossspec.cli.text import echo, error_text

        echo(error_text(error), err=True)
        raise SystemExit(1) from None
