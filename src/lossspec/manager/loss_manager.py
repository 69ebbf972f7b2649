"""The manager: registers losses, runs, weighs, schedules and records them, and writes the log."""

from __future__ import annotations

import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Self, Unpack

from lossspec.errors import LogError, LossSpecError
from lossspec.log.feed import Feed
from lossspec.log.writer import LossLog
from lossspec.manager.building.objective import build_objective
from lossspec.manager.building.spec import losses_of
from lossspec.manager.clock.clock import Clock
from lossspec.manager.clock.weights import Weights
from lossspec.manager.contexts import Contexts
from lossspec.manager.getters import print_or_return
from lossspec.manager.loss.loss import LMLoss
from lossspec.manager.objective.single import LossCalls
from lossspec.manager.options import allowed, check_are_options, check_options, device_of
from lossspec.manager.probe.manager import ProbedManager
from lossspec.manager.record.flush import Flusher
from lossspec.manager.record.ranks import rank, ranks
from lossspec.manager.record.recorders import Recorders, check_batch_size
from lossspec.manager.record.validation import LatestValidation
from lossspec.manager.registration import Registration
from lossspec.manager.run import Run
from lossspec.manager.shown import ShownManager
from lossspec.paths import user_path
from lossspec.registry.allocation import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    import torch
    from torch import Tensor

    from lossspec.language.model import Spec
    from lossspec.log.protocol import Writer
    from lossspec.log.rows import LMHistory
    from lossspec.manager.building.spec import Losses, Reference
    from lossspec.manager.config import HasDevice
    from lossspec.manager.loss.curve import Curve
    from lossspec.manager.loss.messages import Function
    from lossspec.manager.objective.objective import Objective
    from lossspec.manager.options import Options
    from lossspec.manager.record.flush import OnNonFinite


