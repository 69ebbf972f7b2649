"""What holds for all that a command prints, whatever the files say."""

from __future__ import annotations

import re

#: Characters that control a terminal, hide text or reverse it.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")
_OWN_STYLE = re.compile(r"\x1b\[(0|1|(1;)?3[1-6]|38;5;\d+)m")


def check_output(shown: str, *, is_github: bool = False, is_coloured: bool = False) -> None:
    """Check what a command prints: no traceback, no control character, no command of a CI service.

    Raises:
        AssertionError: it has one.
    """
    assert "Traceback" not in shown, shown
    if is_coloured:
        shown = _OWN_STYLE.sub("", shown)
    shown = shown.replace("\r\n", "\n")  # lines of a file may end so
    assert not CONTROLS.search(shown), repr(shown)
    if is_github:
        return
    for line in shown.splitlines():
        assert not re.match(r"\s*::\w", line), line
        assert "##[" not in line, line
