"""A package lists its exports once, in its stub; each is imported on first use."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path

import pytest

import lossspec

SRC = Path(lossspec.__file__).parent
STUBS = sorted(SRC.rglob("*.pyi"))
PACKAGES = [".".join(stub.parent.relative_to(SRC.parent).parts) for stub in STUBS]


@pytest.mark.parametrize(("package", "stub"), [*zip(PACKAGES, STUBS, strict=True)])
def test_every_name_of_the_stub_is_exported(package: str, stub: Path) -> None:
    statements = ast.parse(stub.read_text("utf-8")).body
    names = [alias.asname for each in statements for alias in each.names]
    module = import_module(package)
    assert sorted(names) == module.__all__ == dir(module)
    assert all(getattr(module, name) is not None for name in names)


def test_a_star_import_gives_every_name() -> None:
    scope: dict[str, object] = {}
    exec("from lossspec.schedules import *", scope)
    assert set(lossspec.schedules.__all__) <= set(scope)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a module `home`, a module `model` that needs torch, and a subpackage."""
    root = tmp_path / "lazy_example"
    (root / "rooms").mkdir(parents=True)
    (root / "__init__.py").write_text(
        "from lossspec.lazy import attach\n__getattr__, __dir__, __all__ = attach(__name__)\n"
    )
    (root / "__init__.pyi").write_text(
        "from lazy_example import rooms as rooms\n"
        "from lazy_example.home import value as value\n"
        "from lazy_example.model import Model as Model\n"
    )
    (root / "home.py").write_text("value = object()\n")
    (root / "model.py").write_text("raise ModuleNotFoundError('no torch', name='torch')\n")
    (root / "rooms" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield root.name
    for name in [name for name in sys.modules if name.split(".")[0] == root.name]:
        del sys.modules[name]


def test_a_name_is_imported_on_first_use(package: str) -> None:
    module = import_module(package)
    assert f"{package}.home" not in sys.modules
    assert module.value is sys.modules[f"{package}.home"].value
    assert vars(module)["value"] is module.value
    assert module.rooms is sys.modules[f"{package}.rooms"]


def test_a_name_that_needs_torch_says_so(package: str) -> None:
    with pytest.raises(lossspec.MissingExtraError, match=f"^`{package}.Model` needs torch"):
        import_module(package).Model  # noqa: B018


def test_an_unknown_name_has_the_nearest(package: str) -> None:
    with pytest.raises(AttributeError, match=f"unknown name `valeu` in `{package}`.*`value`"):
        import_module(package).valeu  # noqa: B018
