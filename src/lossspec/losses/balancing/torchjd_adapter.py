"""torchjd's methods as balancers, for version 0.18; `torchjd_state` knows what they remember.

Its weightings turn the Gramian of the gradients of the losses into a weight for each loss. Its scalarizers
turn the values of the losses into one number. Both see schedule * value, the losses that the user combines.
"""
# ruff: noqa: SLF001 - what FAMO remembers has no public name

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, distributed, nn
from torchjd.aggregation import Weighting
from torchjd.scalarization import FAMO, IMTLL, GeometricMean, Random, Scalarizer

from lossspec.errors import LossInputError
from lossspec.losses.balancing.balancer import FactorBalancer, weighted_sum
from lossspec.losses.balancing.measures import several_ranks
from lossspec.losses.balancing.torchjd_adapted import Adapted
from lossspec.losses.balancing.torchjd_state import adam_of, check_famo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.losses.balancing.balancer import Balancer


def adapt(method: nn.Module, losses: Sequence[str], vectors: Mapping[str, Sequence[float]]) -> Balancer:
    """Return the balancer for a method of torchjd.

    Args:
        method: a weighting on the Gramian, or a scalarizer.
        losses: the names of the losses.
        vectors: arguments with one value for each loss, in the order of ``losses``, such as ``pref_vector``.

    Raises LossInputError where a vector has another length.
    """
    name = f"torchjd.{type(method).__name__.removesuffix('Weighting')}"
    for key, values in vectors.items():
        if len(values) != len(losses):
            raise LossInputError(
                f"{name} needs one value in `{key}` for each of its {len(losses)} losses, got {len(values)}"
            )
    kinds: dict[type[nn.Module], type[Adapted]] = {
        Weighting: GramianBalancer,
        FAMO: FAMOBalancer,
        Random: RandomBalancer,
        Scalarizer: ScalarizedBalancer,
    }
    kind = next(each for base, each in kinds.items() if isinstance(method, base))
    return kind(losses, method, name, {key: torch.tensor(values) for key, values in vectors.items()})


def takes_count(target: str) -> bool:
    """Return whether the class of this target takes the number of losses, as ``shape``."""
    return target.rpartition(":")[2] in {IMTLL.__name__, FAMO.__name__}


class GramianBalancer(Adapted, FactorBalancer):
    """A weighting on the Gramian of the gradients at some tensors.

    .. math:: sum_k lambda_k w_k L_k,  lambda = weighting(J J^T),  J_k = grad_x w_k L_k

    where ``w_k`` are the weights of the spec. So the gradient of the total at the tensors is what torchjd's
    aggregator of the same name makes of J. A loss of the weight 0 takes no part. A call that does not move
    the balancer uses the last ``lambda_k``, 1 at first. In a distributed run, J is the mean over the
    processes at parameters, and the whole batch at other tensors: the Gramian is the same everywhere, for one
    collective.
    """

    weights: Tensor

    def __init__(
        self, losses: Sequence[str], method: nn.Module, name: str, vectors: Mapping[str, Tensor]
    ) -> None:
        super().__init__(losses, method, name, vectors)
        self.register_buffer("weights", torch.ones(len(self.losses), dtype=torch.float64))

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float], *tensors: Tensor | Sequence[Tensor]
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced sum of ``values``, and the applied weights."""
        return self.summed(values, weights, self.weigh(values, weights, *tensors))

    def weigh(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float], *tensors: Tensor | Sequence[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Return the factors of ``values``."""
        running = {name: value for name, value in values.items() if weights[name] != 0.0}
        by = [each for given in tensors for each in ([given] if isinstance(given, Tensor) else given)]
        device = next(iter(values.values())).device
        self.follow(next(iter(values.values())), self.weights)
        if running and self.is_moving:
            places = self.places(running)
            rows = []
            for name, value in running.items():
                gradients = self.gradients(name, value, by)
                wide = torch.promote_types(value.dtype, torch.float32)
                rows.append([(weights[name] * each).to(wide).flatten() for each in gradients])
            with torch.no_grad():
                gramian = self._gramian(rows, by, places)
                self._fit(places, gramian)
                with self._seeded():
                    found = self.method(gramian)
                self.weights.index_copy_(0, self.index(places, device), found.detach().double())
        return self.weights[self.index(self.places(values), device)], None

    def _gramian(
        self, rows: Sequence[Sequence[Tensor]], by: Sequence[Tensor], places: tuple[int, ...]
    ) -> Tensor:
        """Return J J^T, over all processes."""
        if not several_ranks():
            matrix = torch.stack([torch.cat([*row]) for row in rows])
            return matrix @ matrix.T
        count, ranks = len(self.losses), distributed.get_world_size()
        where = self.index(places, rows[0][0].device)
        shared = [each.is_leaf for each in by]  # a parameter is the same in all processes

        def of(kind: bool) -> Tensor:
            """Return the rows at the tensors of one kind, for all losses, as a mean over the processes."""
            parts = [[each for each, leaf in zip(row, shared, strict=True) if leaf is kind] for row in rows]
            filled = torch.stack(
                [torch.cat([*part, part[0][:0] if part else rows[0][0][:0]]) for part in parts]
            )
            return filled.new_zeros(count, filled.shape[1]).index_copy(0, where, filled) / ranks

        own, mean = of(kind=False), of(kind=True)
        sent = torch.cat([(own @ own.T).flatten(), mean.flatten()])
        distributed.all_reduce(sent)
        mean = sent[count**2 :].view(mean.shape)
        whole = sent[: count**2].view(count, count) + mean @ mean.T
        return whole[where][:, where]


