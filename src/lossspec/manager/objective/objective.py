"""The module of an objective: takes named tensors, and returns the weighted sum of its terms."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Self

import torch
from torch import nn

from lossspec.errors import LossInputError, LossResultError
from lossspec.manager.loss.messages import add_term_note, check_tensors
from lossspec.manager.loss.walk import device_of, is_list
from lossspec.manager.objective.ddp import warn_of_missing_gradients
from lossspec.manager.objective.graphs import compiled_graphs
from lossspec.manager.objective.lazy import LazyTerms
from lossspec.manager.objective.plan import Mode, Plan, Plans
from lossspec.manager.objective.probed import ProbedObjective
from lossspec.manager.record.compiled import RingBuffer, times
from lossspec.manager.record.ranks import batch_size
from lossspec.manager.record.weighing import stack
from lossspec.manager.torch_internals import on_host, recompile_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.term import BoundTerm
    from lossspec.manager.record.recorders import Recorders


class Objective(ProbedObjective):
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
        self._warned_of_nothing = False
        for loss, _ in terms:
            if isinstance(loss.function, nn.Module):
                self.add_module(f"loss_{loss.name}", loss.function)
        #: What a library leaves in eval mode, such as LPIPS with its dropout.
        self._in_eval_mode = tuple(each for each in self.modules() if not each.training)
        self._start()

    def _start(self) -> None:
        """Follow the clock and the weights."""
        self._plans = Plans(self._terms, self._balance)
        self._has_graph = False
        #: For each graph: the terms that run, and the values of their scheduled arguments.
        self._compiled_for: set[tuple[tuple[tuple[int, Mode], ...], tuple[object, ...]]] = set()
        losses = [loss for loss, _ in self._terms]
        optional = [column for column, (_, term) in enumerate(self._terms) if term.is_optional]
        self._ring = RingBuffer(losses, self._clock, self._device, optional)
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

    def optional(self) -> frozenset[str]:
        """Return the names of the tensors that only terms with ``if_missing = "skip"`` take in the next call.

        A call without one of them, or with None for it, leaves out the terms that take it.
        """
        return self._plan.optional

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
            **tensors: by their names in the spec; ``needed()`` returns those that are needed now, and
                ``optional()`` those that only terms with ``if_missing`` take. Others of the spec are ignored,
                so one dict serves all its objectives.

        Raises:
            UnknownNameError: the spec has no tensor of this name.
            LossInputError: a tensor is missing or has no name, or does not fit its term.
            LossResultError: the result of a term is not a scalar tensor.
            ClockError: the clock has no position in the unit of a schedule.
        """
        if torch.compiler.is_compiling():
            return self._in_graph(positional, tensors)
        plan, own = self._plan, tensors
        if positional or tensors.keys() != plan.exact:
            plan, own = self._of_call(positional, tensors)
        if plan.unknown is not None:
            raise self._weights.weight_error(plan.unknown)
        for name in plan.plain:
            if not isinstance(tensors[name], torch.Tensor) and is_list(tensors[name]):  # a quicker question
                raise self._unexpected_list(plan, name, tensors)
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
                self._check(plan, raws, tensors)
            weighing = plan.weighing or plan.weigh()
            recorders.record(weighing, raws, stacked, samples)
            total = weighing.total(raws, stacked)
        else:
            total = self._balanced(plan, raws, samples, tensors)
        if plan.recorded:
            self._only_record(plan, samples, tensors)
        self._lazy.called = True
        if plan.is_new and recorders.several:
            self._warn_of_missing_gradients(plan, tensors, total)
        return total

    def _of_call(
        self, positional: tuple[object, ...], tensors: dict[str, object]
    ) -> tuple[Plan, dict[str, object]]:
        """Return the plan of a call, and the tensors that it takes; the others must be those of the spec."""
        plan = self._plan
        if positional or not plan.needed <= tensors.keys() <= self._known:
            check_tensors(self.name, tensors.keys(), plan.needed_by, self._known, len(positional))
        if self._plans.optional:
            plan = self._plans.of_call(tensors)
            if plan.missing:
                self._leave_out(plan)
        return plan, plan.own(tensors)

    def _leave_out(self, plan: Plan) -> None:
        """Leave a gap in the rows of the terms that are missing from a call."""
        if self._balance is None:
            self._recorders.leave_out(plan.missing)
        self._warn_of_nothing(plan)

    def _warn_of_nothing(self, plan: Plan) -> None:
        if plan.missing and not plan.running and not self._warned_of_nothing:
            self._warned_of_nothing = True
            names = ", ".join(f"`{loss.name}`" for loss in plan.missing)
            warnings.warn(
                f"no term of the objective `{self.name}` is left in a call: `if_missing` leaves out {names}, "
                "and the total is 0",
                RuntimeWarning,
                stacklevel=7,
            )

    def _balanced(
        self,
        plan: Plan,  # noqa: ARG002 - there are none that run, without a balance
        raws: Sequence[torch.Tensor],  # noqa: ARG002
        samples: int,  # noqa: ARG002
        tensors: Mapping[str, object],
    ) -> torch.Tensor:
        """Return the total where no term runs: a zero with a graph. One with a balance weighs its terms."""
        return torch.zeros((), device=device_of(tensors.values()) or self._device, requires_grad=True)

    def flushed(self) -> None:
        """Warn of what the training loop leaves out: called after a flush."""

    def _only_record(self, plan: Plan, samples: int, tensors: Mapping[str, object]) -> None:
        """Compute and record the terms that are not in the total."""
        for loss, term in plan.recorded:
            try:
                raw = term.without_gradient(tensors)
            except Exception as error:
                self._add_note(error, term, tensors)
                raise
            self._recorders.record_balanced([(loss, raw)], samples, {})

    def _check(self, plan: Plan, raws: Sequence[torch.Tensor], tensors: Mapping[str, object]) -> None:
        """Check that raw results are scalar tensors."""
        for term, raw in zip(plan.summed, raws, strict=True):
            try:
                term.check(raw)
            except LossResultError as error:
                self._add_note(error, term, tensors)
                raise

    def _unexpected_list(self, plan: Plan, name: str, tensors: Mapping[str, object]) -> LossInputError:
        """Return the error of the first term that gets a list for a tensor."""
        term = next(each for each in plan.summed if name in (each.plain or ()))
        error = term.unexpected_list(name)
        self._add_note(error, term, tensors)
        return error

    def _add_note(self, error: Exception, term: BoundTerm, tensors: Mapping[str, object]) -> None:
        add_term_note(error, term.name, self.name, term.needed, tensors)

    def _warn_of_missing_gradients(
        self, plan: Plan, tensors: Mapping[str, object], total: torch.Tensor
    ) -> None:
        plan.is_new = False
        known = {term.name for term in plan.summed} | self._warned
        skipped = [each for each in self._terms if each[1].name not in known]
        if torch.is_grad_enabled() and skipped:
            self._warned |= warn_of_missing_gradients(
                self.name, skipped, plan, tensors=tensors, total=total, step=self._clock.step
            )

    def _in_graph(self, positional: tuple[object, ...], tensors: dict[str, object]) -> torch.Tensor:
        key: tuple[tuple[int, Mode], ...] = self._key
        missing: tuple[int, ...] = ()
        if self._optional:
            missing = tuple([each for each in self._optional if self._terms[each][1].missing(tensors)])
            key = tuple([each for each in key if each[0] not in missing])
        self._begin_graph(tuple(tensors), self._named, key, missing, len(positional))
        ring = self._ring
        raws: dict[int, torch.Tensor] = {}
        for column, each in key:
            term = self._terms[column][1]
            raws[column] = term(tensors) if each == "sum" else term.without_gradient(tensors)
        if raws:
            self._place_ring(next(iter(raws.values())).device)  # before it is read
            self._note_half(tuple(raw.dtype for raw in raws.values()), tuple(raws))
            needed = [name for column, _ in key for name in self._terms[column][1].needed]
            ring.write(raws, batch_size([value for name, value in tensors.items() if name in needed]))
        self._lazy.called = True
        total: torch.Tensor | None = None
        for column, each in key:
            if each == "sum":
                weighted = times(raws[column], ring.term_weight(column))
                total = weighted if total is None else total + weighted
        if total is None:
            return self._zero_in_graph.to(device_of(tensors.values())) * 1.0
        return times(total, ring.objective_weight())

    @on_host
    def _begin_graph(
        self,
        given: tuple[str, ...],
        known: tuple[str, ...],
        key: tuple[tuple[int, Mode], ...],
        missing: tuple[int, ...],
        positional: int,
    ) -> None:
        check_tensors(self.name, given, self._plan.needed_by, known, positional)
        plan = self._plans.without(missing)
        self._warn_of_nothing(plan)
        for loss, _, _ in plan.running:
            if loss.term_weight is None:
                raise self._weights.weight_error(loss)
        live = [(loss, argument) for loss, _, _ in plan.running for argument in loss.live]
        self._compiled_for.add((key, tuple(getattr(loss.function, argument) for loss, argument in live)))
        if live and len(self._compiled_for) == recompile_limit():
            named = ", ".join(f"`{argument}` of `{loss.name}`" for loss, argument in live)
            self._warn_of_recompiling(f"values of {named}, which a graph holds as constants", "")
        elif self._optional and len({each for each, _ in self._compiled_for}) == recompile_limit():
            hint = ", or pass the same tensors in each call: `if_missing` leaves out terms"
            self._warn_of_recompiling("sets of running terms", hint)
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
            self._ring.keeps_gaps = self._recorders.keeps_gaps
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
        step = self._clock.step
        self._lazy.move(step)
        if self._plans.move(step):
            self._plan, self._optional = self._plans.now, self._plans.optional
            self._key = self._plan.key
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
    {"_plans", "_plan", "_optional", "_key", "_has_graph", "_compiled_for", "_ring", "_lazy"}
)
