"""Writes the reference of the command line, from the click commands."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click
from docs.generate.markdown import block, escaped, table

from lossspec.cli import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "reference/cli.md"
INTRODUCTION = """\
# Command line

`lossspec` and `python -m lossspec` are the same, and so are `new` and `init`. Every command has `--help`.
Exit codes: 0 is success, 1 is a problem, 2 is a wrong call. Colours are for terminals: `NO_COLOR` turns them
off, `FORCE_COLOR` on, and `--color`, before or after the command, wins over both.
Tab completion takes one line: see [editors and shells](../guides/editors.md#tab-completion).
"""


def pages() -> dict[str, str]:
    """Return the one page."""
    return {PAGE: "\n\n".join([INTRODUCTION.strip(), *sections(commands, "lossspec")]) + "\n"}


def walk(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    """Yield a context for a command and for all its subcommands."""
    context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            beneath = command.get_command(context, each)
            if beneath is not None:
                yield from walk(beneath, each, context)


def sections(root: click.Command, name: str) -> Iterator[str]:
    """Yield the documentation of a command and of all its subcommands."""
    for context in walk(root, name, None):
        yield f"## `{context.command_path}`"
        yield block(context.get_usage().removeprefix("Usage: "))
        text, _, example = inspect.cleandoc(context.command.help or "").partition("Example: ")
        yield escaped(text.strip())
        if example:
            yield block(f"$ {' '.join(example.split())}", "console")
        yield table(["option", "what it does"], map(_option, _options(context)))


def _options(context: click.Context) -> list[click.Option]:
    params = context.command.get_params(context)
    return [each for each in params if isinstance(each, click.Option) and not each.hidden]


def _option(option: click.Option) -> tuple[str, str]:
    names = ", ".join(f"`{each}`" for each in option.opts)
    kind = option.type
    if isinstance(kind, click.Choice):
        value = " " + " ".join(f"`{choice}`" for choice in kind.choices)
    elif option.is_flag or option.count:
        value = ""
    else:
        value = f" `{option.metavar or kind.name.upper()}`"
    default = option.default if option.show_default else None
    text = escaped(option.help or "") + (f" Default: `{default}`." if default is not None else "")
    return names + value, text
