"""Writes a loss log as TensorBoard events, without TensorBoard.

An event file is a sequence of records: a length, its checksum, a message, its checksum. The messages are
protocol buffers of four fields, encoded here by hand:
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.manager.log_reader import LossLogData

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, bits reversed
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def write_events(log: LossLogData, folder: Path) -> Path:
    """Write raw, weight and weighted value of each loss; return the file.

    The tags are ``raw/G_L1``, ``weight/G_L1``, ``weighted/G_L1``, and ``validation/...`` for validation
    values. The step is the clock's step, or the row where the run never counted steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    time = float(log.header.get("time", 0.0))
    path = folder / f"events.out.tfevents.{int(time):010d}.lossspec"
    with path.open("wb") as file:
        file.write(_record(_event(time, file_version="brain.Event:2")))
        for step, tag, value in _scalars(log):
            file.write(_record(_event(time, step=step, tag=tag, value=value)))
    return path


def _scalars(log: LossLogData) -> Iterator[tuple[int, str, float]]:
    for prefix, losses in (("", log.losses), ("validation/", log.validation)):
        for name, columns in losses.items():
            counted = any(columns.step)
            for row, step in enumerate(columns.step):
                at = step if counted else row
                yield at, f"{prefix}raw/{name}", columns.raw[row]
                yield at, f"{prefix}weight/{name}", columns.term_weight[row] * columns.objective_weight[row]
                yield at, f"{prefix}weighted/{name}", columns.weighted[row]


def _event(
    time: float, *, step: int | None = None, tag: str = "", value: float = 0.0, file_version: str = ""
) -> bytes:
    event = _key(1, _FIXED64) + struct.pack("<d", time)
    if file_version:
        return event + _text(3, file_version.encode())
    entry = _text(1, tag.encode()) + _key(2, _FIXED32) + struct.pack("<f", value)
    return event + _key(2, _VARINT) + _varint(step or 0) + _text(5, _text(1, entry))


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _text(number: int, value: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _record(message: bytes) -> bytes:
    length = struct.pack("<Q", len(message))
    return length + _masked_checksum(length) + message + _masked_checksum(message)


def _masked_checksum(data: bytes) -> bytes:
    checksum = crc32c(data)
    rotated = (checksum >> 15 | checksum << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of ``data``.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    checksum = 0xFFFFFFFF
    for byte in data:
        checksum = checksum >> 8 ^ _TABLE[(checksum ^ byte) & 0xFF]
    return checksum ^ 0xFFFFFFFF


def _table() -> tuple[int, ...]:
    entries = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (_POLYNOMIAL if entry & 1 else 0)  # noqa: PLW2901 - shifted eight times
        entries.append(entry)
    return tuple(entries)


_TABLE = _table()
