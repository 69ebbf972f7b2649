"""The module of an objective: takes named tensors, and returns the weighted sum of its terms."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Self, cast

import torch
from torch import nn

from lossspec.errors import LossInputError, LossResultError
from lossspec.manager.loss.messages import LISTS, add_term_note, check_tensors
from lossspec.manager.loss.walk import first_tensor, is_list
from lossspec.manager.objective.ddp import warn_of_missing_gradients
from lossspec.manager.objective.graphs import compiled_graphs
from lossspec.manager.objective.lazy import LazyTerms
from lossspec.manager.objective.plan import Mode, Plan, mode, reason
from lossspec.manager.record.compiled import RingBuffer
from lossspec.manager.record.ranks import batch_size
from lossspec.manager.record.weighing import Weighing, stack
from lossspec.manager.shown import ShownObjective
from lossspec.manager.torch_internals import on_host, recompile_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.term import BoundTerm
    from lossspec.manager.record.device import BalancedWeights
    from lossspec.manager.record.recorders import Recorders


class Objective(ShownObjective):
    """The weighted sum of the terms of one objective, as a module.

    ``LossManager.objective`` makes it. Called with named tensors, it computes the terms that run now, records
    them, and returns their weighted sum, times the objective weight. Its losses are submodules, named
    with the prefix ``loss_``: ``.to()``, ``.parameters()`` and ``.state_dict()`` reach them.

    It supports ``torch.compile(objective, fullgraph=True)``. A moving weight does not recompile it; each new
    set of running terms does, once.

    Example:
        >>> import lossspec
        >>> manager = lossspec.LossManager.from_spec("pix2pix")
        >>> objective = manager.objective("D")
        >>> sorted(objective.needed())
        ['pred_fake', 'pred_real']
        >>> objective(pred_real=torch.zeros(1, 1, 4, 4), pred_fake=torch.zeros(1, 1, 4, 4))
        tensor(0.6931)
    """

    def __init__(
        self,
        name: str,
        terms: Sequence[tuple[LMLoss, BoundTerm]],
        clock: Clock,
        weights: Weights,
        recorders: Recorders,
        *,
        known: frozenset[str],
        device: torch.device | None = None,
        balance: BoundBalance | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self._terms = tuple(terms)
        self._balance = balance
        if balance is not None:
            self.add_module("balance", balance.module)
        self._clock = clock
        self._weights = weights
        self._recorders = recorders
        self._device = device
        self._known = known
        self._named = tuple(sorted(known))  # for graphs, which take no sets
        self._zero_in_graph = torch.zeros((), requires_grad=True)  # a graph cannot make one
        self._warned: set[str] = set()
        for loss, _ in terms:
            if isinstance(loss.function, nn.Module):
                self.add_module(f"loss_{loss.name}", loss.function)
        #: What a library leaves in eval mode, such as LPIPS with its dropout.
        self._in_eval_mode = tuple(each for each in self.modules() if not each.training)
        self._start()

    def _start(self) -> None:
        """Follow the clock and the weights."""
        self._modes: list[Mode] | None = None
        self._weighing: Weighing | None = None
        self._has_graph = False
        #: For each graph: the terms that run, and the values of their scheduled arguments.
        self._compiled_for: set[tuple[tuple[tuple[int, Mode], ...], tuple[object, ...]]] = set()
        losses = [loss for loss, _ in self._terms]
        self._ring = RingBuffer(losses, self._clock, self._device)
        self._lazy = LazyTerms(losses)
        self._lazy.counts = self._is_training()
        self._weights.add(losses)
        units = {unit for loss in losses for unit in self._weights.units(loss)}
        if self._lazy:
            units.add("step")
        self._clock.follow(units, self._replan)
        self._weights.on_weight_set(self._replan)
        self._replan()
        if self._balance is None:  # an objective with a balance is never in a graph
            compiled_graphs.add(self._expect_graphs)

    def needed(self) -> frozenset[str]:
        """Return the names of the tensors that the next call needs; others of the spec can be left out."""
        return self._plan.needed

    def train(self, mode: bool = True) -> Self:
        """Set the mode of the losses; those that their library builds in eval mode stay in it.

        The model that holds the objective sets its mode too, and would turn on the dropout of LPIPS.
        """
        super().train(mode)
        for each in self._in_eval_mode:
            each.training = False
        return self

    def forward(self, /, *positional: object, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph.

        Args:
            *positional: an error: tensors are passed by keyword.
            **tensors: by their names in the spec; ``needed()`` returns those that are needed now. Others of
                the spec are ignored, so one dict serves all its objectives.

        Raises:
            UnknownNameError: the spec has no tensor of this name.
            LossInputError: a tensor is missing or has no name, or does not fit its term.
            LossResultError: the result of a term is not a scalar tensor.
            ClockError: the clock has no position in the unit of a schedule.
        """
        if torch.compiler.is_compiling():
            return self._in_graph(positional, tensors)
        plan, own = self._plan, cast("Mapping[str, object]", tensors)
        if positional or tensors.keys() != plan.needed:
            own = self._own(positional, tensors)
        if plan.unknown is not None:
            raise self._weights.weight_error(plan.unknown)
        for name in plan.plain:
            if isinstance(tensors[name], LISTS) and is_list(tensors[name]):
                raise self._unexpected_list(name, tensors)
        raws: list[torch.Tensor] = []
        try:
            for compute in plan.computes:
                raws.append(compute(tensors))  # noqa: PERF401 - its length tells which one raised
        except Exception as error:
            self._add_note(error, plan.summed[len(raws)], tensors)
            raise
        recorders = self._recorders
        samples = recorders.count(own)
        if raws and self._balance is None:
            stacked = stack(raws)
            if stacked is None:
                self._check(raws, tensors)
            weighing = self._weighing or self._weigh()
            recorders.record(weighing, raws, stacked, samples)
            total = weighing.total(raws, stacked)
        else:
            total = self._balanced(raws, samples, tensors)
        if plan.recorded:
            self._only_record(samples, tensors)
        self._lazy.called = True
        if self._new_plan and recorders.several:
            self._warn_of_missing_gradients(tensors, total)
        return total

    def _own(self, positional: tuple[object, ...], tensors: Mapping[str, object]) -> Mapping[str, object]:
        """Return the tensors of a call that are needed now; the others must be tensors of the spec."""
        plan = self._plan
        if positional or not plan.needed <= tensors.keys() <= self._known:
            check_tensors(self.name, tensors.keys(), plan.needed_by, self._known, len(positional))
        return plan.own(tensors)

    def _weigh(self) -> Weighing:
        self._weighing = Weighing(self._plan.losses, self._plan.idle)
        return self._weighing

    def _balanced(
        self, raws: Sequence[torch.Tensor], samples: int, tensors: Mapping[str, object]
    ) -> torch.Tensor:
        """Return the total of a balanced objective, and record it; a zero with a graph if no term runs."""
        balance, losses, idle = self._balance, self._plan.losses, self._plan.idle
        if not raws or balance is None:
            return torch.zeros((), device=_device_of(tensors) or self._device, requires_grad=True)
        self._check(raws, tensors)
        total: torch.Tensor | None = None
        values: dict[str, torch.Tensor] = {}
        weights: dict[str, float] = {}
        for loss, raw in zip(losses, raws, strict=True):
            weight = 0.0 if loss.name in idle else cast("float", loss.term_weight)
            if loss.name in balance.losses:
                values[loss.name], weights[loss.name] = raw, weight
            else:
                total = raw * weight if total is None else total + raw * weight
        balanced: BalancedWeights = dict.fromkeys(idle, 0.0)
        if values:
            contribution, found = balance(values, weights, tensors)
            balanced |= found
            total = contribution if total is None else contribution + total
        self._recorders.record_balanced(list(zip(losses, raws, strict=True)), samples, balanced)
        return cast("torch.Tensor", total) * losses[0].objective_weight

    def _only_record(self, samples: int, tensors: Mapping[str, object]) -> None:
        """Compute and record the terms that are not in the total."""
        for loss, term in self._plan.recorded:
            try:
                raw = _without_gradient(term, tensors)
            except Exception as error:
                self._add_note(error, term, tensors)
                raise
            self._recorders.record_balanced([(loss, raw)], samples, {})

    def _check(self, raws: Sequence[torch.Tensor], tensors: Mapping[str, object]) -> None:
        """Check that raw results are scalar tensors."""
        for term, raw in zip(self._plan.summed, raws, strict=True):
            try:
                term.check(raw)
            except LossResultError as error:
                self._add_note(error, term, tensors)
                raise

    def _unexpected_list(self, name: str, tensors: Mapping[str, object]) -> LossInputError:
        """Return the error of the first term that gets a list for a tensor."""
        term = next(each for each in self._plan.summed if name in (each.plain or ()))
        error = term.unexpected_list(name)
        self._add_note(error, term, tensors)
        return error

    def _add_note(self, error: Exception, term: BoundTerm, tensors: Mapping[str, object]) -> None:
        add_term_note(error, term.name, self.name, term.needed, tensors)

    def _warn_of_missing_gradients(self, tensors: Mapping[str, object], total: torch.Tensor) -> None:
        self._new_plan = False
        known = {term.name for term in self._plan.summed} | self._warned
        step = self._clock.step
        skipped = [(term, reason(loss, step)) for loss, term in self._terms if term.name not in known]
        if torch.is_grad_enabled() and skipped:
            self._warned |= {term.name for term, _ in skipped}
            warn_of_missing_gradients(self.name, skipped, tensors, total)

    def _in_graph(self, positional: tuple[object, ...], tensors: dict[str, object]) -> torch.Tensor:
        key = self._key
        self._begin_graph(tuple(tensors), self._named, key, len(positional))
        ring = self._ring
        raws: dict[int, torch.Tensor] = {}
        for column, each in key:
            term = self._terms[column][1]
            raws[column] = term(tensors) if each == "sum" else _without_gradient(term, tensors)
        if raws:
            self._place_ring(next(iter(raws.values())).device)  # before it is read
            self._note_half(tuple(raw.dtype for raw in raws.values()), tuple(raws))
            needed = [name for column, _ in key for name in self._terms[column][1].needed]
            ring.write(raws, batch_size([value for name, value in tensors.items() if name in needed]))
        self._lazy.called = True
        total: torch.Tensor | None = None
        for column, each in key:
            if each == "sum":
                weighted = _times(raws[column], ring.term_weight(column))
                total = weighted if total is None else total + weighted
        if total is None:
            return self._zero_in_graph.to(_device_of(tensors)) * 1.0
        return _times(total, ring.objective_weight())

    @on_host
    def _begin_graph(
        self,
        given: tuple[str, ...],
        known: tuple[str, ...],
        key: tuple[tuple[int, Mode], ...],
        positional: int,
    ) -> None:
        plan = self._plan
        check_tensors(self.name, given, plan.needed_by, known, positional)
        for loss, _, _ in plan.running:
            if loss.term_weight is None:
                raise self._weights.weight_error(loss)
        live = [(loss, argument) for loss, _, _ in plan.running for argument in loss.live]
        self._compiled_for.add((key, tuple(getattr(loss.function, argument) for loss, argument in live)))
        if live and len(self._compiled_for) == recompile_limit():
            named = ", ".join(f"`{argument}` of `{loss.name}`" for loss, argument in live)
            self._warn_of_recompiling(f"values of {named}, which a graph holds as constants", "")
        self._recorders.claim_thread()
        compiled_graphs.begin()

    def _expect_graphs(self) -> None:
        """Keep the weights and the clock in the ring buffer from now on, where a graph reads them."""
        self._has_graph = True
        self._recorders.add_ring(self._ring)
        self._clock.follow(("epoch", "step", "fraction"), self.restamp)
        self._weights.on_weight_set(self.restamp)
        self.restamp()

    def settle(self) -> None:
        """Note which terms with ``every`` have run."""
        self._lazy.settle()

    def _is_training(self) -> bool:
        """Return whether calls now are part of the training."""
        loss = self._terms[0][0]
        return loss.history is loss.training and not self._recorders.is_paused

    def restamp(self) -> None:
        """Give weights, clock and batch size to the compiled graphs, and note the kind of calls."""
        self._lazy.settle()
        self._lazy.counts = self._is_training()
        if self._has_graph:
            running = tuple(column for column, _ in self._key)
            idle, samples = self._plan.idle, self._recorders.samples
            self._ring.stamp(running, idle, samples, records=self._recorders.is_on)

    @on_host
    def _place_ring(self, device: torch.device) -> None:
        self._ring.to(device)

    @on_host
    def _note_half(self, types: tuple[torch.dtype, ...], columns: tuple[int, ...]) -> None:
        for dtype, column in zip(types, columns, strict=True):
            if dtype is torch.float16:
                self._terms[column][0].half = "term"

    def _replan(self) -> None:
        """Make a new plan if another set of terms runs now; weights have moved in any case."""
        self._weighing = None
        step = self._clock.step
        self._lazy.move(step)
        modes = [mode(loss, step) for loss, _ in self._terms]
        if modes != self._modes:
            self._modes = modes
            self._plan = Plan(self._terms, modes, self._balance)
            self._key = self._plan.key
            self._new_plan = True
            known = {key for key, _ in self._compiled_for}
            if known and self._key not in known and len(known) == recompile_limit():
                hint = ', or set `at_zero = "compute"` for terms that are skipped at times'
                self._warn_of_recompiling("sets of running terms", hint)

    def _warn_of_recompiling(self, what: str, hint: str) -> None:
        warnings.warn(
            f"the objective `{self.name}` is compiled for {recompile_limit()} {what}, the most that torch "
            f"allows: raise `torch._dynamo.config.recompile_limit`{hint}",
            RuntimeWarning,
            stacklevel=5,
        )

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch has no types for it
        self._ring.to(fn(torch.empty(0, device=self._ring.rows.device)).device)
        return self

    def __getstate__(self) -> dict[str, object]:
        """Return the state of a copy, which records nothing and has graphs and a plan of its own.

        It has a clock of its own too, which stands still, unless its manager is copied with it.
        """
        self.settle()
        return {name: value for name, value in self.__dict__.items() if name not in _OF_ONE_OBJECTIVE}

    def __setstate__(self, state: dict[str, object]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]  # torch has no types for it
        self._start()

    def __copy__(self) -> Self:
        return copy.deepcopy(self)


#: What ``_start`` makes.
_OF_ONE_OBJECTIVE = frozenset(
    {"_modes", "_weighing", "_has_graph", "_compiled_for", "_ring", "_lazy", "_plan", "_key", "_new_plan"}
)


def _device_of(tensors: Mapping[str, object]) -> torch.device | None:
    found = first_tensor(tensors.values())
    return None if found is None else found.device


def _without_gradient(term: BoundTerm, tensors: Mapping[str, object]) -> torch.Tensor:
    """Compute a term that is only recorded."""
    with torch.no_grad():
        return term(tensors)


def _times(value: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Multiply as by a Python float: in at least 32 bits, and round once to the type of ``value``."""
    wide = torch.float32 if value.dtype in {torch.float16, torch.bfloat16} else value.dtype
    return (value.to(wide) * weight.to(wide)).to(value.dtype)
