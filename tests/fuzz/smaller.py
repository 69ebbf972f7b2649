"""Makes an input smaller while its fault stays the same: files, then lines, then characters are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.inputs import Files


def smaller(files: Files, is_same: Callable[[Files], bool], tries: int = 300) -> Files:
    """Return the input with less in it.

    Args:
        files: the input.
        is_same: whether an input has the same fault.
        tries: how often it is asked.
    """
    left = [tries]

    def asked(candidate: Files) -> bool:
        left[0] -= 1
        return left[0] >= 0 and is_same(candidate)

    for name in [*files]:
        without = {key: each for key, each in files.items() if key != name}
        if without and asked(without):
            files = without
    for separator in (b"\n", b" ", b","):
        for name in files:
            pieces = files[name].split(separator)
            size = len(pieces) // 2
            while size and left[0] > 0:
                start = 0
                while start < len(pieces) and left[0] > 0:
                    rest = pieces[:start] + pieces[start + size :]
                    if asked({**files, name: separator.join(rest)}):
                        pieces = rest
                    else:
                        start += size
                size //= 2
            files = {**files, name: separator.join(pieces)}
    return files
