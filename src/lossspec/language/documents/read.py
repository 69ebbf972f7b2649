"""Reading: a file, bytes or text become a source, and a source becomes a document, or says why not."""

from __future__ import annotations

from pathlib import Path

import tomli

from lossspec.faults import Fault, Range
from lossspec.language.diagnostics.diagnostic import Diagnostic
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.search import file_like
from lossspec.language.text import limits
from lossspec.language.text.source import BYTE_ORDER_MARK, Source

#: More than this need not be read to know that it is too much: a byte order mark is not counted.
MAX_READ = len(BYTE_ORDER_MARK) + limits.MAX_BYTES + 1
_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_source(path: str | Path, name: str = "") -> Source:
    """Read a file, of which no more than the limit is ever held.

    Args:
        path: the file.
        name: what messages call it; the path if empty.

    Raises:
        SpecError: if it can't be read, is too large, or is not UTF-8.
    """
    path = Path(path)
    name = name or str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_READ)
    except OSError as error:
        message = f"the file can't be read: {(error.strerror or str(error)).lower()}"
        like = file_like(path) if isinstance(error, FileNotFoundError) else None
        help_ = f"a file with a similar name exists: `{like}`" if like else ""
        raise SpecError([Diagnostic("unreadable", "error", message, name, help=help_)]) from error
    return decode(data, name, path)


def decode(data: bytes, name: str, path: Path | None = None) -> Source:
    """Make a source of bytes: UTF-8, with or without a byte order mark.

    Raises:
        SpecError: if they are too many or not UTF-8.
    """
    content = data.removeprefix(BYTE_ORDER_MARK)
    text = content.decode(errors="replace")
    source = Source(name, text, path)
    fault = limits.too_large(len(content))
    if fault is None and "\N{REPLACEMENT CHARACTER}" in text:  # which may also stand there by right
        fault = _not_utf_8(content)
    if fault is not None:
        raise _error(source, fault)
    return source


def text_source(text: str, name: str = "<text>") -> Source:
    """Make a source of text that is there already.

    Raises:
        SpecError: if it is too large, or holds what UTF-8 can't say.
    """
    return decode(text.encode(errors="surrogatepass"), name)


def parse(source: Source) -> dict[str, object]:
    """Parse a source within the limits.

    >>> parse(text_source("format = 1"))
    {'format': 1}

    Raises:
        SpecError: with every syntax error, or the one limit that it is past.
    """
    fault = limits.scan(source.text)
    if fault is not None:
        raise _error(source, fault)
    try:
        document: dict[str, object] = tomli.loads(source.text)
    except ValueError as error:  # of TOML, or of int() where digits go on for thousands
        from lossspec.language.documents.recover import every_fault  # the clean path does not pay

        raise SpecError(every_fault(source, error)) from None
    too_many = limits.too_many_losses(document)
    if too_many is not None:
        raise _error(source, too_many)
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


def _error(source: Source, *faults: Fault) -> SpecError:
    from lossspec.language.diagnostics.locate import locate  # the clean path does not pay

    return SpecError(locate(faults, source))
