"""What the balancers of torchjd's methods share: the method, and its state."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from lossspec.losses.balancing.balancer import Balancer
from lossspec.losses.balancing.torchjd_state import check_state, remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor, nn


class Adapted(Balancer):
    """What the balancers below share: a method of torchjd, which sees the losses that run.

    The method is no submodule: most of what a method remembers is not in torchjd's own ``state_dict``.
    """

    def __init__(
        self, losses: Sequence[str], method: nn.Module, name: str, vectors: Mapping[str, Tensor]
    ) -> None:
        super().__init__(losses)
        self.name = name
        self._method: tuple[Any] = (method,)
        self._vectors = dict(vectors)
        self._fitted: object = None
        self._calls = 0

    @property
    def method(self) -> Any:
        """The weighting or the scalarizer."""
        return self._method[0]

    def _fit(self, places: tuple[int, ...], like: Tensor) -> None:
        """Give the method those elements of its vectors that belong to the losses that run."""
        wanted = places, like.device, like.dtype
        if self._vectors and wanted != self._fitted:
            for key, vector in self._vectors.items():
                setattr(self.method, key, vector[list(places)].to(like))
            self._fitted = wanted

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        """Draw numbers that are the same in all processes and after a resume; torch's generator is kept."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self._calls)
            yield
        self._calls += 1

    def get_extra_state(self) -> dict[str, object]:
        """Return what the method remembers."""
        return {"calls": self._calls, "method": remembered(self.method)}

    def check_state(self, state: object) -> None:
        """Check a state, from ``get_extra_state``.

        Raises:
            CheckpointError: it is none of this balancer.
        """
        check_state(self.name, self.method, len(self.losses), state)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any) -> None:
        key = f"{prefix}_extra_state"
        if key in state_dict:
            self.check_state(state_dict[key])  # before torch copies the tensors
        super()._load_from_state_dict(state_dict, prefix, *args)

    def set_extra_state(self, state: Any) -> None:
        """Restore what the method remembers."""
        self.check_state(state)
        self._calls = state["calls"]
        for name, value in state["method"].items():
            setattr(self.method, name, value)

    def extra_repr(self) -> str:
        """Show the method of torchjd."""
        return str(self.method)
