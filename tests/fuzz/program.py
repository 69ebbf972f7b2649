"""Runs a command of lossspec inside this process, as ``lossspec ARGUMENTS`` would run it."""

from __future__ import annotations

import io
import json
import sys
import warnings
import xml.etree.ElementTree as ET
from itertools import pairwise
from unittest.mock import patch

from attrs import frozen
from tests.output import check_output

from lossspec import cli
from lossspec.language.documents.project import project


@frozen
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def run(*arguments: str, stdin: bytes = b"") -> Ran:
    """Run a command and check what holds for each: its exit code and its text.

    Raises:
        AssertionError: it exits with a code that is not documented, fails without a word, or prints what it
            must not print.
        Exception: what the command does not handle.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    project.cache_clear()  # a process reads it once
    code: object = None
    with (
        patch.multiple(sys, argv=["lossspec", *arguments], stdout=out, stderr=err),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always")  # as in a process that runs once
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
        for stream in (out, err):
            stream.flush()
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    assert code in {None, 0, 1, 2}, f"exit code {code!r}"
    ran = Ran(int(code or 0), *texts)
    assert ran.code == 0 or ran.out or ran.err or "--quiet" in arguments or "-q" in arguments, "no word"
    _check(ran, arguments)
    return ran


def _check(ran: Ran, arguments: tuple[str, ...]) -> None:
    words = [word for each in arguments for word in each.split("=", 1)]
    form = ""
    for before, after in pairwise(words):  # the last one counts
        form = after if before in {"--format", "--output-format"} else form
    check_output(ran.err)
    check_output(ran.out, is_github=form == "github", is_coloured="--color" in words)
    if not ran.out or ran.code == 2 or "-h" in arguments or "--help" in arguments:
        return
    if form in {"json", "sarif", "gitlab", "nectargan"} and ran.out[0] in "[{":
        json.loads(ran.out)
    elif form == "junit" and ran.out[0] == "<":
        ET.fromstring(ran.out)
