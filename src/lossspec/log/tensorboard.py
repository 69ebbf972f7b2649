"""Writes and reads TensorBoard event files with TensorBoard's own code: of a log, and during a run."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from lossspec.errors import MissingExtraError
from lossspec.log.file import append
from lossspec.log.points import section_of, series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lossspec.log.points import SeriesPoint
    from lossspec.log.reading.reader import LossLogData

#: How the names of our event files end.
SUFFIX = ".lossspec"


def write_events(log: LossLogData, folder: Path) -> Path:
    """Write the raw value, applied weight and weighted value of each loss, and return the file.

    The tags are ``raw/G_L1``, ``weight/G_L1``, ``weighted/G_L1``, and ``total/G`` for the total of an
    objective; with the prefix ``validation/``, or the name of a section, for validation values. All series
    are on one axis: the clock's steps if they were counted, else its epochs, else the calls. A series has one
    event a position, the mean of its values there, with the time when the last of them was recorded.

    Raises:
        MissingExtraError: tensorboard is not installed.
    """
    time = float(log.header.get("time", 0.0))
    check_installed()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events.out.tfevents.{int(time):010d}{SUFFIX}"
    path.unlink(missing_ok=True)
    EventFile(path, time).write(series(log, whole=True))
    return path


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            'TensorBoard events need tensorboard, which is not installed: pip install "lossspec[tensorboard]"'
        ) from error


def check_installed() -> None:
    """Check that tensorboard can be imported.

    Raises:
        MissingExtraError: it is not installed.
    """
    with _extra():
        import tensorboard.summary.writer.record_writer  # noqa: F401


class EventFile:
    """A new event file, open only while it is written.

    Args:
        path: its path; ``tfevents`` is part of the name of every event file.
        time: when the run began, in seconds since 1970.

    Raises:
        OSError: the file exists, or cannot be written.
        MissingExtraError: tensorboard is not installed.
    """

    def __init__(self, path: Path, time: float) -> None:
        with _extra():
            from tensorboard.compat.proto.event_pb2 import Event  # an extra
            from tensorboard.summary.writer.record_writer import RecordWriter
        self._event = Event
        self._records = BytesIO()
        self._writer = RecordWriter(self._records)
        self._path = path
        path.touch(exist_ok=False)
        self._writer.write(Event(wall_time=time, file_version="brain.Event:2").SerializeToString())
        self._append()

    def write(self, points: Iterable[SeriesPoint]) -> None:
        """Append the values of points as scalars, all or none.

        Raises:
            OSError: the file cannot be written; it is unchanged.
        """
        from tensorboard.compat.proto.summary_pb2 import Summary

        event = self._event(summary=Summary(value=[Summary.Value()]))
        scalar = event.summary.value[0]
        for each in points:
            event.wall_time, event.step = each.point.time, int(each.point.position)
            for tag, value in each.values().items():
                scalar.tag, scalar.simple_value = tag, value
                self._writer.write(event.SerializeToString())
        self._append()

    def write_texts(self, texts: Iterable[tuple[str, str]], time: float) -> None:
        """Append texts in Markdown by tag, at step 0.

        Raises:
            OSError: the file cannot be written; it is unchanged.
        """
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.plugins.text.metadata import create_summary_metadata

        for tag, text in texts:
            shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
            tensor = TensorProto(dtype="DT_STRING", string_val=[text.encode()], tensor_shape=shape)
            about = create_summary_metadata(display_name="", description="")
            value = Summary.Value(tag=tag, metadata=about, tensor=tensor)
            event = self._event(wall_time=time, summary=Summary(value=[value]))
            self._writer.write(event.SerializeToString())
        self._append()

    def _append(self) -> None:
        data = self._records.getvalue()
        self._records.seek(0)
        self._records.truncate()
        append(self._path, data)


def last_positions(folder: Path) -> dict[str, float]:
    """Return the last position of each section in our event files of a folder."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    found: dict[str, float] = {}
    for path in sorted(folder.glob(f"*tfevents*{SUFFIX}")):
        for event in LegacyEventFileLoader(str(path)).Load():
            for value in event.summary.value:
                if value.WhichOneof("value") == "simple_value":
                    section = section_of(value.tag)
                    found[section] = max(event.step, found.get(section, event.step))
    return found
