"""A canvas of braille dots for the terminal: a character cell has two by four dots and one colour."""

from __future__ import annotations

from itertools import groupby

from attrs import define, field

#: The bit of each dot of a braille cell, by row and column.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800
#: Okabe and Ito's colours, as close as a 256-colour terminal has them, for dark and light backgrounds.
_ANSI = (33, 166, 36, 175, 214, 74, 245)


def painted(text: str, index: int | None) -> str:
    """Return ``text`` in the colour of line ``index``, or unchanged if ``index`` is None.

    >>> painted("G", None)
    'G'
    """
    return text if index is None else f"\x1b[38;5;{_ANSI[index % len(_ANSI)]}m{text}\x1b[0m"


@define
class Canvas:
    """Cells of dots.

    Attributes:
        width: in cells.
        height: in cells.
    """

    width: int
    height: int
    _bits: dict[tuple[int, int], int] = field(factory=dict, repr=False)
    _owners: dict[tuple[int, int], set[int]] = field(factory=dict, repr=False)

    def dot(self, x: int, y: int, owner: int) -> None:
        """Set the dot in column ``x`` from the left and row ``y`` from the top."""
        cell = (x // 2, y // 4)
        self._bits[cell] = self._bits.get(cell, 0) | _BITS[y % 4][x % 2]
        self._owners.setdefault(cell, set()).add(owner)

    def lines(self, *, colour: bool) -> list[str]:
        """Return the rows of text. Where lines overlap, their colours alternate."""
        return [self._row(y, colour=colour) for y in range(self.height)]

    def _row(self, y: int, *, colour: bool) -> str:
        cells = groupby(range(self.width), key=lambda x: self._owner(x, y) if colour else None)
        return "".join(
            painted(
                "".join(chr(_BLANK + self._bits[x, y]) if (x, y) in self._bits else " " for x in xs), owner
            )
            for owner, xs in cells
        )

    def _owner(self, x: int, y: int) -> int | None:
        owners = sorted(self._owners.get((x, y), ()))
        return owners[x // 2 % len(owners)] if owners else None
