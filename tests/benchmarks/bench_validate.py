"""Validating: a cold start, many files in one call, a large file, and a growing registry.

Against check-jsonschema with the same schema, and tombi. The package is compiled to bytecode first: an
editable install may otherwise compile itself at each cold start.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from timeit import Timer
from typing import TYPE_CHECKING

from tests.benchmarks.paired import compile_package, ratio

from lossspec.language.load import validate_reference
from lossspec.language.schema.committed import schema_path, validator
from lossspec.language.schema.generate import generate
from lossspec.registry import balancers, types
from lossspec.validation.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Sequence

BIN = Path(sys.executable).parent
COLD = 0.6  # of check-jsonschema
MANY = 0.15  # of check-jsonschema
TOMBI = 0.2
LARGE = 0.25  # CPU seconds, on a machine where our own interpreter of the schema took 0.09
TOMLLIB = 5.0 / 0.3  # all checks, in times of tomllib.loads
GROWTH = 1.5
FILES, SHARED = 1000, 50  # files of ours in one call; those of them that the slow peers read as well
LOSSES = 1000  # in the large file: the most that a spec may have
TEXT = """\
#:schema ../schemas/lossspec.schema.json
format = 1
description = "spec {index}"
[params]
lambda_l1 = {{ default = {index}.0, minimum = 0.0 }}
[losses.G_GAN]
type = "torch.BCEWithLogitsLoss"
inputs = ["pred_fake", 1.0]
objective = "G"
[losses.G_L1]
type = "torch.L1Loss"
inputs = ["y_fake", "y"]
weight = "${{lambda_l1}}"
objective = "G"
[losses.D_real]
type = "torch.BCEWithLogitsLoss"
inputs = ["pred_real", 1.0]
objective = "D"
[variants.smooth.losses.G_L1]
type = "torch.SmoothL1Loss"
args = {{ beta = 0.5 }}
"""
TERM = """\
[losses.term_{index}]
type = "torch.L1Loss"
inputs = ["y_fake", "y"]
weight = {{ type = "linear", unit = "epoch", start = 1, end = 9, start_value = 0.0, end_value = {index}.5 }}
"""


def main() -> bool:
    """Print the ratios, and say whether each is within its goal."""
    compile_package()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schemas").mkdir()
        schema = folder / "schemas" / "lossspec.schema.json"
        schema.write_bytes(schema_path().read_bytes())
        (folder / "specs").mkdir()
        for index in range(FILES):
            (folder / "specs" / f"s{index}.loss.toml").write_text(TEXT.format(index=index), encoding="utf-8")
        files = sorted((folder / "specs").iterdir())
        good = [cold(files[0], schema), per_file(files), *many(files[:SHARED], schema), large(folder)]
    return all([*good, growth()])


def cold(file: Path, schema: Path) -> bool:
    """Start, validate one file, and end."""
    ours = partial(run, [BIN / "lossspec", "validate", file])
    theirs = partial(run, [BIN / "check-jsonschema", "--schemafile", schema, file])
    loaded = "import sys; from lossspec.cli import commands; commands(sys.argv[1:], standalone_mode=False); "
    check = [sys.executable, "-c", loaded + "sys.exit('torch' in sys.modules)", "validate", file]
    run(check)
    return told("cold, one file / check-jsonschema", ratio(ours, theirs, rounds=11).median, COLD)


def per_file(files: Sequence[Path]) -> bool:
    """Validate every file in one process, all checks on."""

    def ours() -> None:
        for file in files:
            validate_reference(str(file))

    def parse() -> None:
        for file in files:
            tomllib.loads(file.read_text("utf-8"))

    return told(f"{len(files)} files / tomllib.loads of them", ratio(ours, parse, rounds=5).median, TOMLLIB)


def many(files: Sequence[Path], schema: Path) -> list[bool]:
    """Validate files in one call of the command; the peers take too long for all."""
    ours = partial(run, [BIN / "lossspec", "validate", *files])
    theirs = partial(run, [BIN / "check-jsonschema", "--schemafile", schema, *files])
    tombi = partial(run, [BIN / "tombi", "lint", "--offline", "--quiet", *files])
    return [
        told(f"{len(files)} files / check-jsonschema", ratio(ours, theirs, rounds=5).median, MANY),
        told(f"{len(files)} files / tombi", ratio(ours, tombi, rounds=5).median, TOMBI),
    ]


def large(folder: Path) -> bool:
    """Validate one file of many losses, all checks on."""
    file = folder / "large.loss.toml"
    terms = (TERM.format(index=index) for index in range(LOSSES))
    file.write_text("format = 1\n" + "".join(terms), encoding="utf-8")
    timer = Timer(partial(validate_reference, str(file)), timer=process_time)
    return told(f"{LOSSES} losses in one file, CPU seconds", median(timer.repeat(7, 1)), LARGE)


def growth() -> bool:
    """Check one document against a registry of 300 types and one of 10."""
    document = tomllib.loads(TEXT.format(index=1))
    named = ["torch.BCEWithLogitsLoss", "torch.L1Loss", "torch.SmoothL1Loss"]
    small = {name: types()[name] for name in [*named, *list(types())[:7]]}
    large = generate(types(), balancers())
    copy = json.dumps(large["$defs"]["loss.torch.L1Loss"])  # type: ignore[index]
    for index in range(300 - len(types())):
        definitions: dict[str, object] = large["$defs"]  # type: ignore[assignment]
        definitions[f"loss.made.L{index}"] = json.loads(copy.replace("torch.L1Loss", f"made.L{index}"))
        definitions["loss"]["oneOf"].insert(0, {"$ref": f"#/$defs/loss.made.L{index}"})  # type: ignore[index]
    validators = Validator(large), Validator(generate(small, balancers()))
    assert (
        validators[0].faults(document) == validators[1].faults(document) == validator().faults(document) == []
    )
    runs = [partial(each.faults, document) for each in validators]
    return told("the schema of 300 types / of 10", ratio(runs[0], runs[1], number=20).median, GROWTH)


def run(command: Sequence[str | Path]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def told(what: str, found: float, goal: float) -> bool:
    verdict = "" if found <= goal else "  over the goal"
    print(f"  {what:44}{found:8.3f}  goal {goal:.3g}{verdict}")
    return found <= goal


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
