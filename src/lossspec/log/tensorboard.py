"""Exports a loss log as TensorBoard events, with TensorBoard's own writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.log.reader import LossLogData


def write_events(log: LossLogData, folder: Path) -> Path:
    """Write the raw value, applied weight and weighted value of each loss, and return the file.

    The tags are ``raw/G_L1``, ``weight/G_L1``, ``weighted/G_L1``, and ``validation/...`` for validation
    values. The step is the clock's step, or the row number in a run that never counted steps.

    Raises:
        MissingExtraError: tensorboard is not installed.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event  # an extra
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            'TensorBoard events need tensorboard, which is not installed: pip install "lossspec[tensorboard]"'
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    time = float(log.header.get("time", 0.0))
    path = folder / f"events.out.tfevents.{int(time):010d}.lossspec"
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=time, file_version="brain.Event:2").SerializeToString())
        event = Event(wall_time=time, summary=Summary(value=[Summary.Value()]))
        scalar = event.summary.value[0]
        for step, tag, value in _scalars(log):
            event.step, scalar.tag, scalar.simple_value = step, tag, value
            writer.write(event.SerializeToString())
    return path


def _scalars(log: LossLogData) -> Iterator[tuple[int, str, float]]:
    for prefix, losses in (("", log.losses), ("validation/", log.validation)):
        for name, columns in losses.items():
            steps = columns.step if any(columns.step) else range(len(columns))
            for row, step in enumerate(steps):
                yield step, f"{prefix}raw/{name}", columns.raw[row]
                yield step, f"{prefix}weight/{name}", columns.term_weight[row] * columns.objective_weight[row]
                yield step, f"{prefix}weighted/{name}", columns.weighted[row]
