"""Which objectives can run in a compiled graph."""

from __future__ import annotations

import weakref
from typing import Protocol


class Compilable(Protocol):
    """An objective that a compiled graph can run."""

    def expect_graphs(self) -> None:
        """Keep the weights and the clock where a graph finds them, from now on."""


class CompiledGraphs:
    """Whether this process has compiled an objective, and the objectives that its graphs can run for.

    torch runs one graph for all modules that look alike, and does not tell the host. So once one objective is
    compiled, all objectives of the process must expect graphs.

    Attributes:
        exist: whether an objective was compiled.
    """

    def __init__(self) -> None:
        self.exist = False
        self._objectives: weakref.WeakSet[Compilable] = weakref.WeakSet()

    def add(self, objective: Compilable) -> None:
        """Have an objective expect graphs, now or from the first graph on."""
        self._objectives.add(objective)
        if self.exist:
            objective.expect_graphs()

    def begin(self) -> None:
        """Have all objectives expect graphs: one is being made."""
        if not self.exist:
            self.exist = True
            for objective in list(self._objectives):
                objective.expect_graphs()


#: One for the process, as the graphs of torch.compile are.
compiled_graphs = CompiledGraphs()
