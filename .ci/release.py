"""What a release needs besides the wheel: its notes, from the changelog, and its conda recipe.

    python .ci/release.py notes      the section of the version, or of TAG, from CHANGELOG.md
    python .ci/release.py recipe     .ci/conda/recipe.yaml with the version and the hash of dist/*.tar.gz

The version is that of src/lossspec/_version.py. TAG is an environment variable, such as v1.2.3; without it,
the notes may still be under "Unreleased".
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADING = re.compile(r"^## (.+?)(?: \(.+\))?$", re.MULTILINE)


def version() -> str:
    """Return the version of the package."""
    text = (ROOT / "src" / "lossspec" / "_version.py").read_text(encoding="utf-8")
    return re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)[0]


def notes(tag: str) -> str:
    """Return the section of the changelog about this version.

    Args:
        tag: the tag of the release, or "" for the section as far as it is written.
    """
    if tag and tag != f"v{version()}":
        raise SystemExit(f"the tag is {tag}, but src/lossspec/_version.py has {version()}")
    parts = HEADING.split((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    names = [version()] if tag else [version(), "Unreleased"]
    found = next((sections[name] for name in names if name in sections), "").strip()
    if not found:
        raise SystemExit(f"CHANGELOG.md has nothing under `## {names[0]}`")
    return found + "\n"


def recipe() -> str:
    """Return the recipe for conda-forge, with what only a build knows."""
    sdists = [*(ROOT / "dist").glob(f"lossspec-{version()}.tar.gz")]
    if not sdists:
        raise SystemExit(f"dist has no lossspec-{version()}.tar.gz: run `make dist`")
    text = (ROOT / ".ci" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    digest = hashlib.sha256(sdists[0].read_bytes()).hexdigest()
    for name, value in (("VERSION", f'"{version()}"'), ("SHA256", digest)):
        text = text.replace(f'${{{{ env.get("LOSSSPEC_{name}") }}}}', value)
    return text


if __name__ == "__main__":
    [_, *words] = sys.argv
    if words == ["notes"]:
        sys.stdout.write(notes(os.environ.get("TAG", "")))
    elif words == ["recipe"]:
        sys.stdout.write(recipe())
    else:
        raise SystemExit(__doc__)
