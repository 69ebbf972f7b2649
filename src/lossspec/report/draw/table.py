"""Plain text in columns: the first aligned left, the others right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The cells of a row; a row of one cell is a heading that spans all columns.
Row = tuple[str, ...]


def grid(rows: Sequence[Row], gap: int = 2) -> str:
    """Return ``rows`` as aligned columns, without trailing spaces.

    >>> print(grid([("term", "weight"), ("G",), ("  l1", "100")]))
    term  weight
    G
      l1     100
    """
    cells = [row for row in rows if len(row) > 1]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((len(row[at]) for row in cells if at < len(row)), default=0) for at in range(columns)]
    lines = []
    for row in rows:
        first = row[0].ljust(widths[0]) if len(row) > 1 else "".join(row)
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False)]
        lines.append((" " * gap).join([first, *rest]).rstrip())
    return "\n".join(lines)
