"""``lossspec import``: any file of a peer is imported as a spec that validates, or refused with a message."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import tomli
import tomli_w
import yaml
from tests.fuzz.mutator import mutated, reshaped, without_none
from tests.fuzz.program import run

import lossspec

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from tests.fuzz.inputs import Files

DATA = Path(__file__).parents[2] / "convert" / "data"
PEERS = {
    "train_ESRGAN_x4.yml": "basicsr",
    "train_realesrgan_x4plus.yml": "basicsr",
    "train_StyleGAN2.yml": "basicsr",
    "train_hifacegan.yml": "basicsr",
    "train_EDVR_L.yml": "basicsr",
    "4x_ESRGAN_gan.yml": "trainner-redux",
    "train_esrgan.toml": "neosr",
    "nectargan.json": "nectargan",
    "monai_train.json": "monai",
    "keras.json": "keras",
}
KERAS = {
    "config": {"output_layers": [["a", 0, 0], ["b", 0, 0]]},
    "compile_config": {
        "loss": [{"module": "keras.losses", "class_name": "Huber", "config": {"delta": 0.5}}, "mse"],
        "loss_weights": [1.0, 2.0],
    },
}


@cache
def text(name: str) -> bytes:
    """Return a file of a peer."""
    return json.dumps(KERAS).encode() if name == "keras.json" else (DATA / name).read_bytes()


def document(name: str) -> dict[str, object]:
    """Return what is in a file of a peer."""
    return copy.deepcopy(_parsed(name))


@cache
def _parsed(name: str) -> dict[str, object]:
    parse = {"yml": yaml.safe_load, "json": json.loads, "toml": lambda data: tomli.loads(data.decode())}
    return parse[name.rpartition(".")[2]](text(name))


def dumped(name: str, value: Mapping[str, object]) -> bytes:
    """Return a document as its file has it."""
    if name.endswith(".toml"):
        return tomli_w.dumps(without_none(value)).encode()  # type: ignore[arg-type]
    if name.endswith(".json"):
        return json.dumps(value).encode()
    return yaml.safe_dump(value, allow_unicode=True).encode(errors="surrogatepass")


def make(chance: random.Random) -> Files:
    """Return a changed file of a peer."""
    name = chance.choice([*PEERS])
    if chance.random() < 0.4:
        return {name: mutated(chance, text(name), (text(name), text(chance.choice([*PEERS]))), 2**18)}
    changed = reshaped(chance, document(name))
    return {name: dumped(name, changed) if isinstance(changed, dict) else b"[]"}


def check(folder: Path) -> None:
    """Import the file, as that of its peer and as that of any; what is written validates."""
    for path in [each for each in sorted(folder.iterdir()) if each.name in PEERS]:
        run("import", path.name)
        for peer in {PEERS[path.name], "basicsr", "keras"}:
            ran = run("import", path.name, "--from", peer, "-o", "made.loss.toml")
            made = Path("made.loss.toml")
            assert made.exists() or ran.code != 0, ran.err
            if made.exists():
                errors = [each for each in lossspec.validate(made) if each.severity == "error"]
                assert errors == [], f"an import that does not validate: {errors[0]}"
                made.unlink()
