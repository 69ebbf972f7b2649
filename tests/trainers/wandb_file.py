"""Reads the transaction log of an offline run of W&B: LevelDB's log format, with records of W&B's protocol.

W&B itself only reads it to send it to a server.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wandb.proto import wandb_internal_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK = 1 << 15
_HEAD = 7
_FULL, _LAST = 1, 4


def records(path: Path) -> Iterator[Any]:
    data, at, parts = path.read_bytes(), _HEAD, b""
    while at + _HEAD <= len(data):
        if _BLOCK - at % _BLOCK < _HEAD:  # the rest of a block is padding
            at += _BLOCK - at % _BLOCK
            continue
        size, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        parts += data[at + _HEAD : at + _HEAD + size]
        at += _HEAD + size
        if kind in {_FULL, _LAST}:
            yield wandb_internal_pb2.Record.FromString(parts)
            parts = b""


def history(path: Path) -> list[dict[str, Any]]:
    """Return what was logged, one dict a call of ``run.log``."""
    return [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in each.history.item}
        for each in records(path)
        if each.WhichOneof("record_type") == "history"
    ]


def axes(path: Path) -> dict[str, str]:
    """Return the x axis of each metric that has one."""
    found = {}
    names = []
    for each in records(path):
        if each.WhichOneof("record_type") == "metric":
            metric = each.metric
            names.append(metric.name)
            if metric.step_metric or metric.step_metric_index:
                found[metric.name] = metric.step_metric or names[metric.step_metric_index - 1]
    return found
