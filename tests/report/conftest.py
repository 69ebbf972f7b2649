"""Runs to report on: small specs whose terms are given, run by the real manager, logged for real."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch

import lossspec
from lossspec import LossManager, Spec

if TYPE_CHECKING:
    from pathlib import Path

    from lossspec.manager.log_reader import LossLogData

#: What a term is at (epoch, step).
Values = dict[str, Callable[[int, int], float]]


@pytest.fixture
def spec_of(tmp_path: Path) -> Callable[[str], Spec]:
    """Load the spec that a text says."""

    def spec_of(text: str, name: str = "tiny") -> Spec:
        path = tmp_path / f"{name}.loss.toml"
        path.write_text(f"format = 1\n{text}", encoding="utf-8")
        return lossspec.load(path)

    return spec_of


@pytest.fixture
def log_of(tmp_path: Path) -> Callable[..., LossLogData]:
    """Run a spec whose terms are all ``lossspec.Precomputed`` of an input of their own name in lower case."""

    def log_of(
        spec: Spec,
        values: Values,
        epochs: int = 1,
        steps: int = 1,
        *,
        folder: str = "run",
        total_steps: bool = False,
    ) -> LossLogData:
        with LossManager.from_spec(spec, experiment_dir=tmp_path / folder) as manager:
            totals = {"total_steps": epochs * steps} if total_steps else {"total_epochs": epochs}
            objectives = [manager.objective(name) for name in spec.objectives]
            for epoch in range(epochs):
                manager.set_progress(epoch=epoch, **totals)
                for step in range(epoch * steps, (epoch + 1) * steps):
                    for objective in objectives:
                        needed = objective.needed()
                        objective(**{name: torch.tensor(values[name](epoch, step)) for name in needed})
                    manager.step()
        return lossspec.read_log(tmp_path / folder)

    return log_of
