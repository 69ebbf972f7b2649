"""The spec of a run, read from its log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from lossspec.errors import LossSpecError
from lossspec.language.load import load
from lossspec.language.write import write

if TYPE_CHECKING:
    from lossspec.language.model import Spec
    from lossspec.log.reading.reader import LossLogData


@frozen
class RunSpec:
    """The spec that a run was trained with.

    Attributes:
        reference: its reference; "" if the losses were registered in code.
        digest: its digest; "" likewise.
        text: the resolved spec as TOML; "" if the log does not have it.
        spec: the spec, or None if it cannot be loaded.
        problem: the reason if it cannot be loaded.
    """

    reference: str
    digest: str
    text: str
    spec: Spec | None
    problem: str = ""


def spec_of_run(log: LossLogData) -> RunSpec:
    """Return the spec that a run logged."""
    header = log.header
    reference, digest, document = (header.get(key) for key in ("spec", "digest", "document"))
    if not isinstance(reference, str) or not isinstance(digest, str):
        return RunSpec("", "", "", None, "the losses were registered in code")
    if not isinstance(document, dict):
        return RunSpec(reference, digest, "", None, "the log does not contain the spec")

    def logged() -> dict[str, object]:
        return cast("dict[str, object]", document)

    try:
        spec = load(logged)
    except LossSpecError as error:
        return RunSpec(reference, digest, _text(document), None, str(error).strip().splitlines()[0])
    return RunSpec(reference, digest, write(document), evolve(spec, reference=reference))


def _text(document: dict[str, object]) -> str:
    """Return a document that does not load as TOML, or as JSON if TOML cannot hold it."""
    try:
        return write(document)
    except (TypeError, ValueError):
        return json.dumps(document, indent=2)
