"""One page for each code of a problem, and one that lists them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from docs.generate.markdown import escaped, table

import lossspec
from lossspec.language.diagnostics.codes import Code, codes, page
from lossspec.language.diagnostics.render import render_full

INTRODUCTION = """\
# Errors

Each kind of problem has a code, a word that stays. `lossspec explain CODE` prints these pages in a
terminal, and every message ends with a link to one. What is an error can't be built. What is a warning can,
and `[tool.lossspec] ignore` in pyproject.toml passes it over.
"""


def pages() -> dict[str, str]:
    """Return the pages by path."""
    listed = table(
        ["code", "what it is", ""],
        (
            (
                f"[`{code.name}`]({code.name}.md)",
                escaped(code.title),
                code.severity if code.severity != "error" else "",
            )
            for code in codes().values()
        ),
    )
    each = {f"errors/{code.name}.md": _titled(code) for code in codes().values()}
    return {"errors/index.md": f"{INTRODUCTION}\n{listed}\n", **each}


def _titled(code: Code) -> str:
    """Return the page of a code, with a short title for the navigation."""
    return f"---\ntitle: {code.name}\n---\n\n{page(code, message(code))}"


def message(code: Code) -> str:
    """Return what ``lossspec validate`` says of the example, without the link that leads to its page."""
    if not code.example:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "example.loss.toml")
        path.write_text(code.example.lstrip("\n"), encoding="utf-8")
        found = [render_full(each) for each in lossspec.validate(path) if each.code == code.name]
        text = "\n".join(found).replace(f"{folder}/", "")
    return re.sub(r"\n *= docs: .*", "", text)
