"""Tab completion: the specs, variants, loss types and codes that the shell offers for an argument."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from lossspec.errors import LossSpecError
from lossspec.paths import user_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import click


def references(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of specs, after a ``+`` the variants not yet chosen, and files."""
    try:
        return [CompletionItem(incomplete, type="file"), *_starting(incomplete, _references(incomplete))]
    except LossSpecError:  # an invalid spec has no variants to offer, and completion must stay silent
        return [CompletionItem(incomplete, type="file")]


def described(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer libraries and specs, and after a dot the loss types of the library."""
    from lossspec.registry import libraries, summaries

    library = incomplete.partition(".")[0]
    if "." in incomplete:
        names: Iterable[str] = summaries(library) if library in libraries() else ()
    else:
        names = chain((f"{each}." for each in libraries()), _references(incomplete))
    return _starting(incomplete, names)


def explained(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the codes of errors and warnings."""
    from lossspec.language.diagnostics.codes import codes

    return _starting(incomplete, codes())


def _starting(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _references(incomplete: str) -> Iterator[str]:
    from lossspec.language.documents.search import every, find
    from lossspec.language.text.reference import SUFFIX

    chosen, plus, _ = incomplete.rpartition("+")
    if not plus:
        yield from (each.name for each in every())
        return
    name, *variants = chosen.split("+")
    path = user_path(name) if name.endswith(SUFFIX) else find(name).path
    yield from (f"{chosen}+{each}" for each in _variants(path) if each not in variants)


def _variants(path: Path) -> list[str]:
    """Return the variants of a spec: its own, then inherited ones."""
    from lossspec.language.diagnostics.findings import Findings
    from lossspec.language.documents.document import Draft, read_draft

    found: dict[str, None] = {}
    draft: Draft | None = read_draft(path, Findings())
    while draft is not None:
        own = draft.written.get("variants")
        found |= dict.fromkeys(own) if isinstance(own, dict) else {}
        draft = draft.parent
    return list(found)
