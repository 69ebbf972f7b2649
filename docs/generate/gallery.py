"""The gallery: every spec that ships, its objective typeset, with what a user may turn and its source."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from docs.generate.markdown import block, escaped, mathml, table

from lossspec import load
from lossspec.report import formula

if TYPE_CHECKING:
    from lossspec.spec.model import Spec

SPECS = Path(__file__).parents[2] / "specs"
INTRODUCTION = """\
# Gallery

The objectives of published models. Each was held against the authors' own code, and each is found by name:
`LossManager.from_spec("pix2pix+lsgan")`. What they say is data: [extend one](../guides/extend.md), turn its
parameters, or add a term.
"""
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_INLINE = re.compile(r"(?<![\w$`])\$([^$\n]+)\$(?![\w$])")

Table = Mapping[str, object]


def pages() -> dict[str, str]:
    """Return the pages by path."""
    files = sorted(SPECS.glob("*.loss.toml"))
    specs = {path.name.removesuffix(".loss.toml"): path for path in files}
    rows = ((f"[`{name}`]({name}.md)", escaped(load(name).description)) for name in specs)
    index = f"{INTRODUCTION}\n{table(['spec', 'what it is'], rows)}\n"
    return {"gallery/index.md": index} | {
        f"gallery/{name}.md": "\n\n".join(_page(load(name), path)) + "\n" for name, path in specs.items()
    }


def typeset(markdown: str) -> str:
    """Turn the formulas of a text, between dollars, into MathML."""
    text = _DISPLAY.sub(lambda match: mathml(match[1], display=True), markdown)
    return _INLINE.sub(lambda match: mathml(match[1], display=False), text)


def _page(spec: Spec, path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    variants = cast("Mapping[str, Table]", document.get("variants", {}))
    objective, heading, about = typeset(formula.markdown(spec)).partition("\n## ")
    yield objective.strip()
    yield "## Use it"
    yield block(f'manager = LossManager.from_spec("{spec.name}")', "python")
    if spec.params:
        said = cast("Mapping[str, object]", document.get("params", {}))
        yield "## Parameters"
        yield table(
            ["parameter", "default", "what it is"],
            ((f"`{name}`", f"`{value}`", _said(said, name)) for name, value in spec.params.items()),
        )
    if variants:
        yield "## Variants"
        yield table(
            ["variant", "what it is"], ((f"`{spec.name}+{each}`", _said(variants, each)) for each in variants)
        )
    yield (heading + about).strip()
    yield "## The file"
    yield block(re.sub(r"^#:schema.*\n\n?", "", text), "toml")


def _said(table_: Mapping[str, object], name: str) -> str:
    entry = table_.get(name)
    return escaped(str(entry.get("description", ""))) if isinstance(entry, dict) else ""
