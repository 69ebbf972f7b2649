"""Options of the commands that look ahead: how long the run will be."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def plan_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--epochs`` and ``--steps-per-epoch``: the command takes ``plan``."""

    @click.option(
        "--epochs", type=click.IntRange(min=1), default=200, show_default=True, help="Length of the run."
    )
    @click.option(
        "--steps-per-epoch",
        type=click.IntRange(min=1),
        help="Optimiser steps in an epoch, for schedules that count steps.",
    )
    @functools.wraps(command)
    def with_plan(*args: object, epochs: int, steps_per_epoch: int | None, **kwargs: object) -> None:
        from lossspec.report.weights import Plan  # `--help` does not pay

        command(*args, plan=Plan(epochs, steps_per_epoch), **kwargs)

    return with_plan
