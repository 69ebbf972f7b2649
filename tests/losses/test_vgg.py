"""The losses on VGG19 features: against an independent VGG19 with the same random weights; no network."""

from __future__ import annotations

import importlib
import re
import sys
from collections import OrderedDict
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING
from urllib.error import URLError

import pytest
import torch
from torch import nn

from lossspec.errors import LossInputError, MissingExtraError, MissingWeightsError, UnknownNameError
from lossspec.losses import VGGPerceptualLoss, VGGStyleLoss
from lossspec.losses.perceptual.vgg import LAYERS

if TYPE_CHECKING:
    from pathlib import Path

# The numbers of the layers in torchvision's VGG19, from the literature of those who index it by hand:
# `features[:4]` ends with relu1_2, [:9] with relu2_2, [:16] with relu3_3, [35] is relu5_4's, [34] conv5_4.
NUMBERS = {
    "relu1_2": 3,
    "relu2_2": 8,
    "relu3_3": 15,
    "conv3_3": 14,
    "relu4_1": 20,
    "conv5_4": 34,
    "relu5_4": 35,
}
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


@pytest.fixture(scope="session")
def vgg19() -> nn.Sequential:
    """VGG19's layers, as torchvision numbers them, with random weights."""
    layers: list[nn.Module] = []
    channels = 3
    generator = torch.Generator().manual_seed(0)
    for width in [64, 64, 0, 128, 128, 0, *[256] * 4, 0, *[512] * 4, 0, *[512] * 4, 0]:
        if not width:
            layers.append(nn.MaxPool2d(2, 2))
            continue
        layer = nn.utils.skip_init(nn.Conv2d, channels, width, 3, padding=1)
        layer.weight.data.normal_(std=(2 / (9 * channels)) ** 0.5, generator=generator)
        layer.bias.data.normal_(std=0.1, generator=generator)
        layers += [layer, nn.ReLU()]
        channels = width
    return nn.Sequential(*layers).requires_grad_(requires_grad=False)


