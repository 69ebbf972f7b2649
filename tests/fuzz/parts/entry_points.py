"""The metadata of installed distributions: a broken plug-in gives a warning and stops no command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.mutator import STRINGS, mutated
from tests.fuzz.parts.catalogues import INSTALLED, check_installed, some_commands

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.fuzz.inputs import Files

INFO = "installed/my_losses-1.0.dist-info"


def make(chance: random.Random) -> Files:
    """Return an installed plug-in with changed metadata, or with a part that is missing."""
    files = dict(INSTALLED)
    kind = chance.randint(0, 5)
    if kind < 3:
        name = f"{INFO}/{chance.choice(['entry_points.txt', 'METADATA'])}"
        files[name] = mutated(chance, files[name], [*files.values()], 20_000)
    elif kind == 3:
        pairs = (f"{chance.choice(STRINGS)} = {chance.choice(STRINGS)}" for _ in range(chance.randint(1, 3)))
        text = "\n".join(["[lossspec.catalogs]", *pairs, "mylosses = mylosses", ""])
        files[f"{INFO}/entry_points.txt"] = text.encode(errors="replace")
    elif kind == 4:
        del files[chance.choice([*files])]
    else:
        files |= {
            f"installed/others-1.0.dist-info/{name}": text.replace(b"my-losses", b"others")
            for name, text in (("METADATA", files[f"{INFO}/METADATA"]),)
        }
        library = chance.choice(["mylosses", "torch", "piq", "lossspec", "Mylosses"])
        files["installed/others-1.0.dist-info/entry_points.txt"] = (
            f"[lossspec.catalogs]\n{library} = mylosses\n".encode()
        )
    return {**files, "commands.json": some_commands(chance)}


def check(folder: Path) -> None:
    """Run commands that look at plug-ins."""
    check_installed(folder)
