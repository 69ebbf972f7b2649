"""The HTML report on runs: one file that needs nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from lossspec._version import __version__
from lossspec.clean import html as clean_html
from lossspec.names import abbreviate
from lossspec.paths import user_path
from lossspec.report.diff import differences
from lossspec.report.formula.mathml import mathml, meanings
from lossspec.report.run.logged_spec import spec_of_run
from lossspec.report.run.not_finite import not_finite
from lossspec.report.run.page_data import STRETCHES, named, page_data
from lossspec.report.run.probes import probe_rows
from lossspec.report.run.summary import first_and_last_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from os import PathLike
    from pathlib import Path

    from lossspec.language.model import Spec
    from lossspec.log.reading.reader import LossLogData
    from lossspec.report.draw.text import Row
    from lossspec.report.run.logged_spec import RunSpec
    from lossspec.report.run.page_data import NamedLog

#: The parts of the script, each after those that it uses.
SCRIPTS = ("data", "state", "scale", "curves", "frame", "charts", "controls", "paper", "main")
_PLACE = re.compile(r"\{(version|title|style|about|objectives|numbers|specs|data|script)\}")


def write_report(logs: Sequence[LossLogData], path: str | PathLike[str], stretches: int = STRETCHES) -> Path:
    """Write an HTML report on one run, or comparing several.

    Args:
        logs: logs from ``lossspec.read_log``, at least one.
        path: the file, in an existing folder.
        stretches: the most points of a curve; each keeps the lowest, mean and highest of its values.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written.
    """
    file = user_path(path)
    file.write_text(report(named(logs), stretches), encoding="utf-8")
    return file


def report(runs: Sequence[NamedLog], stretches: int = STRETCHES) -> str:
    """Return the HTML: formula, curves, weights, shares, first and last values, spec.

    Args:
        runs: at least one; several are compared.
        stretches: the most points of a curve; each keeps the lowest, mean and highest of its values.
    """
    title = ", ".join(run.name for run in runs)
    specs = [spec_of_run(run.log) for run in runs]
    page = files("lossspec.report") / "page"
    parts = {
        "version": __version__,
        "title": clean_html(title),
        "style": (page / "style.css").read_text(encoding="utf-8"),
        "about": "\n".join(_about(runs)),
        "objectives": "\n".join(_objectives(runs, specs)),
        "numbers": "\n".join(_numbers(run) for run in runs),
        "specs": "\n".join(_specs(specs)),
        "data": _script_data(page_data(runs, stretches)),
        "script": "\n".join((page / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS),
    }
    template = (page / "page.html").read_text(encoding="utf-8")
    return _PLACE.sub(lambda place: parts[place[1]], template)


def _about(runs: Sequence[NamedLog]) -> Iterator[str]:
    yield '<ul class="about">'
    for index, run in enumerate(runs):
        key = f'<span class="key" style="background: var(--c{index % 7})"></span>' if len(runs) > 1 else ""
        name = f"<strong>{clean_html(run.name)}</strong> · " if len(runs) > 1 else ""
        yield f"<li>{key}{name}{' · '.join(_facts(run))}</li>"
        yield from (f'<li class="warning">{clean_html(each)}</li>' for each in _warnings(run.log))
    yield "</ul>"


def _facts(run: NamedLog) -> Iterator[str]:
    header = run.log.header
    if header.get("spec"):
        digest = clean_html(str(header.get("digest")))
        yield f'{clean_html(str(header["spec"]))} <span class="digest" title="{digest}">{digest[:12]}</span>'
    values = sum(len(columns) for columns in run.log.losses.values())
    yield f"{values:,} values"
    versions = header.get("versions")
    if isinstance(versions, dict) and "torch" in versions:
        yield f"torch {clean_html(str(versions['torch']))} on {clean_html(str(header.get('device')))}"
    if isinstance(header.get("time"), int | float):
        yield f"{datetime.fromtimestamp(header['time'], UTC):%Y-%m-%d %H:%M} UTC"


def _warnings(log: LossLogData) -> Iterator[str]:
    for name, count in log.lost.items():
        yield f"{count:,} values of {name} were lost because the log could not be written"
    for number, problem in log.damaged.items():
        yield f"line {number} of the log is damaged and left out: {problem}"
    yield from not_finite(log)


def _objectives(runs: Sequence[NamedLog], specs: Sequence[RunSpec]) -> Iterator[str]:
    """Yield the formula of each spec once, and the differences of the others from the first."""
    first: RunSpec | None = None
    shown: set[str] = set()
    for run, found in zip(runs, specs, strict=True):
        if found.digest in shown and found.digest:
            continue
        shown.add(found.digest)
        if len(runs) > 1:
            yield f"<h3>{clean_html(run.name)}</h3>"
        if found.spec is None:
            yield f"<p>No formula: {clean_html(found.problem)}.</p>"
            continue
        yield f'<div class="scroll">{mathml(found.spec)}</div>'
        yield f"<details><summary>What the symbols mean</summary>{meanings(found.spec)}</details>"
        if first is not None and first.spec is not None:
            yield from _difference(first.spec, found.spec)
        first = first or found


def _difference(before: Spec, after: Spec) -> Iterator[str]:
    yield "<p>Differences from the first:</p><ul>"
    for change in differences(before, after):
        values = [change.before, change.after]
        plain = all(isinstance(each, int | float | str) for each in values)
        text = " → ".join(map(str, values)) if plain else ""
        yield f"<li>{change.kind}: <code>{clean_html('.'.join(change.path))}</code> {clean_html(text)}</li>"
    yield "</ul>"


def _numbers(run: NamedLog) -> str:
    rows = first_and_last_rows(run.log)
    if not rows:
        return f"<h3>{clean_html(run.name)}</h3><p>Nothing was recorded.</p>"
    heads, body = rows[:2], [row for row in rows[2:] if row]
    width = len(heads[1])
    lines = [_row(row, "th", width) for row in heads] + [_row(row, "td", width) for row in body]
    table = f'<table class="numbers">{"".join(lines)}</table>'
    return f'<h3>{clean_html(run.name)}</h3><div class="scroll">{table}</div>{_probes(run.log)}'


def _probes(log: LossLogData) -> str:
    """Return the table of what the probes of a run found; "" if there were none."""
    rows = probe_rows(log.probes)
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = "".join(_row(row, "th" if index < 1 else "td", width) for index, row in enumerate(rows))
    table = f'<table class="numbers">{lines}</table>'
    return f'<h4>Gradients, from {len(log.probes)} probes</h4><div class="scroll">{table}</div>'


def _row(row: Row, cell: str, width: int) -> str:
    if len(row) == 1:
        return f'<tr><th colspan="{width}">{clean_html(abbreviate(row[0]))}</th></tr>'
    return f"<tr>{''.join(f'<{cell}>{clean_html(abbreviate(text.strip()))}</{cell}>' for text in row)}</tr>"


def _specs(specs: Sequence[RunSpec]) -> Iterator[str]:
    shown: set[str] = set()
    for found in specs:
        if not found.text or found.digest in shown:
            continue
        shown.add(found.digest)
        digest = f'<span class="digest">{clean_html(found.digest)}</span>'
        yield f"<details><summary>{clean_html(found.reference)}, digest {digest}</summary>"
        yield f"<pre>{clean_html(found.text)}</pre></details>"
    if not shown:
        yield "<p>No log contains a spec.</p>"


def _script_data(value: Mapping[str, object]) -> str:
    """Return JSON that cannot close the script element that contains it."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")
