"""The manager: registers losses, runs, weighs, schedules and records them, and writes the log."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, Self

import torch
from torch import nn

from lossspec.errors import (
    ClockError,
    LogError,
    LossResultError,
    LossSpecError,
    NonFiniteError,
    RegistrationError,
    UnknownNameError,
)
from lossspec.manager import about, queries, state
from lossspec.manager.build import bind, build
from lossspec.manager.call import describe, explain
from lossspec.manager.clock import Clock
from lossspec.manager.history import LMHistory
from lossspec.manager.log import LossLog
from lossspec.manager.loss import Curve, Function, LMLoss
from lossspec.manager.nonfinite import non_finite
from lossspec.manager.objective import Objective
from lossspec.manager.recorder import DeviceRecorder, HostRecorder
from lossspec.manager.weights import Weights
from lossspec.names import is_name, unknown
from lossspec.spec.load import load
from lossspec.spec.model import Spec

if TYPE_CHECKING:
    from os import PathLike

    from lossspec.manager.config import HasDevice

    Reference = str | PathLike[str] | Spec
    SpecFunction = Callable[..., Mapping[str, LMLoss]]


class LossManager:
    """Runs the losses of a model: each weighed by its schedule, recorded, and logged.

    Args:
        config: anything with ``.common.device``, such as ``ConfigManager(path).data``.
        experiment_dir: the folder of the run; its log is ``loss_log.jsonl``. Without one, values are kept
            in memory, the last ``history_buffer_size`` of each loss.
        enable_logging: if False, nothing is written and only the last value of each loss is kept.
        history_buffer_size: how many values of a loss wait at most for ``update_loss_log``; a full
            buffer is written unasked.
        device: where the losses live; comes before ``config``.
        on_nonfinite: what happens, when the values are written, to a NaN or infinite one: it is recorded
            as it is, and "warn" warns, "raise" raises.
        durable: whether the log is synchronised to the disk after each write.

    Raises:
        LogError: the folder can't be written, or another manager writes to it.

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
        on_nonfinite: Literal["record", "warn", "raise"] = "record",
        durable: bool = False,
    ) -> None:
        if on_nonfinite not in {"record", "warn", "raise"}:
            raise LossSpecError(f'`on_nonfinite` is "record", "warn" or "raise": found {on_nonfinite!r}')
        if history_buffer_size < 1:
            raise LossSpecError(f"`history_buffer_size` must be 1 or more: it is {history_buffer_size}")
        wanted = device if device is not None else config.common.device if config is not None else None
        self.device = torch.device(wanted) if wanted is not None else None
        self.enable_logging = enable_logging
        self.experiment_dir = Path(experiment_dir) if experiment_dir is not None else None
        self.spec: Spec | None = None
        self._limit = history_buffer_size if enable_logging else 1
        self._on_nonfinite = on_nonfinite
        self._losses: dict[str, LMLoss] = {}
        self._objectives: dict[str, Objective] = {}
        self._validating = False
        self._clock = Clock()
        self._weights = Weights(self._clock)
        self._log: LossLog | None = None
        if enable_logging and self.experiment_dir is not None:
            self._log = LossLog(self.experiment_dir, self._about, history_buffer_size, durable=durable)
        self._host = HostRecorder(self._clock, self._full)
        self._device = DeviceRecorder(self._clock, self._full)

    @classmethod
    def from_spec(
        cls,
        spec: Reference | SpecFunction,
        params: Mapping[str, object] | None = None,
        overlay: Mapping[str, object] | None = None,
        **options: object,
    ) -> Self:
        """Make a manager with the losses of a spec.

        Args:
            spec: ``NAME[+VARIANT...]``, a path, a ``Spec``, or a callable that returns losses by name.
            params: values for the spec's parameters.
            overlay: changes to the document, in the shape of a variant.
            **options: those of ``LossManager``.

        Raises:
            SpecError: the spec is not found, not valid, or a param or a change does not fit it.
            LossSpecError: a loss can't be built.
        """
        if params or overlay:
            spec = load(spec, params or {}, overlay or {})
        manager = cls(**options)  # type: ignore[arg-type] - checked by the constructor's own signature
        try:
            manager.init_from_spec(spec)
        except BaseException:
            manager.close()
            raise
        return manager

    def init_from_spec(self, spec: Reference | SpecFunction | None, *args: object, **kwargs: object) -> None:
        """Register the losses of a spec.

        Args:
            spec: a reference, a path, a ``Spec``, a callable that returns a ``dict[str, LMLoss]``, or None
                for no losses.
            *args: for the callable.
            **kwargs: for the callable, or the params of the spec.

        Raises:
            SpecError: the spec is not found or not valid.
            RegistrationError: the manager has losses already, or the callable does not return losses.
        """
        if spec is None:
            return
        if self._losses:
            raise RegistrationError(
                f"this manager has losses already ({', '.join(self._losses)}): "
                "call `init_from_spec` first and register further ones after it, or make a new manager"
            )
        if callable(spec):
            losses = _checked(spec(*args, **kwargs))
        else:
            resolved = load(spec, kwargs) if not isinstance(spec, Spec) or kwargs else spec
            losses = build(resolved)
            self.spec = resolved
        for loss in losses.values():
            self._refuse_taken(loss)
        by_objective: dict[str | None, list[LMLoss]] = {}
        for loss in losses.values():
            by_objective.setdefault(loss.objective, []).append(loss)
        for name, terms in by_objective.items():
            found = self.spec.objectives.get(name) if self.spec is not None and name is not None else None
            self._weights.add(terms, found.weight if found is not None else 1.0)
            for loss in terms:
                self._adopt(loss)
        self._losses = dict(losses)
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
        loss = LMLoss(
            loss_name, loss_fn, loss_weight, schedule, list(tags) if not isinstance(tags, str) else tags
        )
        self._refuse_taken(loss)
        self._weights.add([loss])
        self._adopt(loss)
        self._losses[loss_name] = loss

    def _refuse_taken(self, loss: LMLoss) -> None:
        if not is_name(loss.name):
            raise RegistrationError(f"{loss.name!r} is no name for a loss: use letters, digits and `_`")
        if loss.name in self._losses:
            raise RegistrationError(f"the name `{loss.name}` is taken by another loss of this manager")
        if loss.changed is not None:
            raise RegistrationError(f"the loss `{loss.name}` belongs to another manager: nothing is shared")

    def _adopt(self, loss: LMLoss) -> None:
        if isinstance(loss.function, nn.Module) and self.device is not None:
            loss.function.to(self.device)
        loss.training = loss.history = LMHistory(self._limit)
        loss.validation = LMHistory(self._limit)
        if self._log is not None:
            loss.training.room = loss.validation.room = self._limit * 6
        loss.changed = self._replan

    def _replan(self) -> None:
        for objective in self._objectives.values():
            objective.replan()

    def objective(self, name: str = "total") -> Objective:
        """Return the total ``name`` of the spec as a module; the same one each time.

        Raises:
            UnknownNameError: the spec has no such objective.
        """
        if name not in self._objectives:
            losses = [loss for loss in self._losses.values() if loss.objective == name]
            if not losses:
                known = {loss.objective for loss in self._losses.values() if loss.objective is not None}
                raise UnknownNameError(unknown("objective", name, known))
            terms = [(loss, bind(loss)) for loss in losses]
            recorders = self._host, self._device
            self._objectives[name] = Objective(
                name, terms, self._clock, self._weights, recorders, self.device
            )
        return self._objectives[name]

    def compute_loss_xy(
        self, loss_name: str, x: object, y: object, epoch: float | None = None
    ) -> torch.Tensor:
        """Run a loss with two inputs: ``compute_loss``."""
        return self.compute_loss(loss_name, x, y, epoch=epoch)

    def compute_loss_xyz(
        self, loss_name: str, x: object, y: object, z: object, epoch: float | None = None
    ) -> torch.Tensor:
        """Run a loss with three inputs: ``compute_loss``."""
        return self.compute_loss(loss_name, x, y, z, epoch=epoch)

    def compute_loss(self, loss_name: str, *inputs: object, epoch: float | None = None) -> torch.Tensor:
        """Run a loss, record it, and return its weighted result with its graph.

        The weight is the term's times its objective's, so that the terms of an objective add up to its
        total. A loss that returns a map gives the weighted map; its mean is recorded.

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
        if epoch is not None and epoch > self._clock.epoch:
            self._clock.move(epoch=epoch)
        try:
            loss = self._losses[loss_name]
        except KeyError:
            raise UnknownNameError(unknown("loss", loss_name, self._losses)) from None
        weight = loss.weight
        if weight is None:
            raise self._weights.refusal(loss)
        try:
            raw = loss.function(*inputs)
        except Exception as error:
            explained = explain(error, loss_name, loss.function, inputs)
            raise explained from (None if explained is not error else error.__cause__)
        if not isinstance(raw, torch.Tensor):
            raise LossResultError(f"`{loss_name}` must return a tensor: it returned {describe(raw)}")
        (self._host if raw.is_cpu else self._device).record(loss, raw)
        return raw * (weight * loss.scale)

    def set_progress(
        self,
        epoch: float | None = None,
        step: int | None = None,
        total_epochs: float | None = None,
        total_steps: int | None = None,
    ) -> None:
        """Set the clock, forward or back, and how long the run is.

        Args:
            epoch: the index of the epoch that begins, from 0; may be fractional.
            step: how many optimiser steps were made.
            total_epochs: how many epochs the run has.
            total_steps: how many steps the run has.

        Raises:
            ClockError: a value is negative, not finite, or not a number.
        """
        self._clock.move(epoch, step, total_epochs, total_steps)

    def step(self) -> None:
        """Count one optimiser step."""
        self._clock.tick()

    @contextmanager
    def validating(self) -> Iterator[None]:
        """Keep the values recorded within out of the training history; the log has them apart."""
        if self._validating:
            raise LossSpecError("`validating()` is already under way")
        self._device.fetch()
        self._validating = True
        for loss in self._losses.values():
            loss.history = loss.validation
        try:
            yield
        finally:
            self._device.fetch()
            self._validating = False
            for loss in self._losses.values():
                loss.history = loss.training

    def get_registered_losses(
        self, query: Iterable[str] | None = None, strip: bool = True
    ) -> dict[str, LMLoss]:
        """Return the losses by name.

        Args:
            query: tags; a loss with any of them is returned. All without it.
            strip: whether to return copies without history and map, good to print; else the losses.

        Raises:
            UnknownNameError: no loss has a tag of the query.
        """
        found = queries.select(self._losses, query)
        return {name: queries.stripped(loss) for name, loss in found.items()} if strip else found

    def get_loss_values(
        self, query: Iterable[str] | None = None, precision: int | None = 2
    ) -> dict[str, float]:
        """Return the mean of the last weighted result of each loss; NaN where there is none.

        Args:
            query: tags, as in ``get_registered_losses``.
            precision: how many places to round to; smaller values keep as many digits. None for all.
        """
        self._device.fetch()
        found = queries.select(self._losses, query)
        return {name: queries.rounded(loss.last_value, precision) for name, loss in found.items()}

    def get_loss_tensors(self, query: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
        """Return the last weighted result of each loss, detached; empty where there is none."""
        self._device.fetch()
        return {name: loss.last_loss_map for name, loss in queries.select(self._losses, query).items()}

    def get_loss_weights(
        self, query: Iterable[str] | None = None, precision: int | None = 2
    ) -> dict[str, float]:
        """Return the weight that applies now to each loss, its objective's included."""
        found = queries.select(self._losses, query)
        return {name: queries.rounded(loss.applied_weight, precision) for name, loss in found.items()}

    def print_losses(
        self,
        epoch: int,
        iter: int,
        precision: int | None = 2,
        capture: bool = False,  # noqa: A002
    ) -> str | None:
        """Print the last values, or return them as text: ``(epoch: 3, iters: 40) Loss: G_L1: 12.3``."""
        values = self.get_loss_values(precision=precision)
        return queries.say(f"(epoch: {epoch}, iters: {iter}) Loss:", values, capture=capture)

    def print_weights(self, precision: int | None = 2, capture: bool = False) -> str | None:
        """Print the weights that apply now, or return them as text: ``Loss weights: G_L1: 100.0``."""
        return queries.say("Loss weights:", self.get_loss_weights(precision=precision), capture=capture)

    def export_base_log(self) -> None:
        """Write the header of the log, if the file has none; what is there stays.

        Raises:
            LogError: there is no ``experiment_dir``, or its log is another spec's.
        """
        if not self.enable_logging:
            return
        if self._log is None:
            raise LogError("there is no folder to log to: make the manager with `experiment_dir=...`")
        self._log.begin()

    def update_loss_log(self, silent: bool = True, capture: bool = False) -> str | None:
        """Write what was recorded since the last time to the log.

        Without a folder, or with logging off, nothing is written.

        Args:
            silent: if False, say what was written and how long it took.
            capture: return that text instead of printing it.

        Raises:
            NonFiniteError: a value is NaN or infinite, and ``on_nonfinite`` is "raise"; it is written.
            ClockError: a schedule or ``every`` counts steps, and ``step()`` was never called; as above.
        """
        start = perf_counter()
        rows = self._flush()
        if silent and not capture:
            return None
        where = f"`{self._log.path}`" if self._log is not None else "no file"
        return queries.say(
            f"LossManager: {rows} values written to {where} in {perf_counter() - start:.3f} seconds",
            {},
            capture=capture,
        )

    def _flush(self) -> int:
        self._device.fetch()
        losses = list(self._losses.values())
        problems = non_finite(losses) if self._on_nonfinite != "record" else ""
        still = [
            loss.name
            for loss in losses
            if not self._clock.stepped and len(loss.training) > 1 and self._counts_steps(loss)
        ]
        rows = self._log.flush(losses) if self._log is not None else 0
        if problems and self._on_nonfinite == "raise":
            raise NonFiniteError(problems)
        if problems:
            warnings.warn(problems, RuntimeWarning, stacklevel=3)
        if still:
            raise ClockError(
                f"{', '.join(f'`{name}`' for name in still)} depends on the step, which never moved: "
                "call `manager.step()` after each optimiser step"
            )
        return rows

    def _counts_steps(self, loss: LMLoss) -> bool:
        units = loss.units()
        every = loss.term is not None and loss.term.every is not None
        return every or any(self._clock.needs_steps(unit) for unit in units)

    def _full(self, history: LMHistory) -> None:
        if self._log is not None:
            self._flush()
        history.trim()

    def _about(self) -> dict[str, object]:
        return about.run(self.spec, self._losses.values(), self.device)

    def state_dict(self) -> dict[str, object]:
        """Return what a run needs to go on: clock, digest, position in the log, state of the losses.

        The log is written first, so that its position covers every value recorded so far. The result
        holds plain values and tensors: ``torch.load(weights_only=True)`` takes it.
        """
        self._flush()
        digest = self.spec.digest if self.spec is not None else None
        return state.save(self._clock, digest, self._log.chunks if self._log is not None else 0, self._losses)

    def load_state_dict(self, saved: Mapping[str, object], *, ignore_digest: bool = False) -> None:
        """Go on where ``state_dict`` was taken.

        Values recorded before are forgotten: what the log has after the checkpoint is superseded.

        Args:
            saved: from ``state_dict``.
            ignore_digest: take the checkpoint of another spec.

        Raises:
            CheckpointError: it is of another spec, or no checkpoint; nothing has changed then.
        """
        digest = self.spec.digest if self.spec is not None else None
        position = state.restore(saved, self._clock, digest, self._losses, ignore_digest=ignore_digest)
        self._device.fetch()
        for loss in self._losses.values():
            loss.training.take()
            loss.validation.take()
        if self._log is not None:
            self._log.resume(position)

    def close(self) -> None:
        """Close the log; what was recorded since the last ``update_loss_log`` is not written."""
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Write what was recorded, and close the log."""
        try:
            self._flush()
        except LossSpecError as problem:
            if error is None:
                raise
            error.add_note(f"and the loss log: {problem}")  # the error that ended the block is the news
        finally:
            self.close()


def _checked(losses: object) -> Mapping[str, LMLoss]:
    if not isinstance(losses, Mapping):
        raise RegistrationError(f"a spec function returns a dict of losses by name: found {describe(losses)}")
    for name, loss in losses.items():
        if not isinstance(loss, LMLoss):
            raise RegistrationError(f"`{name}` is {describe(loss)}: a spec function returns LMLoss objects")
        if name != loss.name:
            raise RegistrationError(f"the key `{name}` holds the loss `{loss.name}`: give them one name")
    return losses