class ScalarizedBalancer(Adapted):
    """A function of the values: the contribution is torchjd's scalarizer of schedule * value.

    The applied weight of a loss is the derivative of the contribution by its value. A loss of the weight 0
    takes no part.
    """

    def __init__(
        self, losses: Sequence[str], method: nn.Module, name: str, vectors: Mapping[str, Tensor]
    ) -> None:
        super().__init__(losses, method, name, vectors)
        if not isinstance(method, FAMO):  # which moves its own
            for key, parameter in method.named_parameters(recurse=False):
                self.register_parameter(key, parameter)

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float]
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the value of the scalarizer, and its derivatives."""
        running = [name for name in values if weights[name] != 0.0]
        applied: dict[str, float | Tensor] = dict.fromkeys(values, 0.0)
        if not running:
            return weighted_sum(values, applied), applied
        kind = values[running[0]].dtype
        wide = torch.promote_types(kind, torch.float32)
        weighted = torch.stack([values[name].to(wide) * weights[name] for name in running])
        self._check(dict(zip(running, weighted.detach(), strict=True)))
        places = self.places(running)
        self._fit(places, weighted)
        with torch.enable_grad():
            leaf = weighted if weighted.requires_grad else weighted.detach().requires_grad_()
            total = self._scalar(leaf, places)
            (slopes,) = torch.autograd.grad(total, leaf, retain_graph=True)
        for name, slope in zip(running, slopes, strict=True):
            applied[name] = slope * weights[name]
        if not torch.is_grad_enabled():
            total = total.detach()
        elif self.is_moving and several_ranks() and any(True for _ in self.parameters()):
            total = self._same_everywhere(total, weighted, slopes, places)
        idle = [name for name in values if name not in running]
        return sum((values[name] * 0.0 for name in idle), total.to(kind)), applied

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        for key, parameter in self.named_parameters(recurse=False):  # moving can replace it
            setattr(self.method, key, parameter)
        return self

    def _check(self, weighted: Mapping[str, Tensor]) -> None:
        if isinstance(self.method, GeometricMean):
            self.check_positive(weighted, "it takes the logarithm of schedule * value")

    def _scalar(self, weighted: Tensor, places: tuple[int, ...]) -> Tensor:
        """Return the value of the scalarizer for the losses at some positions."""
        found: Tensor
        if places == tuple(range(len(self.losses))):
            found = self.method(weighted)
            return found
        where = self.index(places, weighted.device)
        parts = {name: each[where] for name, each in self.method.named_parameters()}
        parts |= {
            name: each[where] for name, each in self.method.named_buffers() if name not in self._vectors
        }
        found = torch.func.functional_call(self.method, parts, (weighted,))
        return found

    def _same_everywhere(
        self, total: Tensor, weighted: Tensor, slopes: Tensor, places: tuple[int, ...]
    ) -> Tensor:
        """Return the total of this process, with the gradient of the mean over all of them for parameters."""
        means, known = self.means(weighted.detach().double().unsqueeze(0), places)
        mean = torch.where(known, means[0], torch.nan)[self.index(places, weighted.device)]
        of_mean, linear = self._scalar(mean.to(weighted.dtype), places), torch.dot(weighted, slopes)
        return total.detach() + (linear - linear.detach()) + (of_mean - of_mean.detach())


class FAMOBalancer(ScalarizedBalancer):
    """FAMO, which learns from how a step of the optimiser changed the losses of its batch.

    After the step, compute the objective again on the same batch, unrecorded, and call ``update``::

        total = objective(**tensors(batch))
        total.backward()
        optimizer.step()
        with manager.unrecorded(), torch.no_grad():
            objective(**tensors(batch))
        objective.balance.update()

    """

    def __init__(
        self, losses: Sequence[str], method: nn.Module, name: str, vectors: Mapping[str, Tensor]
    ) -> None:
        super().__init__(losses, method, name, vectors)
        self._before: dict[int, Tensor] = {}
        self._after: dict[int, Tensor] = {}
        self._updates = 0

    def _check(self, weighted: Mapping[str, Tensor]) -> None:
        lowest = self._vectors.get("min_losses")
        floor = {} if lowest is None else dict(zip(self.losses, lowest.tolist(), strict=True))
        above = {name: value - floor.get(name, 0.0) for name, value in weighted.items()}
        self.check_positive(above, "it takes the logarithm of schedule * value - min_losses")

    def _scalar(self, weighted: Tensor, places: tuple[int, ...]) -> Tensor:
        if self.method._w.device != weighted.device:
            self.method.to(weighted.device)
        kept = dict(zip(places, weighted.detach().double(), strict=True))
        if self.is_moving:
            self._before = kept
        else:
            self._after = kept
        return super()._scalar(weighted, places)

    def update(self) -> None:
        """Move the weights by the change from the last recorded call to the last one that was not.

        Raises:
            LossInputError: there was no recorded call, or none after it that was not recorded.
        """
        both = self._before.keys() & self._after.keys()
        if not both:
            raise LossInputError(
                f"{self.name} compares the losses before and after a step of the optimiser: call the "
                "objective on the same batch in `manager.unrecorded()`, then `update()`"
            )
        places = tuple(sorted(both))
        kept = self._before, self._after
        measured = torch.stack([torch.stack([each[place] for place in places]) for each in kept])
        (before, after), known = self.means(measured, places)
        weights = self.method._w
        lowest = self.method.min_losses.double()
        if "min_losses" in self._vectors:
            lowest = self._vectors["min_losses"].to(before)
            self.method.min_losses, self._fitted = lowest.to(weights), None
        before, after = (torch.where(known, each, lowest + 1.0).to(weights) for each in (before, after))
        self.method._prev_losses = before
        self.method.update(after)
        self._before, self._after = {}, {}
        self._updates += 1

    def unmoved(self) -> str:
        """Return that ``update`` is never called, or ""."""
        if self._updates:
            return ""
        return (
            f"{self.name} was never updated: after each step of the optimiser, call the objective on the "
            "same batch in `manager.unrecorded()`, then `objective.balance.update()`"
        )

    def get_extra_state(self) -> dict[str, object]:
        """Return the logits and the state of FAMO's own Adam."""
        optimizer = self.method._optimizer
        return {
            **super().get_extra_state(),
            "logits": self.method._w.detach().clone(),
            "optimizer": None if optimizer is None else optimizer.state_dict(),
            "before": self._before,
            "updates": self._updates,
        }

    def check_state(self, state: object) -> None:
        """Check a state, from ``get_extra_state``."""
        check_famo(self.name, self.method, len(self.losses), state)

    def set_extra_state(self, state: Any) -> None:
        """Restore the logits and the state of FAMO's own Adam."""
        super().set_extra_state(state)
        method = self.method
        with torch.no_grad():
            method._w.copy_(state["logits"])
        method._optimizer = None
        if state["optimizer"] is not None:
            adam = adam_of(method)
            adam.load_state_dict(state["optimizer"])
            method._optimizer = adam
        self._before, self._updates = dict(state["before"]), state["updates"]


