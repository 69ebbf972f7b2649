"""What the log and the writers of values know of a run, and the protocol of a writer.

A writer passes the values of a run on to a tracker, such as TensorBoard: see ``lossspec.writers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lossspec.language.model import Spec
    from lossspec.log.points import SeriesPoint


class Run(Protocol):
    """The run that values belong to."""

    @property
    def spec(self) -> Spec | None:
        """The resolved spec; None for losses registered in code."""

    @property
    def digest(self) -> str | None:
        """The digest of the spec; None for losses registered in code."""

    def objectives(self) -> Mapping[str, str]:
        """Return the objective of each loss that has one."""

    def header(self) -> dict[str, object]:
        """Return the members of the first record of the log: the configuration of the run."""

    def machine(self) -> dict[str, object]:
        """Return the members that can differ when a run is resumed."""


class Writer(Protocol):
    """Takes the values of a run at each flush: ``LossManager(..., writers=[...])``.

    A manager calls ``begin`` once, before the first values, then ``write`` at each flush, and ``close`` at
    the end, on rank 0 only. All values are plain floats: a writer cannot make a step wait for an accelerator.

    A writer may raise any ``Exception``. The manager then warns once, and training goes on.

    Attributes:
        whole: whether positions must be whole numbers: a fractional epoch is rounded down.

    Example:
        >>> import torch
        >>> from lossspec import LossManager
        >>> class Printer:
        ...     whole = False
        ...     def begin(self, run, *, resumes):
        ...         return {}
        ...     def write(self, points):
        ...         for each in points:
        ...             print(each.point.position, each.values())
        ...     def close(self):
        ...         pass
        >>> with LossManager(writers=[Printer()]) as manager:
        ...     manager.register_loss_fn("l1", torch.nn.L1Loss(), loss_weight=10.0)
        ...     loss = manager.compute_loss("l1", torch.ones(4), torch.zeros(4))
        ...     manager.step()
        0 {'raw/l1': 1.0, 'weight/l1': 10.0, 'weighted/l1': 10.0}
    """

    @property
    def whole(self) -> bool:
        """Whether positions must be whole numbers: a fractional epoch is rounded down."""

    def begin(self, run: Run, *, resumes: bool) -> Mapping[str, float]:
        """Write the configuration and the formula of a run, before its first values.

        Args:
            run: the run: its spec, and its configuration in ``header()``.
            resumes: whether a checkpoint was loaded: the tracker can have values that the run computes again.

        Returns:
            The last position of each section that the tracker has, if ``resumes``. Points up to there are not
            written again.
        """

    def write(self, points: Sequence[SeriesPoint]) -> None:
        """Write the points of one flush: by section, then by loss, then by position.

        A point at the last position of the previous flush replaces that of its series: it is the mean of all
        values there.
        """

    def close(self) -> None:
        """Close what ``begin`` opened."""
