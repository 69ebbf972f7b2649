"""``lossspec lsp``: the language server, for editors."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import click

from lossspec.cli.options import import_user_module
from lossspec.errors import MissingExtraError


@click.command("lsp")
@click.option("--stdio", is_flag=True, help="Talk over standard input and output, the only way there is.")
@click.option(
    "--load",
    "modules",
    multiple=True,
    metavar="MODULE",
    help="Import your module that registers losses or schedules. Can be repeated.",
)
def lsp_command(*, stdio: bool, modules: tuple[str, ...]) -> None:  # noqa: ARG001 - VS Code always gives --stdio
    """Run the language server: an editor starts it and talks to it.

    Example: lossspec lsp
    """
    output = sys.stdout.buffer
    with redirect_stdout(sys.stderr):  # what a module prints must not get between the messages
        for module in modules:
            import_user_module(module)
        try:
            from lossspec.server.server import make_server
        except ModuleNotFoundError as error:
            if str(error.name).partition(".")[0] not in {"pygls", "lsprotocol"}:
                raise
            message = '`lossspec lsp` needs pygls, which is not installed: pip install "lossspec[lsp]"'
            raise MissingExtraError(message) from None
        make_server().start_io(stdout=output)