class RandomBalancer(Adapted, FactorBalancer):
    """Random weights, drawn anew in each recorded training call; they add up to 1."""

    weights: Tensor

    def __init__(
        self, losses: Sequence[str], method: nn.Module, name: str, vectors: Mapping[str, Tensor]
    ) -> None:
        super().__init__(losses, method, name, vectors)
        self.register_buffer("weights", torch.ones(len(self.losses), dtype=torch.float64))

    def forward(
        self, values: Mapping[str, Tensor], weights: Mapping[str, float]
    ) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Return the balanced sum of ``values``, and the applied weights."""
        return self.summed(values, weights, self.weigh(values, weights))

    def weigh(
        self,
        values: Mapping[str, Tensor],
        weights: Mapping[str, float],  # noqa: ARG002 - the weights of the spec multiply the result
    ) -> tuple[Tensor, Tensor | None]:
        """Return the factors of ``values``."""
        device = next(iter(values.values())).device
        self.follow(next(iter(values.values())), self.weights)
        where = self.index(self.places(values), device)
        if self.is_moving:
            leaf = torch.zeros(len(values), dtype=torch.float64, device="cpu", requires_grad=True)
            with self._seeded():
                (drawn,) = torch.autograd.grad(self.method(leaf), leaf)
            self.weights.index_copy_(0, where, drawn.to(device, non_blocking=True))
        return self.weights[where], None

    def join(self) -> None:
        """Count the draws of other processes."""
        self._calls += self.is_moving
