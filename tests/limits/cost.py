"""Counts what each command does with each of the worst files, in a process that can be killed.

``python -m tests.limits.cost GROUP SHARE`` prints, as JSON, the calls and the peak of memory of each command
with each file of a group, beyond those with the least spec.
"""

from __future__ import annotations

import cProfile
import json
import os
import sys
import tempfile
import tracemalloc
from pathlib import Path

from click.testing import CliRunner
from tests.limits import worst

from lossspec.cli import commands
from lossspec.errors import LossSpecError
from lossspec.report.forecast import weights

RUN = ("--epochs", "1000000000", "--steps-per-epoch", "1000000000")
#: What is done with a spec. ``diff`` compares it with the least one.
COMMANDS = {
    "validate": ("validate", "{}"),
    "show": ("show", "{}"),
    "show --format unicode": ("show", "{}", "--format", "unicode"),
    "diff": ("diff", "least.loss.toml", "{}"),
    "table": ("table", "{}", *RUN),
    "plot": ("plot", "{}", *RUN),
    "describe": ("describe", "{}"),
    "export": ("export", "{}", "--to", "python"),
}
#: Those whose memory is measured, which takes long: the others hold less.
MEASURED = ("validate", "plot", "export")
#: How a command exits with a spec that is right: ``diff`` with 1 where two differ, and ``export`` with a
#: message where a spec has no plain form.
FINE = {"diff": (0, 1), "export": (0, 2)}
#: What is done with the files of a group, if not everything.
SOME = {
    "types": ("validate", "show --format unicode", "plot"),
    "export": ("export",),
    "wrong": ("validate",),
}


def invoke(command: str, file: str) -> int:
    """Run a command; return its exit code, or 2 where it says that it cannot go on.

    Raises:
        Exception: what a command does not handle.
    """
    result = CliRunner().invoke(commands, [each.format(file) for each in COMMANDS[command]])
    if isinstance(result.exception, LossSpecError):
        return 2
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code


def cost(command: str, file: str, *, is_right: bool = True) -> tuple[int, int]:
    """Return the calls, of Python and of C, and the peak of memory in bytes."""
    profile = cProfile.Profile()
    code = profile.runcall(invoke, command, file)
    peak = 0
    if command in MEASURED:
        tracemalloc.start()
        invoke(command, file)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    if is_right and code not in FINE.get(command, (0,)):
        raise AssertionError(f"{command} exits with {code}")
    return sum(entry.callcount for entry in profile.getstats()), peak


def costs(
    texts: dict[str, str], wanted: tuple[str, ...], *, is_right: bool
) -> dict[str, dict[str, tuple[int, int]]]:
    """Return the costs of commands by file and command, without those of the least spec."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("least.loss.toml").write_text(worst.LEAST, encoding="utf-8")
        least = {}
        for command in wanted:
            invoke(command, "least.loss.toml")  # imports what it needs
            least[command] = cost(command, "least.loss.toml", is_right=command != "diff")
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for name, text in texts.items():
            Path("worst.loss.toml").write_text(text, encoding="utf-8")
            found[name] = {}
            for command in wanted:
                calls, peak = cost(command, "worst.loss.toml", is_right=is_right)
                found[name][command] = (calls - least[command][0], peak - least[command][1])
        os.chdir("/")
    return found


def main(group: str, share: str) -> None:
    """Print the costs of a group of files; of several if it is ``export``, which imports torch."""
    part = float(share)
    weights.WORK = int(weights.WORK * part)
    fill = worst.Filler(part)
    texts = worst.schedules(fill) | worst.terms(fill) if group == "export" else getattr(worst, group)(fill)
    wanted = SOME.get(group) or tuple(each for each in COMMANDS if each != "export")
    found = costs(texts, wanted, is_right=group != "wrong")
    print(json.dumps({name: (len(texts[name]), each) for name, each in found.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
