"""Which objectives can run in a compiled graph."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class CompiledGraphs:
    """Whether this process has compiled an objective, and the objectives that its graphs can run for.

    torch runs one graph for all modules that look alike, and does not tell the host. So once one objective is
    compiled, all objectives of the process must expect graphs.

    Attributes:
        exist: whether an objective was compiled.
    """

    def __init__(self) -> None:
        self.exist = False
        self._expect: list[weakref.WeakMethod[Callable[[], None]]] = []

    def add(self, expect_graphs: Callable[[], None]) -> None:
        """Call the method ``expect_graphs`` of an objective now, or when the first graph is made."""
        self._expect = [each for each in self._expect if each() is not None]
        self._expect.append(weakref.WeakMethod(expect_graphs))
        if self.exist:
            expect_graphs()

    def begin(self) -> None:
        """Have all objectives expect graphs: one is being made."""
        if not self.exist:
            self.exist = True
            for each in self._expect:
                expect_graphs = each()
                if expect_graphs is not None:
                    expect_graphs()


#: One for the process, as the graphs of torch.compile are.
compiled_graphs = CompiledGraphs()
