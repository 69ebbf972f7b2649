"""Every command of the command line, with its options as click knows them, so that a new one is tried too."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import click
from tests.fuzz.batches import batch
from tests.fuzz.mutator import STRINGS, mutated
from tests.fuzz.parts import imports, logs, specs
from tests.fuzz.program import run

from lossspec.cli import commands
from lossspec.language.diagnostics.codes import codes
from lossspec.language.text.limits import MAX_BYTES

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fuzz.inputs import Files

NAME = "arguments.json"
MODULE = b"""
import lossspec

@lossspec.spec
def denoise(lambda_l1: float = 100.0):
    return {"losses": {"l1": {"type": "torch.L1Loss", "inputs": ("y_fake", "y"), "weight": lambda_l1 / 2}}}

def wrong():
    return {"losses": {"l1": {"tpye": "torch.L1Loss"}}}

number = 3
"""
#: Endless, or another program: what is not tried.
LEFT_OUT = {"watch", "stdio"}
REFERENCES = [
    "pix2pix",
    "pix2pix+vgg",
    "a.loss.toml",
    "a.loss.toml+v",
    "b",
    "b+v",
    "specs/b.loss.toml",
    "nothing",
]
FUNCTIONS = ["fuzz_module:denoise", "fuzz_module:wrong", "fuzz_module:number", "nothing:f"]
RUNS = ["run", "right", "run/loss_log.jsonl", "nothing", "a.loss.toml"]
OUTPUTS = [
    "page.html",
    "made.loss.toml",
    "made.py",
    "made.svg",
    "made.png",
    "made.csv",
    "out/made.json",
    "specs",
    "",
    "é\n",
]
#: What an argument or an option may be, by its name in click.
VALUES = {
    "specs": [*REFERENCES, ".", "-", "specs", "lib/catalog/lib.toml", "--", "pyproject.toml"],
    "reference": [*REFERENCES, *FUNCTIONS],
    "first": REFERENCES,
    "second": REFERENCES,
    "extends": REFERENCES,
    "run": RUNS,
    "runs": RUNS,
    "modules": ["fuzz_module", "nothing"],
    "param_texts": ["lambda_l1=50", "lambda_l1='x'", "a=1", "=", "lambda_l1=nan", "lambda_l1=1e400"],
    "set_texts": [
        "losses.G_L1.weight=50",
        "losses.x=1",
        "=",
        "a.b=",
        "extends='x'",
        "remove=['losses.G_L1']",
    ],
    "batch": ["batch.npz", "batch.pt", "wrong.npz", "a.loss.toml", "nothing.pt"],
    "wrt": ["y_fake", "y", "nothing"],
    "objective": ["G", "D", "total", "nothing"],
    "suggest": ["equal-gradient", "shares=G_L1:0.5,G_GAN:0.5", "shares=G_L1:2", "shares=", "nothing"],
    "epoch": ["0", "1.5", "nan", "inf", "-1"],
    "at": ["0,50,100", "0", "-1", "nan", "1e400", ",", "1,x", "99999999999"],
    "file": ["config.yml", "a.loss.toml", "fuzz_module:denoise", "nothing.yml"],
    "arg_texts": ["x=1", "x=@config.yml#train", "x=@nothing", "=", "lambda_l1=2.0"],
    "word": ["hinge", "l1", "", "\x1b[2J"],
    "library": ["torch", "lossspec", "nothing"],
    "stdin_filename": ["a.loss.toml", "nothing/x.loss.toml", "x"],
}


@cache
def leaves() -> tuple[tuple[tuple[str, ...], click.Command], ...]:
    """Return every command with the words that call it; a group is one as well."""
    return tuple(_leaves((), commands))


def _leaves(
    words: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _leaves((*words, name), inner)
    yield words, command


@cache
def names() -> dict[str, list[str]]:
    """Return what can be described and explained."""
    return {
        "name": [*REFERENCES, "torch.L1Loss", "SSIMLoss", "linear", "mine"],
        "code": [*codes(), "nothing"],
    }


def make(chance: random.Random) -> Files:
    """Return a call, and the files that it may name; one or two of them are changed."""
    words, command = chance.choice(leaves())
    arguments = [*words, *_arguments(chance, command)]
    if chance.random() < 0.1:
        arguments = ["--color", "always", *arguments]
    peer = chance.choice([each for each in imports.PEERS if each.endswith(".yml")])
    files = {
        "a.loss.toml": _spec(chance),
        "specs/b.loss.toml": _spec(chance),
        "run/loss_log.jsonl": logs.changed(chance) if chance.random() < 0.3 else _right(),
        "right/loss_log.jsonl": _right(),
        "config.yml": imports.text(peer),
        "fuzz_module.py": MODULE,
        "batch.npz": batch("npz"),
        "batch.pt": batch("pt"),
        "wrong.npz": mutated(chance, batch("npz"), (batch("pt"),), 100_000),
        "stdin": _spec(chance),
    }
    arguments = [each.replace("\0", "").replace("\ud800", "") for each in arguments]  # no call can hold them
    return {**files, NAME: json.dumps(arguments).encode()}


def _spec(chance: random.Random) -> bytes:
    shipped = [each for each in specs.texts() if len(each) > 400]
    text = chance.choice(shipped)
    return text if chance.random() < 0.5 else mutated(chance, text, shipped, MAX_BYTES // 8)


def _right() -> bytes:
    return "\n".join([*logs.lines(), ""]).encode()


def _arguments(chance: random.Random, command: click.Command) -> Iterator[str]:
    """Yield an option or argument of a command at a time."""
    for each in command.params:
        if each.name in LEFT_OUT:
            continue
        if isinstance(each, click.Argument):
            count = chance.choice([0, 1, 1, 2]) if each.nargs == -1 else int(chance.random() < 0.97)
            yield from (_value(chance, each) for _ in range(count))
        elif chance.random() < (0.9 if each.required else 0.3):
            option = chance.choice(each.opts)
            if isinstance(each, click.Option) and each.is_flag:
                yield option
                continue
            for _ in range(chance.randint(1, 2) if each.multiple else 1):
                given = _value(chance, each)
                yield from (f"{option}={given}",) if option.startswith("--") else (option, given)
    if chance.random() < 0.03:
        yield chance.choice(["--help", "-h", "--nothing", "--", *STRINGS])


def _value(chance: random.Random, each: click.Parameter) -> str:
    if each.name == "output":
        return chance.choice(OUTPUTS)  # and no other string, which may be a path out of the folder
    if chance.random() < 0.04:
        return chance.choice(STRINGS)
    if isinstance(each.type, click.Choice):
        return str(chance.choice([*each.type.choices]))
    if isinstance(each.type, click.IntRange):
        least, most = each.type.min or 0, min(each.type.max or 10**6, 10**9)
        return str(chance.choice([least, most, least - 1, most + 1, 10, 200, 10**30]))
    name = each.name or ""
    return chance.choice(VALUES.get(name) or names().get(name) or STRINGS)


def check(folder: Path) -> None:
    """Run the command, with a spec on standard input."""
    run(*json.loads((folder / NAME).read_bytes()), stdin=(folder / "stdin").read_bytes())