class LossManager(ShownManager, ProbedManager, Contexts):
    """Runs the losses of a model: weighs each by its schedule, records it, and logs it.

    Args:
        config: anything with ``.common.device``, such as ``ConfigManager(path).data``.
        experiment_dir: the folder of the run; its log is ``loss_log.jsonl``. Without one, the last
            ``history_buffer_size`` values of each loss are kept in memory.
        enable_logging: if False, nothing is written and only the last value of each loss is kept.
        history_buffer_size: the most values of a loss that wait for ``update_loss_log``; a full buffer is
            written at once.
        device: the device of the losses; takes precedence over ``config``.
        on_nonfinite: "record" a NaN or infinite value like any other, or "warn" or "raise" at the next flush.
        durable: whether to call fsync after each write to the log.
        downloads: whether losses of a spec may download pretrained weights; else they are read from local
            files. A spec can never allow it.
        max_bytes: how much memory the losses of a spec may allocate when they are built; by default 1 GiB. A
            spec can never raise it.
        take_over: whether to close the log of another manager of this process that has the folder open, such
            as one that a notebook has lost; what it has not written yet is not written.
        writers: also get the values at each flush, on rank 0: those of ``lossspec.writers``, or your own
            ``lossspec.log.Writer``. Give them on every rank.

    Raises:
        LossSpecError: an option is invalid, or the folder is not writable or in use (a LogError).

    Example:
        >>> import torch
        >>> manager = LossManager()
        >>> manager.register_loss_fn("l1", torch.nn.L1Loss(), loss_weight=100.0)
        >>> manager.compute_loss_xy("l1", torch.ones(4), torch.zeros(4))
        tensor(100.)
        >>> manager.get_loss_values()
        {'l1': 100.0}
    """

    def __init__(
        self,
        config: HasDevice | None = None,
        experiment_dir: str | PathLike[str] | None = None,
        enable_logging: bool = True,
        history_buffer_size: int = 50_000,
        device: torch.device | str | None = None,
        *,
        on_nonfinite: OnNonFinite = "record",
        durable: bool = False,
        downloads: bool = False,
        max_bytes: float = MAX_BYTES,
        take_over: bool = False,
        writers: Sequence[Writer] = (),
    ) -> None:
        check_options(on_nonfinite, history_buffer_size, writers)
        self.device = device_of(device, config)
        self.experiment_dir = user_path(experiment_dir) if experiment_dir is not None else None
        self.enable_logging = enable_logging
        self._allowed = allowed(downloads=downloads, max_bytes=max_bytes)
        self._run = Run(device=self.device)
        limit = int(history_buffer_size) if enable_logging else 1
        self._clock = Clock()
        self._weights = Weights(self._clock)
        self._log: LossLog | None = None
        self._feed: Feed | None = None
        self._writes = enable_logging and (self.experiment_dir is not None or len(writers) > 0)
        if enable_logging and self.experiment_dir is not None and rank() == 0:
            self._log = LossLog(self.experiment_dir, self._run, limit, durable=durable, take_over=take_over)
        if enable_logging and writers and rank() == 0:
            self._feed = Feed(writers, self._run, self._clock)
        self._objectives = {}
        super().__init__(self._run.losses, Recorders(self._clock, self._make_room))
        self._recorders.merges = self._writes
        self._start(on_nonfinite, limit)

    def _start(self, on_nonfinite: OnNonFinite = "record", limit: int = 1) -> None:
        self._validation = LatestValidation()
        parts = self._losses, self._run, self._clock, self._weights, self._log
        self._flusher = Flusher(
            *parts,
            validation=self._validation,
            writes=self._writes,
            on_nonfinite=on_nonfinite,
            limit=limit,
        )
        if self._feed is not None:
            self._flusher.observers.append(self._feed.write)
        self._calls = LossCalls(self._losses, self._weights, self._recorders)
        written = (self._log is not None or self._feed is not None) and ranks() == 1
        self._registration = Registration(self._run, self._weights, limit, written=written)

    @property
    def spec(self) -> Spec | None:
        """The spec that the losses come from, if any."""
        return self._run.spec

    @classmethod
    def from_spec(
        cls,
        spec: Reference | Losses,
        params: Mapping[str, object] | None = None,
        overlay: Mapping[str, object] | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """Return a manager with the losses of a spec.

        Args:
            spec: ``NAME[+VARIANT...]``, a path, a ``Spec``, or a callable that returns losses by name.
            params: values for the spec's parameters, or arguments for the callable.
            overlay: changes to the document, in the shape of a variant.
            **options: those of ``LossManager``.

        Raises:
            SpecError: the spec is invalid, or a param or the overlay does not fit it.
            LossSpecError: the spec is missing, or a loss cannot be built.
        """
        resolved, losses = losses_of(spec, params or {}, overlay or {}, **allowed(**options))
        if resolved is not None:
            check_are_options(options, resolved.params)
        manager = cls(**options)
        try:
            manager._add(losses, resolved)
        except BaseException:
            manager.close()  # the error's traceback would keep the folder locked
            raise
        return manager

    def init_from_spec(self, spec: Reference | Losses | None, *args: object, **kwargs: object) -> None:
        """Register the losses of a spec.

        Args:
            spec: a reference, a path, a ``Spec``, a callable that returns a ``dict[str, LMLoss]``, or None
                for no losses.
            *args: arguments of the callable.
            **kwargs: keyword arguments of the callable, or params of the spec.

        Raises:
            SpecError: the spec is invalid.
            LossSpecError: the spec is missing, or a loss cannot be built.
            RegistrationError: the manager already has losses, or the callable does not return losses.
        """
        if spec is not None:
            resolved, losses = losses_of(spec, kwargs, {}, args, **self._allowed)
            self._add(losses, resolved)

    def _add(self, losses: Mapping[str, LMLoss], spec: Spec | None) -> None:
        self._registration.add_all(losses, spec)
        if self._log is not None:
            self._log.check()

    def register_loss_fn(
        self,
        loss_name: str,
        loss_fn: Function,
        loss_weight: float = 1.0,
        schedule: Curve | Mapping[str, object] | None = None,
        tags: Iterable[str] = (),
    ) -> None:
        """Register a loss.

        Args:
            loss_name: its name, unique in this manager.
            loss_fn: an ``nn.Module`` or any callable that takes tensors and returns one.
            loss_weight: its weight.
            schedule: its weight over time: a ``lossspec.schedules`` object, its table, or any f(t) -> float.
            tags: strings to select it by.

        Raises:
            RegistrationError: the name is taken or invalid, or both a weight and a schedule are given.
        """
        self._registration.add(LMLoss(loss_name, loss_fn, loss_weight, schedule, tags))

    def objective(self, name: str = "total") -> Objective:
        """Return an objective of the spec as a module, the same one each time.

        Raises:
            UnknownNameError: the spec has no objective of this name.
        """
        if name not in self._objectives:
            parts = self._run, self._clock, self._weights, self._recorders
            self._objectives[name] = build_objective(name, *parts)
        return self._objectives[name]

    def compute_loss_xy(
        self, loss_name: str, x: object, y: object, epoch: float | None = None, **tensors: object
    ) -> Tensor:
        """Run a loss with two inputs: see ``compute_loss``."""
        if epoch is not None:
            self._clock.forward(epoch)
        if tensors:
            return self._calls.with_tensors(loss_name, (x, y), tensors)
        return self._calls[loss_name](x, y)

    def compute_loss_xyz(
        self, loss_name: str, x: object, y: object, z: object, epoch: float | None = None, **tensors: object
    ) -> Tensor:
        """Run a loss with three inputs: see ``compute_loss``."""
        if epoch is not None:
            self._clock.forward(epoch)
        if tensors:
            return self._calls.with_tensors(loss_name, (x, y, z), tensors)
        return self._calls[loss_name](x, y, z)

    def compute_loss(
        self, loss_name: str, *inputs: object, epoch: float | None = None, **tensors: object
    ) -> Tensor:
        """Run a loss, record it, and return its weighted result with its graph.

        The applied weight is term weight times objective weight, so the terms of an objective add up to its
        total. ``inputs``, ``every``, ``at_zero`` and ``if_missing`` of a spec do not apply here: the caller
        passes the inputs as the loss takes them, and decides when to run it. Its ``reduce`` does apply. For a
        loss that returns a map, the mean of the map is recorded.

        Args:
            loss_name: the name of a registered loss.
            *inputs: the arguments of its function.
            epoch: moves the clock forward to this epoch, never back.
            **tensors: the tensors that its ``reduce`` takes, by their names in the spec, whole.

        Raises:
            UnknownNameError: no loss has this name, or its ``reduce`` takes no such tensor.
            LossInputError: the number of inputs is wrong, or a tensor of ``reduce`` is missing.
            LossResultError: the result is not a tensor.
            ClockError: the clock has no position in the unit of its schedule.
        """
        if epoch is not None:
            self._clock.forward(epoch)
        if tensors:
            return self._calls.with_tensors(loss_name, inputs, tensors)
        return self._calls[loss_name](*inputs)

    def set_progress(
        self,
        epoch: float | None = None,
        step: int | None = None,
        total_epochs: float | None = None,
        total_steps: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Set the clock, forward or back, and the length of the run.

        Args:
            epoch: the index of the current epoch, from 0; can be fractional.
            step: the number of optimiser steps so far.
            total_epochs: the number of epochs of the run.
            total_steps: the number of steps of the run.
            batch_size: how many samples each value counts for in a mean, from now on; by default the first
                dimension of the first tensor.

        Raises:
            ClockError: a value is negative, not finite or not a number; nothing has moved then.
        """
        check_batch_size(batch_size)
        self._clock.move(epoch, step, total_epochs, total_steps)
        self._recorders.several = ranks() > 1
        if batch_size is not None:
            self._recorders.samples = int(batch_size)
            self._restamp()

    def step(self) -> None:
        """Count one optimiser step."""
        self._clock.tick()
        if self._flusher.is_time():
            self._flush()

    def export_base_log(self) -> None:
        """Write the header of the log, if the file has none.

        Raises:
            LogError: there is no ``experiment_dir``, or its log belongs to another spec.
        """
        if self._log is not None:
            self._log.begin()
        elif self.enable_logging and self.experiment_dir is None:
            raise LogError("the manager has no folder to log to: make it with `experiment_dir=...`")

    def update_loss_log(self, silent: bool = True, capture: bool = False) -> str | None:
        """Write the values recorded since the last flush to the log.

        Without a folder, or with logging off, nothing is written. If several processes train together, all of
        them must call it: the values are averaged.

        Args:
            silent: if False, print what was written and how long it took.
            capture: with ``silent=False``, return that text instead of printing it.

        Raises:
            NonFiniteError: a value is NaN or infinite, and ``on_nonfinite`` is "raise"; it is written first.
            ClockError: a schedule or ``every`` counts steps, and ``step()`` was never called; values are
                written first.
        """
        if self._recorders.is_copy:
            warnings.warn("this manager is a copy, which records nothing", RuntimeWarning, stacklevel=2)
        start = perf_counter()
        rows = self._flush()
        if silent:
            return None
        where = f"`{self._log.path}`" if self._log is not None else "the writers" if self._feed else "no file"
        return print_or_return(
            f"{rows} values written to {where} in {perf_counter() - start:.3f} s", {}, capture=capture
        )

    def _make_room(self, history: LMHistory) -> None:
        self._flusher.overflow(history)

    def _flush(self, *, ends: bool = False) -> int:
        self._recorders.fetch()
        rows = self._flusher.flush(ends=ends)
        for objective in self._objectives.values():
            objective.flushed()
        return rows

    def close(self) -> None:
        """Flush, unless several processes train together, which needs all of them; then close the log.

        Writers are closed too.
        """
        if self._log is None and self._feed is None:
            return
        try:
            if ranks() == 1:
                self._flush(ends=True)
        finally:
            for each in (self._log, self._feed):
                if each is not None:
                    each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Flush, and close the log; after an error on one of several ranks, close it without a flush."""
        try:
            if error is None or ranks() == 1:  # the other ranks may not flush now
                self._flush(ends=True)
            elif self._writes:
                error.add_note("and the values recorded since the last flush are not in the loss log")
        except LossSpecError as problem:
            if error is None:
                raise
            error.add_note(f"and the loss log: {problem}")  # the error that ended the block comes first
        finally:
            self.close()
