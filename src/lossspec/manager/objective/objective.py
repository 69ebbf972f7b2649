"""A total: named tensors in, the weighted sum of its terms out."""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, ClassVar, NoReturn, Self, TypeVar, cast

import torch
from torch import nn

from lossspec.errors import LossInputError, LossResultError, LossSpecError
from lossspec.manager.loss.messages import LISTS, place, refuse_tensors
from lossspec.manager.objective.ddp import warn_of_unreached
from lossspec.manager.objective.plan import Mode, Plan, mode
from lossspec.manager.record.compiled import Ring
from lossspec.manager.record.ranks import batch_size
from lossspec.manager.record.weighing import Weighing, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.manager.clock.clock import Clock
    from lossspec.manager.clock.weights import Weights
    from lossspec.manager.loss.loss import LMLoss
    from lossspec.manager.objective.balance import BoundBalance
    from lossspec.manager.objective.term import BoundTerm
    from lossspec.manager.record.recorders import Recorders

_Function = TypeVar("_Function", bound="Callable[..., object]")


def on_host(function: _Function) -> _Function:
    """Let a compiled graph run ``function`` on the host, once, while the graph is made.

    It is ``torch.compiler.assume_constant_result`` without its import of ``torch._dynamo``, which takes half
    as long as torch itself, in runs that never compile.
    """
    cast("_Markable", function)._dynamo_marked_constant = True  # noqa: SLF001 - what that function sets
    return function


