"""The state of a manager: what a checkpoint holds, and what a copy takes over."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Self, cast

from lossspec.manager import checkpoint
from lossspec.manager.getters import Getters
from lossspec.manager.record.ranks import ranks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.log.feed import Feed
    from lossspec.log.writer import LossLog
    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.objective.objective import Objective
    from lossspec.manager.record.flush import Flusher
    from lossspec.manager.registration import Registration
    from lossspec.manager.run import Run


class State(Getters):
    """Saves, loads and copies a ``LossManager``."""

    _run: Run
    _clock: Clock
    _weights: Weights
    _log: LossLog | None
    _feed: Feed | None
    _writes: bool
    _flusher: Flusher
    _registration: Registration
    _objectives: dict[str, Objective]

    def _flush(self) -> int:
        raise NotImplementedError

    def _start(self) -> None:
        raise NotImplementedError

    @property
    def is_copy(self) -> bool:
        """Whether this is a copied manager, or that of the parent of a forked process: nothing is written."""
        return self._recorders.is_copy or (self._log is not None and self._log.is_forked)

    def state_dict(self) -> dict[str, object]:
        """Return the state to resume a run: clock, digest, position in the log, losses, weights set by hand.

        The log is written first, so its position covers every value recorded so far; what the file does not
        take, as on a full disk, is in the checkpoint. If several processes train together the log is not
        written, since a flush needs all of them and a checkpoint is often taken by one. The result holds
        plain values and tensors, and loads with ``torch.load(weights_only=True)``.

        Raises:
            CheckpointError: several processes train together and values are not in the log yet: call
                ``update_loss_log()`` on all of them first.
        """
        self._settle()
        if ranks() == 1:
            self._flush()
        elif self._writes:
            self._recorders.fetch()
            checkpoint.require_flushed(self._losses)
        log = self._log
        chunks = self._flusher.position if log is None else log.position
        waiting = {} if log is None else log.waiting
        return checkpoint.save(self._run, self._clock, self._recorders.samples, chunks, waiting)

    def load_state_dict(self, saved: Mapping[str, object], *, ignore_digest: bool = False) -> None:
        """Resume where ``state_dict`` was taken.

        Values that are not in the log yet are dropped. New values supersede those that the log has after the
        checkpoint. The length of the run and the batch size, if set by ``set_progress``, stay as set.

        Args:
            saved: the return value of ``state_dict``.
            ignore_digest: accept the checkpoint of another spec, for the losses that both have.

        Raises:
            CheckpointError: it is invalid or of another spec; nothing has changed then.
        """
        saved = checkpoint.check(saved, self._run, any_spec=ignore_digest)
        self._settle()
        self._recorders.fetch()
        checkpoint.restore_modules(saved, self._run)  # the only part that can fail, so it comes first
        self._registration.forget()
        self._validation.forget()
        for objective in self._objectives.values():
            objective.forget_probes()
        self._recorders.samples = self._recorders.samples or cast("int | None", saved["batch_size"])
        self._flusher.position = chunks = cast("int", saved["chunks"])
        if self._log is not None:
            self._log.resume(chunks, checkpoint.rows_of(saved))
        if self._feed is not None:
            self._feed.resume()
        checkpoint.restore(saved, self._run, self._clock)

    def _settle(self) -> None:
        for objective in self._objectives.values():
            objective.settle()

    def __getstate__(self) -> dict[str, object]:
        """Return the state of a copy, which records nothing: it has no folder, log, writers or values.

        Objectives that are copied with it are its objectives.
        """
        self._settle()
        kept = {name: value for name, value in self.__dict__.items() if name not in _OF_ONE_MANAGER}
        without = {"experiment_dir": None, "enable_logging": False, "_writes": False}
        return {**kept, **without, "_log": None, "_feed": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._weights.add(self._losses.values())
        self._start()

    def __copy__(self) -> Self:
        return copy.deepcopy(self)


#: What ``_start`` makes.
_OF_ONE_MANAGER = frozenset({"_flusher", "_calls", "_registration", "_validation"})
