"""The manager: registers losses, runs, weighs, schedules and records them, and writes the log."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Self, Unpack

from lossspec.errors import LogError, LossSpecError, UnknownNameError
from lossspec.log.writer import LossLog
from lossspec.manager import checkpoint
from lossspec.manager.building.spec import bind, losses_of
from lossspec.manager.clock.clock import Clock
from lossspec.manager.clock.weights import Weights
from lossspec.manager.getters import Answers, say
from lossspec.manager.loss.loss import LMLoss
from lossspec.manager.objective.objective import Objective
from lossspec.manager.objective.single import Runners
from lossspec.manager.options import device_of, refuse_options
from lossspec.manager.record.flush import Collector
from lossspec.manager.record.ranks import rank, ranks
from lossspec.manager.record.recorders import Recorders, require_batch_size
from lossspec.manager.registration import Roster
from lossspec.manager.run import NoCopy, Run
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from os import PathLike

    import torch
    from torch import Tensor

    from lossspec.language.model import Spec
    from lossspec.manager.building.spec import Losses, Reference
    from lossspec.manager.config import HasDevice
    from lossspec.manager.loss.curve import Curve
    from lossspec.manager.loss.messages import Function
    from lossspec.manager.options import Options
    from lossspec.manager.record.flush import OnNonFinite


class LossManager(NoCopy, Answers):
    """Runs the losses of a model: each weighed by its schedule, recorded, and logged.

    Args:
        config: anything with ``.common.device``, such as ``ConfigManager(path).data``.
        experiment_dir: the folder of the run; its log is ``loss_log.jsonl``. Without one, values are kept
            in memory, the last ``history_buffer_size`` of each loss.
        enable_logging: if False, nothing is written and only the last value of each loss is kept.
        history_buffer_size: how many values of a loss wait at most for ``update_loss_log``; a full
            buffer is written unasked.
        device: where the losses live; comes before ``config``.
        on_nonfinite: what happens, when values are written, to a NaN or infinite one: it is recorded as it
            is, and "warn" warns, "raise" raises.
        durable: whether the log is synchronised to the disk after each write.
        downloads: whether losses of a spec may fetch pretrained weights; else they are read from local
            files. Only you can say so: a spec never opens a connection by itself.

    Raises:
        LossSpecError: an option can't be, or the folder can't be written or is in use (a LogError).

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
    ) -> None:
        refuse_options(on_nonfinite, history_buffer_size)
        self.device = device_of(device, config)
        self.experiment_dir = Path(experiment_dir) if experiment_dir is not None else None
        self.enable_logging = enable_logging
        self._downloads = downloads
        self._run = Run(device=self.device)
        limit = history_buffer_size if enable_logging else 1
        self._clock = Clock()
        self._weights = Weights(self._clock)
        self._log: LossLog | None = None
        self._writes = enable_logging and self.experiment_dir is not None
        if enable_logging and self.experiment_dir is not None and rank() == 0:
            self._log = LossLog(self.experiment_dir, self._run, limit, durable=durable)
        self._collector = Collector(
            self._run.losses,
            self._clock,
            self._weights,
            self._log,
            writes=self._writes,
            on_nonfinite=on_nonfinite,
            limit=limit,
        )
        super().__init__(self._run.losses, Recorders(self._clock, self._collector.overflow))
        self._runners = Runners(self._losses, self._clock, self._weights, self._recorders)
        self._objectives: dict[str, Objective] = {}
        self._roster = Roster(self._run, self._weights, limit, written=self._log is not None and ranks() == 1)

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
        """Make a manager with the losses of a spec.

        Args:
            spec: ``NAME[+VARIANT...]``, a path, a ``Spec``, or a callable that returns losses by name.
            params: values for the spec's parameters, or arguments for the callable.
            overlay: changes to the document, in the shape of a variant.
            **options: those of ``LossManager``.

        Raises:
            SpecError: the spec is not valid, or a param or a change does not fit it.
            LossSpecError: there is no such spec, or a loss can't be built.
        """
        resolved, losses = losses_of(
            spec, params or {}, overlay or {}, downloads=options.get("downloads", False)
        )
        manager = cls(**options)
        try:
            manager._take(losses, resolved)
        except BaseException:
            manager.close()  # or the error's traceback would keep the folder locked
            raise
        return manager

    def init_from_spec(self, spec: Reference | Losses | None, *args: object, **kwargs: object) -> None:
        """Register the losses of a spec.

        Args:
            spec: a reference, a path, a ``Spec``, a callable that returns a ``dict[str, LMLoss]``, or None
                for no losses.
            *args: for the callable.
            **kwargs: for the callable, or the params of the spec.

        Raises:
            SpecError: the spec is not valid.
            LossSpecError: there is no such spec, or a loss can't be built.
            RegistrationError: the manager has losses already, or the callable does not return losses.
        """
        if spec is not None:
            resolved, losses = losses_of(spec, kwargs, {}, args, downloads=self._downloads)
            self._take(losses, resolved)

    def _take(self, losses: Mapping[str, LMLoss], spec: Spec | None) -> None:
        self._roster.add_all(losses, spec)
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
        """Register a loss under a name of its own.

        Args:
            loss_name: how it is called from now on.
            loss_fn: an ``nn.Module`` or any callable that takes tensors and returns one.
            loss_weight: its weight.
            schedule: moves the weight: a ``lossspec.schedules`` object, its table, or any f(t) -> float.
            tags: words to ask for it by.

        Raises:
            RegistrationError: the name is taken or no name, or there is a weight and a schedule.
        """
        self._roster.add(LMLoss(loss_name, loss_fn, loss_weight, schedule, tags))

    def objective(self, name: str = "total") -> Objective:
        """Return the total ``name`` of the spec as a module; the same one each time.

        Raises:
            UnknownNameError: the spec has no such objective.
        """
        if name not in self._objectives:
            losses = [loss for loss in self._losses.values() if loss.objective == name]
            if not losses:
                known = {loss.objective for loss in self._losses.values() if loss.objective is not None}
                hint = "" if known else " (losses of code belong to none: run them with `compute_loss`)"
                raise UnknownNameError(unknown("objective", name, known) + hint)
            terms = [(loss, bind(loss)) for loss in losses]
            balance = self._run.balances.get(name)
            kind = Objective
            if balance is not None:  # its module imports the compiler, which takes half as long as torch
                from lossspec.manager.objective.balanced import BalancedObjective

                kind = BalancedObjective
            self._objectives[name] = kind(
                name, terms, self._clock, self._weights, self._recorders, device=self.device, balance=balance
            )
        return self._objectives[name]

    def compute_loss_xy(self, loss_name: str, x: object, y: object, epoch: float | None = None) -> Tensor:
        """Run a loss with two inputs: see ``compute_loss``."""
        if epoch is not None:
            self._clock.forward(epoch)
        return self._runners[loss_name](x, y)

    def compute_loss_xyz(
        self, loss_name: str, x: object, y: object, z: object, epoch: float | None = None
    ) -> Tensor:
        """Run a loss with three inputs: see ``compute_loss``."""
        if epoch is not None:
            self._clock.forward(epoch)
        return self._runners[loss_name](x, y, z)

    def compute_loss(self, loss_name: str, *inputs: object, epoch: float | None = None) -> Tensor:
        """Run a loss, record it, and return its weighted result with its graph.

        The weight is the term's times its objective's, so that the terms of an objective add up to its
        total. The caller gives every input and decides when: ``inputs``, ``every`` and ``at_zero`` of a
        spec speak of objectives. A loss that returns a map gives the weighted map; its mean is recorded.

        Args:
            loss_name: a registered loss.
            *inputs: what its function is called with.
            epoch: moves the clock forward to this epoch; it never moves back by it.

        Raises:
            UnknownNameError: no loss has this name.
            LossInputError: the loss takes another number of inputs.
            LossResultError: it returned no tensor.
            ClockError: the clock lacks what its schedule needs.
        """
        if epoch is not None:
            self._clock.forward(epoch)
        return self._runners[loss_name](*inputs)

    def set_progress(
        self,
        epoch: float | None = None,
        step: int | None = None,
        total_epochs: float | None = None,
        total_steps: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Set the clock, forward or back, and how long the run is.

        Args:
            epoch: the index of the epoch that begins, from 0; may be fractional.
            step: how many optimiser steps were made.
            total_epochs: how many epochs the run has.
            total_steps: how many steps the run has.
            batch_size: what this process's values count for in the mean over processes, from now on;
                the first dimension of the first tensor where it was never given.

        Raises:
            ClockError: a value is negative, not finite, or not a number; nothing has moved then.
        """
        require_batch_size(batch_size)
        self._clock.move(epoch, step, total_epochs, total_steps)
        self._recorders.counts_samples = ranks() > 1
        self._recorders.samples = batch_size if batch_size is not None else self._recorders.samples

    def step(self) -> None:
        """Count one optimiser step."""
        self._clock.tick()
        if self._collector.is_due():
            self._flush()

    @contextmanager
    def validating(self) -> Iterator[None]:
        """Keep the values recorded within out of the training history; the log has them apart."""
        if self._roster.validating:
            raise LossSpecError("`validating()` is already under way")
        self._validate(under_way=True)
        try:
            yield
        finally:
            self._validate(under_way=False)

    def _validate(self, *, under_way: bool) -> None:
        self._roster.validate(under_way=under_way)
        for objective in self._objectives.values():
            objective.restamp()

    def export_base_log(self) -> None:
        """Write the header of the log, if the file has none; what is there stays.

        Raises:
            LogError: there is no ``experiment_dir``, or its log is another spec's.
        """
        if self._log is not None:
            self._log.begin()
        elif self.enable_logging and not self._writes:
            raise LogError("there is no folder to log to: make the manager with `experiment_dir=...`")

    def update_loss_log(self, silent: bool = True, capture: bool = False) -> str | None:
        """Write what was recorded since the last time to the log.

        Without a folder, or with logging off, nothing is written. Where several processes train together,
        all of them must call it: the values are averaged.

        Args:
            silent: if False, say what was written and how long it took.
            capture: with ``silent=False``, return that text instead of printing it.

        Raises:
            NonFiniteError: a value is NaN or infinite, and ``on_nonfinite`` is "raise"; it is written.
            ClockError: a schedule or ``every`` counts steps, and ``step()`` was never called; as above.
        """
        start = perf_counter()
        rows = self._flush()
        if silent:
            return None
        where = f"`{self._log.path}`" if self._log is not None else "no file"
        return say(f"{rows} values written to {where} in {perf_counter() - start:.3f} s", {}, capture=capture)

    def _flush(self, *, ends: bool = False) -> int:
        self._recorders.fetch()
        return self._collector.flush(ends=ends)

    def state_dict(self) -> dict[str, object]:
        """Return what a run needs to go on: clock, digest, position in the log, state of the losses.

        The log is written first, so that its position covers every value recorded so far. Where several
        processes train together it is not: writing needs all of them, and a checkpoint is often taken by
        one. The result holds plain values and tensors: ``torch.load(weights_only=True)`` takes it.

        Raises:
            CheckpointError: several processes train and values wait: call ``update_loss_log()`` on all of
                them first.
        """
        if ranks() == 1:
            self._flush()
        elif self._writes:
            self._recorders.fetch()
            checkpoint.refuse_waiting(self._losses)
        chunks = self._log.chunks if self._log is not None else 0
        return checkpoint.save(self._clock, self._run.digest, chunks, self._run.modules())

    def load_state_dict(self, saved: Mapping[str, object], *, ignore_digest: bool = False) -> None:
        """Go on where ``state_dict`` was taken.

        Values recorded before are forgotten: what the log has after the checkpoint is superseded by what
        is recorded from now on.

        Args:
            saved: from ``state_dict``.
            ignore_digest: take the checkpoint of another spec, for the losses that both have.

        Raises:
            CheckpointError: it is of another spec, or no checkpoint; nothing has changed then.
        """
        checkpoint.check(saved, self._run.digest, self._run.modules(), any_spec=ignore_digest)
        chunks = checkpoint.restore(saved, self._clock, self._run.modules())
        self._recorders.fetch()
        self._roster.forget()
        if self._log is not None:
            self._log.resume(chunks)

    def close(self) -> None:
        """Write what was recorded, unless several processes train: that needs all; and close the log."""
        if self._log is not None:
            try:
                if ranks() == 1:
                    self._flush(ends=True)
            finally:
                self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Write what was recorded, and close the log."""
        try:
            self._flush(ends=True)
        except LossSpecError as problem:
            if error is None:
                raise
            error.add_note(f"and the loss log: {problem}")  # the error that ended the block is the news
        finally:
            self.close()
