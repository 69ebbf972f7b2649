"""The command line: one small file a command, imported when it runs."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword

import click

from lossspec._version import __version__
from lossspec.errors import LossSpecError

_COMMANDS = {
    "describe": "a loss type, a spec or a schedule: what it is and how it is written",
    "diff": "what two specs compute differently, term by term",
    "export": "a Python spec function as TOML",
    "explain": "what a code of a problem means, and how to mend it",
    "import": "the configuration of another library as a spec",
    "list": "what there is: specs, losses and schedules, and where each was found",
    "log": "the loss log of a run: a table, other formats, curves",
    "new": "a commented spec to start from",
    "plot": "the weight of every term over a run, before it is run",
    "report": "a page of HTML about a run, or several compared",
    "schema": "the JSON Schema of the language, for editors",
    "show": "a spec with its variants applied and its parameters filled in",
    "table": "the weights of a spec at chosen epochs, as numbers",
    "validate": "find every mistake in specs, before they train",
}


class _Commands(click.Group):
    """The commands, each in its own module, so that one does not pay for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*_COMMANDS]  # `list` is a module of this package once it is imported

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"lossspec.cli.{cmd_name}{'_' if iskeyword(cmd_name) else ''}")
        command = getattr(module, f"{cmd_name}_command")
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lossspec")
def commands() -> None:
    """Training objectives as data: write them once, prove them, train.

    Example: lossspec validate specs/
    """


def main() -> None:
    """Run the command line; a problem of the user's is one message, never a traceback."""
    try:
        commands(prog_name="lossspec")
    except LossSpecError as error:
        from lossspec.cli.text import told  # only an error pays

        click.echo(told(error), err=True)
        raise SystemExit(1) from None