class Objective(nn.Module):
    """The weighted sum of the terms of one objective, as a module.

    It is made by ``LossManager.objective``. Called with named tensors, it computes the terms that are due,
    records them, and returns their weighted sum, times the objective's weight. Its losses are submodules
    with the prefix ``loss_``: ``.to()``, ``.parameters()`` and ``.state_dict()`` reach them.

    It works under ``torch.compile(objective, fullgraph=True)``. Weights that move do not compile it anew;
    each new set of running terms does, once.

    Example:
        >>> import lossspec
        >>> manager = lossspec.LossManager.from_spec("pix2pix")
        >>> objective = manager.objective("D")
        >>> sorted(objective.needed())
        ['pred_fake', 'pred_real']
        >>> objective(pred_real=torch.zeros(1, 1, 4, 4), pred_fake=torch.zeros(1, 1, 4, 4))
        tensor(0.6931)
    """

    #: Whether this process has compiled an objective. Its graph may then run for any other one: torch takes
    #: one graph for all modules that look alike, and the host does not hear of it.
    _graphs: ClassVar[bool] = False
    _alive: ClassVar[weakref.WeakSet[Objective]] = weakref.WeakSet()

    def __init__(
        self,
        name: str,
        terms: Sequence[tuple[LMLoss, BoundTerm]],
        clock: Clock,
        weights: Weights,
        recorders: Recorders,
        *,
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
        self._record_on_host = recorders.host.record
        self._where = device
        takers = [term for _, term in terms] + ([balance] if balance is not None else [])
        self._known = tuple(sorted({name for each in takers for name in each.needed}))
        self._modes: list[Mode] | None = None
        self._weighing: Weighing | None = None
        self._has_graph = False
        self._nothing = torch.zeros((), requires_grad=True)  # a graph can't make one
        self._warned: set[str] = set()
        #: what graphs were made for: the terms that run, and the values of their scheduled arguments.
        self._compiled_for: set[tuple[tuple[tuple[int, Mode], ...], tuple[object, ...]]] = set()
        self._ring = Ring([loss for loss, _ in terms], clock, device)
        for loss, _ in terms:
            if isinstance(loss.function, nn.Module):
                self.add_module(f"loss_{loss.name}", loss.function)
        units = {unit for loss, _ in terms for unit in weights.units(loss)}
        if any(loss.term is not None and loss.term.every is not None for loss, _ in terms):
            units.add("step")
        clock.follow(units, self._replan)
        weights.when_set(self._replan)
        self._replan()
        if balance is None:  # one that has a balance is never in a graph
            Objective._alive.add(self)
            if Objective._graphs:
                self._expect_graphs()

    def needed(self) -> frozenset[str]:
        """Return the names of the tensors that the next call needs; others may be left out."""
        return self._plan.needed

    def forward(self, *unnamed: object, **tensors: object) -> torch.Tensor:
        """Return the total, a scalar with its graph.

        Args:
            *unnamed: refused: tensors have names here.
            **tensors: by the names that the spec gives them; ``needed()`` says which are due now.

        Raises:
            UnknownNameError: a tensor that no term takes.
            LossInputError: a tensor that is due is missing, or one has no name,
                or a term can't work with what it got.
            LossResultError: a term is no scalar tensor.
            ClockError: the clock lacks what a schedule needs.
        """
        if torch.compiler.is_compiling():
            return self._in_graph(unnamed, tensors)
        plan = self._plan
        if unnamed or tensors.keys() != plan.needed:
            refuse_tensors(self.name, list(tensors), plan.due, self._known, len(unnamed))
        if plan.unknown is not None:
            raise self._weights.refusal(plan.unknown)
        for name in plan.plain:
            if isinstance(tensors[name], LISTS):
                raise self._refusal_of_list(name, tensors)
        raws: list[torch.Tensor] = []
        try:
            for compute in plan.computes:
                raws.append(compute(tensors))  # noqa: PERF401 - its length says which one failed
        except Exception as error:
            self._place(error, plan.summed[len(raws)], tensors)
            raise
        recorders = self._recorders
        samples = recorders.count(tensors) if recorders.counts_samples else 1
        if raws:
            stacked = stack(raws)
            if stacked is None:
                self._check(raws, tensors)
            weighing = self._weighing or self._weigh()
            recorders.record_row(weighing, raws, stacked, samples)
            total = weighing.total(raws, stacked)
        else:
            total = self._zero(tensors)
        if plan.recorded:
            self._only_record(tensors, samples)
        if self._new_plan and recorders.counts_samples:
            self._warn_of_unreached(tensors, total)
        return total

    def _only_record(self, tensors: Mapping[str, object], samples: int) -> None:
        """Compute and record the terms that are not in the total."""
        for loss, term in self._plan.recorded:
            try:
                raw = without_gradient(term, tensors)
            except Exception as error:
                self._place(error, term, tensors)
                raise
            self._recorders.record_one(loss, raw, samples)

    def _place(self, error: Exception, term: BoundTerm, tensors: Mapping[str, object]) -> None:
        place(error, term.name, self.name, term.needed, tensors)

    def _weigh(self) -> Weighing:
        self._weighing = Weighing([loss for loss, _, summed in self._plan.running if summed])
        return self._weighing

    def _check(self, raws: Sequence[torch.Tensor], tensors: Mapping[str, object]) -> None:
        """Refuse raw values that can't be summed."""
        for term, raw in zip(self._plan.summed, raws, strict=True):
            try:
                term.check(raw)
            except LossResultError as error:
                self._place(error, term, tensors)
                raise

    def _refusal_of_list(self, name: str, tensors: Mapping[str, object]) -> LossInputError:
        """Return the error of the first term that takes a list for a tensor."""
        term = next(each for each in self._plan.summed if name in (each.plain or ()))
        error = term.refusal_of_list(name)
        self._place(error, term, tensors)
        return error

    def _warn_of_unreached(self, tensors: Mapping[str, object], total: torch.Tensor) -> None:
        self._new_plan = False
        running = {term.name for _, term, _ in self._plan.running}
        skipped = [term for _, term in self._terms if term.name not in running | self._warned]
        if torch.is_grad_enabled() and skipped:
            self._warned |= {term.name for term in skipped}
            warn_of_unreached(self.name, skipped, tensors, total)

    def _zero(self, tensors: Mapping[str, object]) -> torch.Tensor:
        return torch.zeros((), device=_device(tensors) or self._where, requires_grad=True)

    def _in_graph(self, unnamed: tuple[object, ...], tensors: dict[str, object]) -> torch.Tensor:
        key = self._key
        self._begin_graph(tuple(tensors), self._known, key, len(unnamed))
        ring = self._ring
        raws: dict[int, torch.Tensor] = {}
        for column, each in key:
            term = self._terms[column][1]
            raws[column] = term(tensors) if each == "sum" else without_gradient(term, tensors)
        if raws:
            self._place_ring(next(iter(raws.values())).device)  # before anything of it is read
            counts = self._recorders.counts_samples
            ring.write(raws, (self._recorders.samples or batch_size(tensors.values())) if counts else 1)
        total: torch.Tensor | None = None
        for column, each in key:
            if each == "sum":
                weighted = _times(raws[column], ring.weight(column))
                total = weighted if total is None else total + weighted
        if total is None:
            return self._nothing.to(_device(tensors)) * 1.0
        return _times(total, ring.scale())

    @on_host
    def _begin_graph(
        self, given: tuple[str, ...], known: tuple[str, ...], key: tuple[tuple[int, Mode], ...], unnamed: int
    ) -> None:
        plan = self._plan
        refuse_tensors(self.name, given, plan.due, known, unnamed)
        for loss, _, _ in plan.running:
            if loss.weight is None:
                raise self._weights.refusal(loss)
        live = [(loss, argument) for loss, _, _ in plan.running for argument in loss.live]
        self._compiled_for.add((key, tuple(getattr(loss.function, argument) for loss, argument in live)))
        if live and len(self._compiled_for) == recompile_limit():
            named = ", ".join(f"`{argument}` of `{loss.name}`" for loss, argument in live)
            self._warn_of_recompiling(f"values of {named}, which a graph holds as constants", "")
        self._recorders.claim()
        if not Objective._graphs:
            Objective._graphs = True
            for each in list(Objective._alive):
                each._expect_graphs()  # noqa: SLF001 - one of this class

    def _expect_graphs(self) -> None:
        """Keep the weights and the clock in the ring from now on, where a graph finds them."""
        self._has_graph = True
        self._recorders.watch(self._ring)
        self._clock.follow(("epoch", "step", "fraction"), self.restamp)
        self._weights.when_set(self.restamp)
        self.restamp()

    def restamp(self) -> None:
        """Tell a compiled graph the weights of now; nothing to do for any other."""
        if self._has_graph:
            self._ring.stamp(tuple(column for column, _ in self._key))

    @on_host
    def _place_ring(self, device: torch.device) -> None:
        self._ring.to(device)

    def _replan(self) -> None:
        """Decide which terms run where the clock is."""
        self._weighing = None
        step = self._clock.step
        modes = [mode(loss, step) for loss, _ in self._terms]
        if modes != self._modes:
            self._modes = modes
            self._plan = Plan(self._terms, modes, self._balance)
            self._key = self._plan.key
            self._new_plan = True
            known = {key for key, _ in self._compiled_for}
            if known and self._key not in known and len(known) == recompile_limit():
                hint = ', or give terms that come and go `at_zero = "compute"`'
                self._warn_of_recompiling("sets of running terms", hint)

    def _warn_of_recompiling(self, what: str, hint: str) -> None:
        warnings.warn(
            f"the objective `{self.name}` is compiled for {recompile_limit()} {what}, and torch makes no "
            f"more graphs of it: set `torch._dynamo.config.recompile_limit` higher{hint}",
            RuntimeWarning,
            stacklevel=5,
        )

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch has no types for it
        self._ring.to(fn(torch.empty(0, device=self._ring.rows.device)).device)
        return self

    def __reduce_ex__(self, _: object) -> NoReturn:
        """Refuse to be copied or pickled: a copy would record to the manager of the original.

        Raises:
            LossSpecError: always.
        """
        raise LossSpecError(
            f"the objective `{self.name}` belongs to its manager and can't be copied or pickled: keep it "
            "out of the module that is, and save `manager.state_dict()`"
        )

    def extra_repr(self) -> str:
        """Show the name and the terms where the module is printed."""
        return f"{self.name}: {', '.join(loss.name for loss, _ in self._terms)}"


def recompile_limit() -> int:
    """Return how many graphs torch makes of one function; to be asked only once there is one."""
    limit: int = torch._dynamo.config.recompile_limit  # noqa: SLF001 - the documented name
    return limit


def _device(tensors: Mapping[str, object]) -> torch.device | None:
    for each in tensors.values():
        if isinstance(each, torch.Tensor):
            return each.device
    return None


def without_gradient(term: BoundTerm, tensors: Mapping[str, object]) -> torch.Tensor:
    """Compute a term that is only recorded."""
    with torch.no_grad():
        return term(tensors)


def _times(value: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Multiply as with a Python float: in at least 32 bits, rounded once to the type of ``value``."""
    wide = torch.float32 if value.dtype in {torch.float16, torch.bfloat16} else value.dtype
    return (value.to(wide) * weight.to(wide)).to(value.dtype)


class _Markable:
    _dynamo_marked_constant: bool
