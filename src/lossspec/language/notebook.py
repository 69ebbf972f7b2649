"""What a notebook shows of a spec, an objective or a manager.

The HTML is written by ``lossspec.report``, a package above those whose objects it shows. So it is imported by
its name, and only when a notebook asks.
"""

from __future__ import annotations

from importlib import import_module

_WRITER = "lossspec.report.notebook"


def html(title: str, spec: object, rows: object = None) -> str:
    """Return the HTML of a spec: see ``lossspec.report.notebook.html``."""
    text: str = import_module(_WRITER).html(title, spec, rows)
    return text
