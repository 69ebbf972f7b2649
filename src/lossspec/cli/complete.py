"""What the shell offers for an argument when the user presses tab: specs, their variants, losses, codes."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import click


def references(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer ``NAME``, after a ``+`` the variants that are left, and where neither fits, files."""
    try:
        return [CompletionItem(incomplete, type="file"), *_starting(incomplete, _references(incomplete))]
    except LossSpecError:  # a spec with a mistake has no variants to offer, and this is no place to say so
        return [CompletionItem(incomplete, type="file")]


def described(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the loss types once there is a dot, and before it libraries and specs."""
    from lossspec.registry import libraries, summaries  # `--help` does not pay

    library = incomplete.partition(".")[0]
    if "." in incomplete:
        names: Iterable[str] = summaries(library) if library in libraries() else ()
    else:
        names = chain((f"{each}." for each in libraries()), _references(incomplete))
    return _starting(incomplete, names)


def explained(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the codes of problems."""
    from lossspec.language.diagnostics.codes import codes  # `--help` does not pay

    return _starting(incomplete, codes())


def _starting(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _references(incomplete: str) -> Iterator[str]:
    from lossspec.language.documents.search import every, find  # `--help` does not pay
    from lossspec.language.text.reference import SUFFIX

    chosen, plus, _ = incomplete.rpartition("+")
    if not plus:
        yield from (each.name for each in every())
        return
    name, *variants = chosen.split("+")
    path = Path(name) if name.endswith(SUFFIX) else find(name).path
    yield from (f"{chosen}+{each}" for each in _variants(path) if each not in variants)


def _variants(path: Path) -> list[str]:
    """Return the variants of a spec, those that it inherits last."""
    from lossspec.language.diagnostics.findings import Findings
    from lossspec.language.documents.document import Draft, read_draft  # `--help` does not pay

    found: dict[str, None] = {}
    draft: Draft | None = read_draft(path, Findings())
    while draft is not None:
        own = draft.written.get("variants")
        found |= dict.fromkeys(own) if isinstance(own, dict) else {}
        draft = draft.parent
    return list(found)
