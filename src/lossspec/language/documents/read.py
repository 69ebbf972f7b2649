"""Reads a file, bytes or text into a source, and parses a source into a document."""

from __future__ import annotations

import re
from pathlib import Path

import tomli

from lossspec.faults import Fault, Range
from lossspec.language.diagnostics.diagnostic import Diagnostic
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.search import file_like
from lossspec.language.text import limits
from lossspec.language.text.source import BYTE_ORDER_MARK, Source
from lossspec.paths import open_regular

#: Reading one byte more than the limit, and a byte order mark, is enough to know that a file is too large.
MAX_READ = len(BYTE_ORDER_MARK) + limits.MAX_BYTES + 1
#: The parser accepts integers that do not fit in 64 bits, unlike other readers of TOML, and torch.
_LONG_INTEGER = re.compile(r"\d\w{18,}", re.ASCII)
_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_source(path: str | Path, name: str = "", within: Path | None = None) -> Source:
    """Read a file, but never more of it than the limit.

    Args:
        path: the file.
        name: its name in messages; the path if empty.
        within: the folder in which it must lie, after links; None for anywhere.

    Raises:
        SpecError: it cannot be read, is too large, is not UTF-8, or lies elsewhere.
    """
    path = Path(path)
    name = name or str(path)
    try:
        with open_regular(path, within) as file:
            data = file.read(MAX_READ)
    except OSError as error:
        message = f"the file cannot be read: {(error.strerror or str(error)).lower()}"
        like = file_like(path) if isinstance(error, FileNotFoundError) else None
        help_ = f"a file with a similar name exists: `{like}`" if like else ""
        raise SpecError([Diagnostic("unreadable", "error", message, name, help=help_)]) from error
    return decode(data, name, path)


def decode(data: bytes, name: str, path: Path | None = None) -> Source:
    """Make a source from UTF-8 bytes, with or without a byte order mark.

    Raises:
        SpecError: they are too many or not UTF-8.
    """
    content = data.removeprefix(BYTE_ORDER_MARK)
    text = content.decode(errors="replace")
    source = Source(name, text, path)
    fault = limits.too_large(len(content))
    if fault is None and "\N{REPLACEMENT CHARACTER}" in text:  # which the file may really contain
        fault = _not_utf_8(content)
    if fault is not None:
        raise _error(source, fault)
    return source


def text_source(text: str, name: str = "<text>") -> Source:
    """Make a source from a string.

    Raises:
        SpecError: it is too large, or has characters that UTF-8 cannot encode.
    """
    return decode(text.encode(errors="surrogatepass"), name)


def parse(source: Source) -> dict[str, object]:
    """Parse a source within the limits.

    >>> parse(text_source("format = 1"))
    {'format': 1}

    Raises:
        SpecError: with every syntax error, or with the first limit that it exceeds.
    """
    fault = limits.scan(source.text)
    if fault is not None:
        raise _error(source, fault)
    try:
        document: dict[str, object] = tomli.loads(source.text)
    except ValueError as error:  # also from int(), for thousands of digits
        raise _syntax_error(source, error) from None
    if _LONG_INTEGER.search(source.text) and source.reading.faults:
        raise _syntax_error(source)
    fault = limits.too_many_losses(document)
    if fault is not None:
        raise _error(source, fault)
    return document


def _not_utf_8(content: bytes) -> Fault | None:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        start = len(content[: error.start].decode())
        which = "UTF-16, not UTF-8" if content.startswith(_MARKS_OF_UTF_16) else "not UTF-8"
        return Fault(
            "not-utf-8",
            f"the file is {which}: byte {error.start + 1} is 0x{content[error.start]:02x}",
            Range(start, start + 1),
            help="save it as UTF-8",
        )
    return None


def _error(source: Source, fault: Fault) -> SpecError:
    from lossspec.language.diagnostics.locate import locate  # the clean path does not pay

    return SpecError(locate([fault], source))


def _syntax_error(source: Source, error: ValueError | None = None) -> SpecError:
    from lossspec.language.documents.recover import every_fault  # the clean path does not pay

    return SpecError(every_fault(source, error))
