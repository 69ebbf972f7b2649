"""Catalogues of plug-ins: a message, never an error of Python, and nothing of their code runs."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w
from tests.fuzz.mutator import mutated, reshaped, without_none
from tests.fuzz.program import run

if TYPE_CHECKING:
    import random

    from tests.fuzz.inputs import Files

CATALOG: dict[str, object] = {
    "library": "mylosses",
    "types": {
        "Mine": {
            "summary": "A loss.",
            "target": "mylosses.Mine",
            "inputs": {"x": "(N)", "y": {"description": "(N)", "list": True}},
            "args": {
                "a": {"type": "number", "default": 1.0, "minimum": 0, "description": "a number"},
                "b": {"choices": ["x", "y"], "default": "x", "description": "a choice"},
            },
            "reference": "https://example.org",
        }
    },
}
SPEC = b'format = 1\nlosses.a = { type = "mylosses.Mine", inputs = ["x", "y"], args = { a = 2.0 } }\n'
FILE = "installed/mylosses/catalog/mylosses.toml"
INSTALLED: dict[str, bytes] = {
    FILE: tomli_w.dumps(CATALOG).encode(),
    "installed/mylosses/__init__.py": b"import pathlib\npathlib.Path('it-ran').touch()\n",
    "installed/my_losses-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: my-losses\nVersion: 1.0\n",
    "installed/my_losses-1.0.dist-info/entry_points.txt": b"[lossspec.catalogs]\nmylosses = mylosses\n",
    "installed/mylosses/specs/theirs.loss.toml": SPEC,
    "specs/a.loss.toml": SPEC,
}
#: What looks at catalogues.
COMMANDS = [
    ("validate", "specs/a.loss.toml"),
    ("validate", "theirs"),
    ("describe", "mylosses.Mine"),
    ("list", "losses"),
    ("list", "specs"),
    ("schema",),
    ("show", "theirs"),
    ("show", "pix2pix", "--format", "latex"),
]


def make(chance: random.Random) -> Files:
    """Return an installed plug-in with a changed catalogue."""
    document = without_none(reshaped(chance, CATALOG))
    text = INSTALLED[FILE]
    if chance.random() < 0.7 and isinstance(document, dict):
        text = tomli_w.dumps(document).encode()
    else:
        text = mutated(chance, text, (text, SPEC), 20_000)
    return {**INSTALLED, FILE: text, "commands.json": some_commands(chance)}


def some_commands(chance: random.Random) -> bytes:
    """Return two commands, as the files have them."""
    return json.dumps(chance.sample(COMMANDS, 2)).encode()


def check(folder: Path) -> None:
    """Validate the catalogue, then use it in commands that look at catalogues."""
    path, written = folder / FILE, []
    for _ in range(2):
        run("validate", FILE, "--fix")
        written.append(path.read_bytes())
    assert written[0] == written[1], "fixing again changes more"
    check_installed(folder)


def check_installed(folder: Path) -> None:
    """Run the commands of an input while the folder ``installed`` is installed.

    Raises:
        AssertionError: the code of a plug-in ran.
    """
    sys.path.insert(0, str(folder / "installed"))
    importlib.invalidate_caches()
    for command in json.loads((folder / "commands.json").read_bytes()):
        run(*command)
    assert not Path("it-ran").exists(), "the code of a plug-in ran"
