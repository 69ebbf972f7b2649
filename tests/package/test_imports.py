"""Importing lossspec, loading specs and the command line do not import torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lossspec
from lossspec.errors import LossSpecError


def modules_after(code: str) -> set[str]:
    listing = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", listing], text=True, capture_output=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import lossspec",
        "import lossspec.registry, lossspec.schedules, lossspec.language, lossspec.cli",
        "import lossspec; lossspec.load('pix2pix+extended').digest",
        "import lossspec; lossspec.validate('format = 1')",
        "from lossspec import Spec, Diagnostic, LossSpecError, schedules, spec, register_loss",
    ],
)
def test_torch_is_not_imported(code: str) -> None:
    assert "torch" not in modules_after(code)


@pytest.mark.slow
def test_the_check_above_would_see_torch() -> None:
    assert "torch" in modules_after("import lossspec; lossspec.LossManager")


@pytest.mark.parametrize("name", lossspec.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(lossspec, name) is not None


def test_an_unknown_name_is_an_error_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"unknown name `LosManager` in `lossspec`.*`LossManager`"):
        lossspec.LosManager  # noqa: B018


def test_every_error_is_a_lossspec_error() -> None:
    errors = [
        value for name in lossspec.__all__ if name.endswith("Error") for value in [getattr(lossspec, name)]
    ]
    assert errors
    assert all(issubclass(error, LossSpecError) for error in errors)
