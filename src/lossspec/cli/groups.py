"""Groups of commands: the nearest name for a misspelt one, and ``--color`` before or after the command."""

from __future__ import annotations

import click

from lossspec.names import unknown

_COLOURS = {"auto": None, "always": True, "never": False}


class Suggesting(click.Group):
    """A group that names the nearest command if one is misspelt."""

    #: Other names that people try first, each with the command that is meant.
    aliases: dict[str, str]

    def __init__(self, *args: object, aliases: dict[str, str] | None = None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # click declares each
        self.aliases = aliases or {}

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name or by another name of it."""
        return super().get_command(ctx, self.aliases.get(cmd_name, cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name.

        Raises:
            click.UsageError: there is none; the message has the nearest one.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0].startswith("-"):
                raise
            known = [*self.list_commands(ctx), *self.aliases]
            raise click.UsageError(unknown("command", args[0], known), ctx) from error


def color_option(*, hidden: bool = False) -> click.Option:
    """Return ``--color``, an option of the program that every command also takes."""
    return click.Option(
        ["--color"],
        type=click.Choice([*_COLOURS]),
        callback=_set_color,
        expose_value=False,
        hidden=hidden,
        help="Whether to use colours. By default NO_COLOR, FORCE_COLOR and the terminal decide.",
    )


def with_color(command: click.Command) -> click.Command:
    """Add ``--color`` to a command and to those under it, so that it is accepted anywhere."""
    if not any(each.name == "color" for each in command.params):
        command.params.append(color_option(hidden=True))
        for each in command.commands.values() if isinstance(command, click.Group) else ():
            with_color(each)
    return command


def _set_color(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.color = _COLOURS[value]
