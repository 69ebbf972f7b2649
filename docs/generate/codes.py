"""Writes a page for each code of a problem, and a list of them."""

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

Each kind of problem has a code that never changes. `lossspec explain CODE` prints its page in a terminal,
and every message ends with a link to it. A spec with an error cannot be built. A spec with only warnings
can, and `[tool.lossspec] ignore` in pyproject.toml hides them.
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
    """Return the output of ``lossspec validate`` for the example, without the link to this page."""
    if not code.example:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "example.loss.toml")
        path.write_text(code.example.lstrip("\n"), encoding="utf-8")
        found = [render_full(each) for each in lossspec.validate(path) if each.code == code.name]
        text = "\n".join(found).replace(f"{folder}/", "")
    return re.sub(r"\n *= docs: .*", "", text)
