"""What the tests of exported modules share: a spec is exported, run, and held to the manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from attrs import frozen

import lossspec
from lossspec import LossManager
from lossspec.convert.python import to_python

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from lossspec.language.model import Spec


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@frozen
class Twin:
    """A spec as text, the objectives that its text makes, and a manager of the same spec."""

    text: str
    objectives: dict[str, nn.Module]
    manager: LossManager

    def check(self, objective: str = "total", clock: dict | None = None, **tensors: object) -> Tensor:
        """Compare total and gradients where the clock is; return the exported total."""
        module, ours = self.objectives[objective], self.manager.objective(objective)
        module.set_progress(**clock or {})
        self.manager.set_progress(**clock or {})
        given = {name: value for name, value in tensors.items() if name in ours.needed()}
        assert given.keys() == ours.needed()
        theirs, mine = ours(**given), module(**given)
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=0)
        leaves = [each for value in tensors.values() for each in tensors_of(value) if each.requires_grad]
        for leaf in leaves:
            found, wanted = (
                torch.autograd.grad(each, leaf, retain_graph=True, allow_unused=True)[0]
                for each in (mine, theirs)
            )
            assert (found is None) == (wanted is None)
            if wanted is not None:
                torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-9)
        return mine


def tensors_of(value: object) -> list[Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [each for item in value for each in tensors_of(item)] if isinstance(value, list) else []


def run(text: str) -> dict:
    """Run a module that stands alone."""
    assert "import lossspec" not in text
    assert "from lossspec" not in text
    namespace: dict = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), namespace)
    return namespace


@pytest.fixture
def load(tmp_path) -> Callable[..., Spec]:
    """Return a function that loads a spec from its text, without the line of the format."""

    def loaded(text: str, name: str = "mine") -> Spec:
        path = tmp_path / f"{name}.loss.toml"
        path.write_text(f"format = 1\n{text}", encoding="utf-8")
        return lossspec.load(path)

    return loaded


@pytest.fixture
def twin(load) -> Callable[[str], Twin]:
    """Return a function that exports a spec and builds its manager."""

    def twinned(text: str) -> Twin:
        spec = load(text)
        written = to_python(spec)
        return Twin(written, run(written)["objectives"](), LossManager.from_spec(spec))

    return twinned
