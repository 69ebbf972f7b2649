"""What the tests of imports share: files of peers, specs made of them, and a VGG19 of few channels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

import lossspec
from lossspec.convert import Imported, import_document, import_file, to_toml

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).with_name("data")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def file_of() -> Callable[[str], Imported]:
    """Import a file of the folder data."""
    return lambda name, peer=None: import_file(DATA / name, peer)


@pytest.fixture
def train_of() -> Callable[..., Imported]:
    """Import the table ``train`` of an option file."""

    def run(peer: str, train: dict, **keys: object) -> Imported:
        return import_document({**keys, "train": train}, peer, "options")

    return run


@pytest.fixture
def managed(tmp_path: Path) -> Callable[..., lossspec.LossManager]:
    """Write an import as a spec, and return a manager of it."""

    def run(imported: Imported, variants: str = "", **options: object) -> lossspec.LossManager:
        path = tmp_path / "imported.loss.toml"
        path.write_text(to_toml(imported), encoding="utf-8")
        assert [each for each in lossspec.validate(path) if each.severity == "error"] == []
        return lossspec.LossManager.from_spec(f"{path}{variants}", **options)

    return run


@pytest.fixture
def check() -> Callable[..., None]:
    """Compare the total of an objective, and its gradients, with a formula."""

    def run(manager: lossspec.LossManager, name: str, tensors: dict, expected: Tensor) -> None:
        objective = manager.objective(name).double()
        total = objective(**{key: value for key, value in tensors.items() if key in objective.needed()})
        torch.testing.assert_close(total, expected, rtol=1e-6, atol=1e-9, check_dtype=False)
        leaves = [each for value in tensors.values() for each in _leaves(value)]
        mine, theirs = (
            torch.autograd.grad(each, leaves, retain_graph=True, allow_unused=True)
            for each in (total, expected)
        )
        for each, other in zip(mine, theirs, strict=True):
            assert (each is None) == (other is None)
            if each is not None:
                torch.testing.assert_close(each, other, rtol=1e-6, atol=1e-6 * other.abs().max().item())

    return run


def _leaves(value: object) -> list[Tensor]:
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value] if isinstance(value, Tensor) and value.is_leaf and value.requires_grad else []


@pytest.fixture
def draw() -> Callable[..., dict[str, Tensor]]:
    """Draw tensors of these shapes in double precision, with gradients."""

    def run(**shapes: tuple[int, ...]) -> dict[str, Tensor]:
        return {
            name: torch.rand(shape, dtype=torch.float64, requires_grad=True) for name, shape in shapes.items()
        }

    return run


class VGG19:
    """VGG19 as torchvision numbers its layers, with few channels and random weights in a file."""

    NAMES = tuple(
        f"{kind}{block}_{index}"
        for block, count in enumerate((2, 2, 4, 4, 4), 1)
        for index in range(1, count + 1)
        for kind in ("conv", "relu")
    )

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.layers = nn.ModuleDict()
        self.pooled = nn.MaxPool2d(2)
        torch.manual_seed(0)
        channels, number, weights = 3, 0, {}
        for name in self.NAMES:
            if name.endswith("_1") and name.startswith("conv") and name != "conv1_1":
                number += 1  # a pooling
            if name.startswith("conv"):
                layer = nn.Conv2d(channels, 4, 3, padding=1)
                nn.init.kaiming_normal_(layer.weight)
                weights |= {f"features.{number}.{key}": each for key, each in layer.state_dict().items()}
                channels = 4
            else:
                layer = nn.ReLU()
            self.layers[name] = layer
            number += 1
        torch.save(weights, path)
        self.layers.double().requires_grad_(requires_grad=False)

    def __call__(self, images: Tensor, normalize: bool = True) -> dict[str, Tensor]:
        """Return the features at every layer; images in [0, 1] are first normalised as ImageNet's."""
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        x = (images - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1) if normalize else images
        found = {}
        for name, layer in self.layers.items():
            if name.startswith("conv") and name.endswith("_1") and name != "conv1_1":
                x = self.pooled(x)
            x = found[name] = layer(x)
        return found

    def of(self, *losses: str) -> dict[str, object]:
        """The overlay that gives losses these weights."""
        return {"losses": {name: {"args": {"weights": self.path}} for name in losses}}


@pytest.fixture(scope="session")
def vgg19(tmp_path_factory: pytest.TempPathFactory) -> VGG19:
    return VGG19(tmp_path_factory.mktemp("weights") / "vgg19.pth")
