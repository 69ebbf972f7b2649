"""Exports a loss log as TensorBoard events, with TensorBoard's own writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.errors import MissingExtraError
from lossspec.log.points import axis_of, points

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lossspec.log.points import Point
    from lossspec.log.reader import LossLogData


def write_events(log: LossLogData, folder: Path) -> Path:
    """Write the raw value, applied weight and weighted value of each loss, and return the file.

    The tags are ``raw/G_L1``, ``weight/G_L1``, ``weighted/G_L1``, and ``total/G`` for the total of an
    objective; with the prefix ``validation/``, or the name of a section, for validation values. All series
    are on one axis: the clock's steps if they were counted, else its epochs, else the calls. A series has one
    event a position, the mean of its values there, with the time when the last of them was recorded.

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
        for point, tag, value in _scalars(log):
            event.wall_time, event.step = point.time, int(point.position)
            scalar.tag, scalar.simple_value = tag, value
            writer.write(event.SerializeToString())
    return path


def _scalars(log: LossLogData) -> Iterator[tuple[Point, str, float]]:
    axis = axis_of(log.sections().values())
    for section, losses in log.sections().items():
        prefix = "" if section == "training" else f"{section}/"
        for name, columns in losses.items():
            for point in points(columns, axis, whole=True):
                yield point, f"{prefix}raw/{name}", point.raw
                yield point, f"{prefix}weight/{name}", point.term_weight * point.objective_weight
                yield point, f"{prefix}weighted/{name}", point.weighted
        for objective, columns in log.totals.get(section, {}).items():
            for point in points(columns, axis, whole=True):
                yield point, f"{prefix}total/{objective}", point.weighted
