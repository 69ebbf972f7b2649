"""Writes the catalogue of losses: a page per library, with every loss type in its catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.generate.markdown import block, escaped, table

from lossspec.registry import LossType, balancers, libraries, types
from lossspec.report.describe.type import allowed, call_input, head
from lossspec.report.describe.type import example as written

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION = """\
# Catalogue of losses

The `type` of a loss in a spec: {count} types of {libraries} libraries. Losses of the same name differ by 2x
to 340x between libraries, so a type names its library. `lossspec list losses WORD` searches, `lossspec
describe TYPE` prints one, and [your own losses](../registry.md#your-own-losses) take one line.
"""
WEIGHTS = "Give a local file, or [allow the download](../registry.md#pretrained-weights)."
BALANCERS = """\
The `type` of an `[objectives.NAME.balance]` table. A balancer gets the raw values and the weights of some
terms of an objective and decides what they contribute. See [a balance](../objectives.md#a-balance).
"""


def pages() -> dict[str, str]:
    """Return the pages by path."""
    every = {library: list(types(library).values()) for library in sorted(libraries(), key=_order)}
    rows = (
        (f"[`{library}`]({library}.md)", _count(library, found), _needs([*found, *_balancers(library)][0]))
        for library, found in every.items()
    )
    count = sum(map(len, every.values()))
    index = INTRODUCTION.format(count=count, libraries=len(every))
    listed = table(["library", "types", "what it needs"], rows)
    return {
        "catalogue/index.md": f"{index}\n{listed}\n",
        **{
            f"catalogue/{name}.md": "\n\n".join(_library(name, found)) + "\n" for name, found in every.items()
        },
    }


def _order(library: str) -> tuple[bool, bool, str]:
    return library != "lossspec", library != "torch", library


def _needs(entry: LossType) -> str:
    return f'`pip install "lossspec[{entry.extra}]"`'


def _balancers(library: str) -> list[LossType]:
    return [each for each in balancers().values() if each.library == library]


def _count(library: str, entries: list[LossType]) -> str:
    return str(len(entries)) if entries else f"{len(_balancers(library))} balancers"


def _library(name: str, entries: list[LossType]) -> Iterator[str]:
    weighing = _balancers(name)
    yield f"# {name}"
    yield f"Needs {_needs([*entries, *weighing][0])}."
    links = ((f"[`{each.name}`](#{_anchor(each)})", escaped(each.summary)) for each in entries or weighing)
    yield table(["type", "what it is"], links)
    for each in entries:
        yield from _type(each, block(written(each), "toml"))
    if weighing:
        yield "## Balancers"
        yield BALANCERS
    for each in weighing:
        yield from _type(each)


def _anchor(entry: LossType) -> str:
    return entry.name.replace(".", "-").lower()


def _type(entry: LossType, example: str = "") -> Iterator[str]:
    yield f"{'###' if entry.balancer else '##'} `{entry.name}` {{ #{_anchor(entry)} }}"
    yield escaped(entry.summary)
    yield example
    if entry.formula:
        yield f"Formula: `{entry.formula}`"
    if entry.note:
        yield f"Note: {escaped(entry.note)}."
    if entry.downloads:
        yield f"Pretrained weights: {escaped(entry.downloads)}. {WEIGHTS}"
    yield table(
        ["input", "what it is"], ((f"`{each.name}`", escaped(call_input(each))) for each in entry.inputs)
    )
    if entry.args:
        rows = (
            (f"`{head(each)}`", escaped(each.description), escaped(allowed(each)))
            for each in entry.args.values()
        )
        yield table(["argument", "what it is", "values"], rows)
    if entry.reference:
        yield f"Source: <{entry.reference}>" if entry.reference.startswith("http") else entry.reference
