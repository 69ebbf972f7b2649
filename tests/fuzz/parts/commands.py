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
SPECS = ["pix2pix", "pix2pix+vgg", "a.loss.toml", "b", "specs/b.loss.toml", "esrgan"]
RUNS = ["run", "right", "run/loss_log.jsonl"]
OUTPUTS = ["page.html", "made.loss.toml", "made.py", "made.svg", "made.png", "made.csv", "made.json"]
#: What an argument or an option is, by its name in click.
GOOD = {
    "specs": [*SPECS, ".", "-", "specs"],
    "reference": [*SPECS, *SPECS, "fuzz_module:denoise"],
    "first": SPECS,
    "second": SPECS,
    "extends": SPECS,
    "run": RUNS,
    "runs": RUNS,
    "modules": ["fuzz_module"],
    "param_texts": ["lambda_l1=50", "lambda_l1=2.5"],
    "set_texts": ["losses.G_L1.weight=50", "losses.G_L1.weight.type='linear'", "remove=['losses.G_L1']"],
    "batch": ["batch.npz", "batch.pt"],
    "wrt": ["y_fake", "pred_fake"],
    "objective": ["G", "D"],
    "suggest": ["equal-gradient", "shares=G_L1:0.5,G_GAN:0.5"],
    "epoch": ["0", "1.5", "1e9"],
    "step": ["0", "7", "1000000000"],
    "at": ["0,50,100", "0", "3", "199"],
    "file": ["config.yml", "fuzz_module:denoise"],
    "arg_texts": ["lambda_l1=2.0", "lambda_l1=@config.yml#train.pixel_opt.loss_weight"],
    "word": ["hinge", "l1", "s"],
    "library": ["torch", "lossspec"],
    "stdin_filename": ["a.loss.toml", "x.loss.toml"],
    "output": OUTPUTS,
}
#: What is wrong, beside any string.
WRONG = {
    # and no string that is a path out of the folder
    "output": ["out/made.json", "specs", "", "e\n", "fuzz_module.py/x.svg", "fuzz_module.py/x"],
    "reference": [
        "a.loss.toml+v",
        "b+v+w",
        "nothing",
        "fuzz_module:wrong",
        "fuzz_module:number",
        "nothing:f",
    ],
    "specs": ["lib/catalog/lib.toml", "--", "pyproject.toml", "nothing", "pix2pix+nothing"],
    "run": ["nothing", "a.loss.toml", "specs"],
    "runs": ["nothing", "a.loss.toml", "specs"],
    "modules": ["nothing"],
    "param_texts": ["lambda_l1='x'", "a=1", "=", "lambda_l1=nan", "lambda_l1=1e400", "lambda_l1=[[1]]"],
    "set_texts": ["losses.x=1", "=", "a.b=", "extends='x'", "format=2", "losses.G_L1=1", "losses..x=1"],
    "batch": ["wrong.npz", "a.loss.toml", "nothing.pt"],
    "suggest": ["shares=G_L1:2", "shares=", "shares=x:nan", "nothing"],
    "epoch": ["nan", "inf", "-1"],
    "at": ["-1", "nan", "1e400", ",", "1,x", "99999999999"],
    "file": ["a.loss.toml", "nothing.yml", "nothing:f", "fuzz_module:wrong", "fuzz_module:number"],
    "arg_texts": ["x=1", "x=@config.yml#train", "x=@nothing", "="],
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
        "name": [*SPECS, "torch.L1Loss", "SSIMLoss", "linear", "mine"],
        "code": [*codes()],
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
    """Yield an option or argument of a command at a time; half of the calls are as people write them."""
    wrong = chance.choice([0.0, 0.0, 0.1, 0.5])
    for each in command.params:
        if each.name in LEFT_OUT:
            continue
        if isinstance(each, click.Argument):
            count = chance.choice([0, 1, 1, 2]) if each.nargs == -1 else int(chance.random() > wrong / 9)
            yield from (_value(chance, each, wrong) for _ in range(count))
        elif chance.random() < (1 - wrong / 5 if each.required else 0.2):
            option = chance.choice(each.opts)
            if isinstance(each, click.Option) and each.is_flag:
                yield option
                continue
            for _ in range(chance.randint(1, 2) if each.multiple else 1):
                given = _value(chance, each, wrong)
                yield from (f"{option}={given}",) if option.startswith("--") else (option, given)
    if chance.random() < wrong / 9:
        yield chance.choice(["--help", "-h", "--nothing", "--", *STRINGS])


def _value(chance: random.Random, each: click.Parameter, wrong: float) -> str:
    """Return a value of a parameter; how often it is a wrong one is given."""
    name = each.name or ""
    if chance.random() < wrong:
        return chance.choice(
            WRONG.get(name, STRINGS) if name == "output" or chance.random() < 0.5 else STRINGS
        )
    if isinstance(each.type, click.Choice):
        return str(chance.choice([*each.type.choices]))
    if name in GOOD or name in names():
        return chance.choice(GOOD.get(name) or names()[name])
    if isinstance(each.type, click.IntRange):
        least, most = each.type.min or 0, min(each.type.max or 10**6, 10**9)
        return str(chance.choice([least, most, 10, 200] + ([least - 1, most + 1, 10**30] if wrong else [])))
    return chance.choice(STRINGS)


def check(folder: Path) -> None:
    """Run the command, with a spec on standard input."""
    run(*json.loads((folder / NAME).read_bytes()), stdin=(folder / "stdin").read_bytes())
