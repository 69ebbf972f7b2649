"""The libraries that the tests in this folder need are installed: none of them is skipped."""

from __future__ import annotations

from importlib import import_module

import pytest

LIBRARIES = (
    "accelerate",
    "ignite",
    "jsonargparse",
    "lightning",
    "mlflow",
    "tensorboard",
    "transformers",
    "wandb",
)


@pytest.mark.parametrize("library", LIBRARIES)
def test_it_is_there(library: str) -> None:
    import_module(library)
