"""Writes the gallery: each shipped spec with its formula, its weights as curves, and code to train."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import tomli
from docs.generate.markdown import block, escaped, table
from docs.generate.snippet import needs, skips, snippet
from docs.generate.weights import figures

from lossspec import load
from lossspec.report.formula.markdown import sections, term_table
from lossspec.report.formula.mathml import MATHML, listed, mathml
from lossspec.report.formula.symbols import signs

if TYPE_CHECKING:
    from lossspec.language.model import Spec

SPECS = Path(__file__).parents[2] / "specs"
FIELDS = Path(__file__).with_name("fields.toml")
CHECKED = Path(__file__).with_name("checked.toml")
INTRODUCTION = """\
# Gallery

The objectives of published models. Load one by name: `LossManager.from_spec("pix2pix+lsgan")`. Each was
compared with the authors' code or their paper, and its description says which it follows; see [shipped
objectives](../objectives.md). They are data: set a parameter, add a term, or [extend
one](../guides/extend.md).
"""

SKIPS = """\
Some terms are skipped at times. `needed()` of an objective returns the names of the tensors that the next
call needs; the others can be left out.
"""

Table = Mapping[str, object]


def pages() -> dict[str, str]:
    """Return the pages by path."""
    files = sorted(SPECS.glob("*.loss.toml"))
    specs = {path.name.removesuffix(".loss.toml"): path for path in files}
    index = "\n\n".join([INTRODUCTION.strip(), *_fields(list(specs))]) + "\n"
    return {"gallery/index.md": index} | {
        f"gallery/{name}.md": "\n\n".join(_page(load(name), path)) + "\n" for name, path in specs.items()
    }


def _fields(names: Iterable[str]) -> Iterator[str]:
    """Yield a table of specs for each field.

    Raises:
        ValueError: a spec has no field.
    """
    left = set(names)
    for field, specs in tomli.loads(FIELDS.read_text(encoding="utf-8")).items():
        if here := [name for name in specs if name in left]:
            rows = ((f"[`{name}`]({name}.md)", escaped(_first_sentence(load(name)))) for name in here)
            yield f"## {field}"
            yield table(["spec", "what it is"], rows)
        left -= set(here)
    if left:
        raise ValueError(f"in docs/generate/{FIELDS.name}, add {', '.join(sorted(left))} to a field")


def _first_sentence(spec: Spec) -> str:
    return re.split(r"(?<=\.)\s", spec.description.strip(), maxsplit=1)[0]


def _page(spec: Spec, path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    document = tomli.loads(text)
    about = sections(spec)
    yield f"# {spec.name}"
    yield escaped(spec.description.strip())
    yield _formula(spec)
    yield "\n".join(term_table(spec))
    yield "## Use it"
    yield block(f'pip install "lossspec[{",".join(needs(spec))}]"', "sh")
    yield block(snippet(spec), "python")
    if skips(spec):
        yield SKIPS
    yield from _section("Inputs", about)
    if drawn := figures(spec):
        yield "## Weights that move"
        yield drawn
    if spec.params:
        yield "## Parameters"
        yield _parameters(spec, spec.params, cast("Table", document.get("params", {})))
    variants = cast("Mapping[str, Table]", document.get("variants", {}))
    if variants:
        yield "## Variants"
    for name, variant in variants.items():
        yield from _variant(spec, load(f"{spec.name}+{name}"), variant)
    yield from _section("Losses", about)
    yield from _section("Sources", about)
    yield from _checked(spec.name)
    yield "## The file"
    yield block(re.sub(r"^#:schema.*\n\n?", "", text), "toml")


def _checked(name: str) -> Iterator[str]:
    """Yield what a spec was run beside, if that was noted."""
    noted = tomli.loads(CHECKED.read_text(encoding="utf-8")).get(name, [])
    if noted:
        yield "## Checked against"
        yield "Run once beside the code below on the same random tensors: values and gradients, in float32."
        heads = ["code", "revision", "what was compared", "largest relative difference"]
        yield table(heads, map(_check, noted))


def _check(noted: Mapping[str, str | float]) -> tuple[str, ...]:
    address = f"https://github.com/{noted['code']}"
    difference = f"{noted['difference']:.0e}" if noted["difference"] else "0"
    return f"[`{noted['file']}`]({address})", f"`{noted['revision']}`", str(noted["what"]), difference


def _formula(spec: Spec) -> str:
    """Return the formula and the meaning of its signs; tensors and losses have sections of their own."""
    explained = list(signs(spec, MATHML))
    return f'<div class="formula">{mathml(spec)}{listed(explained) if explained else ""}</div>'


def _parameters(spec: Spec, names: Iterable[str], written: Table) -> str:
    rows = ((f"`{name}`", f"`{spec.params[name]}`", _description(written.get(name))) for name in names)
    return table(["parameter", "default", "what it is"], rows)


def _variant(base: Spec, spec: Spec, written: Table) -> Iterator[str]:
    """Yield the parts of a variant: its formula, its weights as curves, the parameters that it adds."""
    yield f"### `{spec.reference}`"
    yield _description(written)
    yield _formula(spec)
    if (drawn := figures(spec)) != figures(base):
        yield drawn
    own = cast("Table", written.get("params", {}))
    if own:
        yield _parameters(spec, own, own)


def _section(title: str, about: Mapping[str, list[str]]) -> Iterator[str]:
    if title in about:
        yield f"## {title}"
        yield "\n".join(about[title])


def _description(entry: object) -> str:
    return escaped(str(entry.get("description", ""))) if isinstance(entry, dict) else ""
