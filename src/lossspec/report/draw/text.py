"""Numbers and tables as plain text."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from lossspec.names import abbreviate

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Beyond these sizes a number is written with an exponent.
SMALL, LARGE = 1e-4, 1e6
#: The cells of a row; a row of one cell is a heading that spans all columns.
Row = tuple[str, ...]


def figure(value: float | None, digits: int = 4) -> str:
    """Format a measured number with ``digits`` significant digits; None is "-".

    >>> [figure(each) for each in (100.0, 0.69314, 1234567.8, 0.0000123456, 0.0, 12345.6)]
    ['100', '0.6931', '1.235e6', '1.235e-5', '0', '12346']
    >>> figure(None), figure(math.nan), figure(-math.inf)
    ('-', 'nan', '-inf')
    """
    if value is None:
        return "-"
    if not math.isfinite(value) or value == 0:
        return f"{value:.0f}"
    if not SMALL <= abs(value) < LARGE:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{_trimmed(mantissa)}e{int(exponent)}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return _trimmed(f"{value:.{places}f}")


def exact(value: float) -> str:
    """Format a number as briefly as possible so that reading it gives the same number.

    >>> [exact(each) for each in (100.0, 0.5, 1e-7, 3, 15000000.0, math.inf)]
    ['100', '0.5', '1e-7', '3', '1.5e7', 'inf']
    """
    if not math.isfinite(value):
        return str(value)
    if value == 0 or (value == int(value) and abs(value) < LARGE * 10):
        return str(int(value))
    if SMALL <= abs(value) < LARGE * 10:
        return repr(float(value))
    mantissa, _, exponent = f"{Decimal(repr(float(value))).normalize():e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def grid(rows: Sequence[Row], gap: int = 2) -> str:
    """Return ``rows`` as aligned columns, without trailing spaces; long cells are cut.

    >>> print(grid([("term", "weight"), ("G",), ("  l1", "100")]))
    term  weight
    G
      l1     100
    """
    rows = [tuple(map(abbreviate, row)) for row in rows]
    cells = [row for row in rows if len(row) > 1]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((len(row[at]) for row in cells if at < len(row)), default=0) for at in range(columns)]
    lines = []
    for row in rows:
        first = row[0].ljust(widths[0]) if len(row) > 1 else "".join(row)
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=False)]
        lines.append((" " * gap).join([first, *rest]).rstrip())
    return "\n".join(lines)