@pytest.fixture(scope="session")
def vgg19_file(vgg19: nn.Sequential, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of its weights, under the names that torchvision saves."""
    path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    torch.save(OrderedDict((f"features.{key}", value) for key, value in vgg19.state_dict().items()), path)
    return path


def normalized(images):
    return ((images.movedim(1, -1) - MEAN) / STD).movedim(-1, 1)


@pytest.fixture
def features(vgg19):
    def of(images, layer):
        return vgg19[: NUMBERS[layer] + 1](images)

    return of


@pytest.fixture
def pair():
    return torch.rand(2, 3, 16, 16, requires_grad=True), torch.rand(2, 3, 16, 16)


def test_default_is_l1_of_three_layers(vgg19_file, features, pair):
    x, y = pair
    found = VGGPerceptualLoss(weights=vgg19_file)(x, y)
    expected = sum(
        (features(normalized(x), layer) - features(normalized(y), layer)).abs().mean()
        for layer in ("relu1_2", "relu2_2", "relu3_3")
    )
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(
        *(torch.autograd.grad(loss, x)[0] for loss in (found, expected)), rtol=1e-3, atol=1e-7
    )


@pytest.mark.parametrize("layer", NUMBERS)
def test_layers_are_where_torchvision_has_them(vgg19_file, features, pair, layer):
    x, y = pair
    found = VGGPerceptualLoss([layer], criterion="l2", normalize=False, weights=vgg19_file)(x, y)
    torch.testing.assert_close(found, ((features(x, layer) - features(y, layer)) ** 2).mean())


def test_weights_belong_to_their_layers(vgg19_file, features, pair):
    x, y = pair
    loss = VGGPerceptualLoss(
        ["conv3_3", "relu1_2"], layer_weights=[0.25, 4.0], normalize=False, weights=vgg19_file
    )
    l1 = {layer: (features(x, layer) - features(y, layer)).abs().mean() for layer in NUMBERS}
    torch.testing.assert_close(loss(x, y), 0.25 * l1["conv3_3"] + 4 * l1["relu1_2"])


def test_style_compares_gram_matrices(vgg19_file, features, pair):
    def gram(images):
        f = features(normalized(images), "relu2_2")
        return torch.einsum("nahw,nbhw->nab", f, f) / f[0].numel()

    x, y = pair
    found = VGGStyleLoss(["relu2_2"], layer_weights=[2.0], weights=vgg19_file)(x, y)
    torch.testing.assert_close(found, 2 * (gram(x) - gram(y)).abs().mean(), rtol=1e-4, atol=0)


def test_the_range_of_the_images_is_mapped(vgg19_file, pair):
    x, y = (each.detach() for each in pair)
    plain = VGGPerceptualLoss(weights=vgg19_file)(x, y)
    symmetric = VGGPerceptualLoss(input_range=[-1.0, 1.0], weights=vgg19_file)(2 * x - 1, 2 * y - 1)
    bytes_ = VGGPerceptualLoss(input_range=(0, 255), weights=vgg19_file)(255 * x, 255 * y)
    torch.testing.assert_close(symmetric, plain, rtol=1e-4, atol=0)
    torch.testing.assert_close(bytes_, plain, rtol=1e-4, atol=0)


def test_gray_images_count_as_three_equal_channels(vgg19_file):
    x, y = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 8)
    loss = VGGPerceptualLoss(weights=vgg19_file)
    torch.testing.assert_close(loss(x, y), loss(x.repeat(1, 3, 1, 1), y.repeat(1, 3, 1, 1)))


def test_vgg_is_frozen_moved_and_not_saved(vgg19_file, pair):
    loss = VGGPerceptualLoss(["relu1_1"], weights=vgg19_file)
    loss(*pair).backward()
    assert pair[0].grad.any()
    assert list(loss.parameters()) == []
    assert loss.state_dict() == {}
    assert not any(buffer.requires_grad for buffer in loss.buffers())
    assert {buffer.device.type for buffer in loss.to("meta").buffers()} == {"meta"}
    assert len(list(loss.buffers())) == 4  # the deeper layers are not kept


@pytest.mark.slow
def test_works_under_bfloat16_autocast_and_compiled(vgg19_file, pair):
    loss = VGGPerceptualLoss(["relu2_2"], weights=vgg19_file)
    expected = loss(*pair)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(loss(*pair).float(), expected, rtol=0.05, atol=0)
    torch.compiler.reset()
    torch.testing.assert_close(torch.compile(loss, fullgraph=True, backend="aot_eager")(*pair), expected)


def test_gradient_is_that_of_finite_differences(vgg19_file):
    x, y = (torch.rand(1, 3, 2, 2, dtype=torch.float64, requires_grad=grad) for grad in (True, False))
    for build in (VGGPerceptualLoss, VGGStyleLoss):
        assert torch.autograd.gradcheck(build(["relu1_2"], weights=vgg19_file).double(), (x, y))


def test_a_state_without_the_classifier_works(vgg19, vgg19_file, tmp_path, pair):
    torch.save(vgg19.state_dict(), tmp_path / "features.pth")  # keys like 0.weight
    torch.testing.assert_close(
        VGGPerceptualLoss(weights=tmp_path / "features.pth")(*pair),
        VGGPerceptualLoss(weights=vgg19_file)(*pair),
    )


# --------------------------------------------------------------------------- where the weights come from


@pytest.fixture
def torchvision(monkeypatch):
    """A torchvision whose hub answers what the test sets."""
    models = ModuleType("torchvision.models")
    hub = SimpleNamespace(url="https://example.org/vgg19.pth", answer=None, asked=[])

    def get_state_dict(**options):
        hub.asked.append(options)
        if isinstance(hub.answer, Exception):
            raise hub.answer
        return hub.answer

    hub.get_state_dict = get_state_dict
    models.VGG19_Weights = SimpleNamespace(IMAGENET1K_V1=hub)
    package = ModuleType("torchvision")
    package.models = models
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    return hub


def test_default_weights_are_torchvisions_checked_by_their_hash(torchvision, vgg19, vgg19_file, pair):
    torchvision.answer = {f"features.{key}": value for key, value in vgg19.state_dict().items()}
    torch.testing.assert_close(VGGPerceptualLoss()(*pair), VGGPerceptualLoss(weights=vgg19_file)(*pair))
    assert torchvision.asked == [{"progress": False, "check_hash": True}]


@pytest.mark.parametrize("cause", [URLError("no route"), TimeoutError(), MissingWeightsError("kept nowhere")])
def test_offline_is_an_error_that_names_the_file_and_the_remedy(torchvision, cause):
    torchvision.answer = cause
    with pytest.raises(
        MissingWeightsError, match=r"get https://example.org/vgg19.pth .* weights = \"path/to/vgg19"
    ) as info:
        VGGPerceptualLoss()
    assert info.value.__cause__ is cause


def test_without_torchvision_the_error_names_the_extra(monkeypatch):
    real = importlib.import_module

    def missing(name, *rest):
        if name.startswith("torchvision"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr("lossspec.losses.perceptual.vgg_weights.import_module", missing)
    with pytest.raises(MissingExtraError, match=r'pip install "lossspec\[vision\]", or set `weights`'):
        VGGStyleLoss()


class Runs:
    """Pickled, it would run code when it is read."""

    def __reduce__(self):
        return (print, ("the file ran code",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"features.0.weight": torch.zeros(64, 3, 3, 3)}, r"not VGG19's: `features.0.bias` is missing"),
        ([1, 2], "must contain a state_dict of VGG19, got a list"),
        ({"features.0.weight": Runs()}, "is not a file of weights"),
    ],
)
def test_another_file_is_an_error_and_runs_nothing(tmp_path, capfd, content, message):
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(LossInputError, match=message):
        VGGPerceptualLoss(weights=tmp_path / "other.pth")
    assert "ran code" not in capfd.readouterr().out


def test_weights_of_vgg16_are_refused(vgg19, tmp_path):
    state = {key: value for key, value in vgg19.state_dict().items() if not key.startswith("16.")}
    torch.save(state, tmp_path / "vgg16.pth")
    with pytest.raises(LossInputError, match=r"vgg16.pth` are not VGG19's: `features.16[^`]*` is missing"):
        VGGPerceptualLoss(["relu1_1"], weights=tmp_path / "vgg16.pth")


@pytest.mark.parametrize("content", [b"", b"not a file of torch", b"PK\x03\x04 a torn archive"])
def test_a_damaged_file_is_an_error(tmp_path, content):
    (tmp_path / "torn.pth").write_bytes(content)
    with pytest.raises(LossInputError, match=r"torn\.pth is not a file of weights"):
        VGGPerceptualLoss(weights=str(tmp_path / "torn.pth"))


# --------------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (
            {"layers": ["relu3_5"]},
            UnknownNameError,
            "unknown VGG19 layer `relu3_5`: a VGG19 layer with a similar name",
        ),
        ({"layers": []}, LossInputError, "at least one layer"),
        ({"layer_weights": [1.0]}, LossInputError, "needs 3 layer_weights, one per layer, got 1"),
        ({"criterion": "l3"}, UnknownNameError, "unknown criterion `l3`"),
        ({"input_range": [1.0, 0.0]}, LossInputError, "lowest and the highest value, got"),
        (
            {"normalize": False, "input_range": [0.0, 1.0]},
            LossInputError,
            "input_range has no effect with normalize = false",
        ),
        ({"weights": "nowhere.pth"}, MissingWeightsError, "VGG19's weights are missing: nowhere.pth"),
    ],
)
@pytest.mark.parametrize("build", [VGGPerceptualLoss, VGGStyleLoss])
def test_refuses_arguments(vgg19_file, build, args, error, message):
    with pytest.raises(error, match=message):
        build(**{"weights": vgg19_file, **args})


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(1, 2, 8, 8)] * 2, "VGGPerceptualLoss expects `input` of 1 or 3 channels and at least 4x4"),
        ([(1, 3, 8, 3)] * 2, "its deepest layer is relu3_3), got (1, 3, 8, 3)"),
        ([(1, 3, 8, 8), (1, 3, 8, 9)], "of the same shape, got `input` (1, 3, 8, 8), `target` (1, 3, 8, 9)"),
        ([(0, 3, 8, 8)] * 2, "VGGPerceptualLoss got an empty `input`"),
    ],
)
def test_refuses_shapes(vgg19_file, shapes, message):
    with pytest.raises(LossInputError, match=re.escape(message)):
        VGGPerceptualLoss(weights=vgg19_file)(*map(torch.zeros, shapes))


def test_layers_are_all_that_vgg19_has(vgg19):
    convolutions = sum(isinstance(layer, nn.Conv2d) for layer in vgg19)
    assert len(LAYERS) == 2 * convolutions == 32
