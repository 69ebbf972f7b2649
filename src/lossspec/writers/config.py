"""What every tracker is told once about a run: its spec and digest as configuration, its formula as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.write import write
from lossspec.report.formula import unicode

if TYPE_CHECKING:
    from lossspec.log.protocol import Run

#: The members of the header of the log that describe the run, not the moment at which it began.
_KEYS = ("spec", "digest", "params", "document", "losses", "versions", "device", "ranks")


def config_of(run: Run) -> dict[str, object]:
    """Return the configuration of a run: the spec, resolved, with its reference, digest and params."""
    header = run.header()
    return {key: header[key] for key in _KEYS}


def formula_of(run: Run) -> str | None:
    """Return the formula of a run as plain text; None for losses registered in code."""
    return None if run.spec is None else unicode(run.spec)


def toml_of(run: Run) -> str | None:
    """Return the resolved spec as TOML; None for losses registered in code."""
    return None if run.spec is None else write(run.spec)
