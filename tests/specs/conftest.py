"""Fixtures for tests of the shipped specs: build a spec by name, run it, and compare it with a formula.

Each test writes its objective down again from the paper or the authors' code, in plain operations, and
``check`` compares: every term, the total, and the gradient of every tensor, also where there must be none.
"""

from __future__ import annotations

import copy
import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING

import librosa
import pytest
import scipy.signal
import torch
from torch import Tensor, nn

import lossspec
from lossspec import LossManager
from lossspec.convert.python import ExportError, to_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lossspec.language.model import Spec

RELATIVE = 1e-6


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def draw() -> Callable[..., SimpleNamespace]:
    """Draw normal tensors of these shapes, in double precision, with gradients; lists of shapes nest."""

    def make(shape: object) -> object:
        if isinstance(shape, list):
            return [make(each) for each in shape]
        return torch.randn(shape, dtype=torch.float64, requires_grad=True)

    return lambda **shapes: SimpleNamespace(**{name: make(shape) for name, shape in shapes.items()})


@pytest.fixture
def mel() -> Callable[..., Tensor]:
    """A mel spectrogram (N, frames, bands): frames times a window, transformed, times librosa's filters.

    Args of it:
        waves: (N, C, T).
        size, hop: of a window, in samples.
        bands: how many.
        sides: samples that are mirrored at both ends.
        zeros: samples of silence behind that.
        power: 1 for magnitudes, 2 for powers divided by the sum of the squared window.
        eps: added under the root of magnitudes.
        filters: options of ``librosa.filters.mel``.
    """

    def run(
        waves: Tensor,
        size: int,
        hop: int,
        *,
        bands: int,
        sides: int,
        zeros: int = 0,
        power: int = 1,
        eps: float = 0.0,
        **filters: object,
    ) -> Tensor:
        flat = torch.nn.functional.pad(waves.flatten(0, 1), (sides, sides), mode="reflect")
        frames = torch.nn.functional.pad(flat, (0, zeros)).unfold(-1, size, hop)
        window = torch.from_numpy(scipy.signal.get_window("hann", size))
        spectrum = torch.fft.rfft(frames * window).abs() ** 2
        spectrum = (spectrum + eps).sqrt() if power == 1 else spectrum / (window**2).sum()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Empty filters detected")  # the published settings have some
            weights = torch.from_numpy(librosa.filters.mel(n_fft=size, n_mels=bands, **filters)).double()
        return spectrum @ weights.T

    return run


def tensors_of(value: object) -> Iterator[Tensor]:
    """Every tensor in a value: itself, those of a list, the parameters of a network."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, nn.Module):
        yield from value.parameters()
    else:
        for each in value:
            yield from tensors_of(each)


@pytest.fixture
def check() -> Callable[..., LossManager]:
    """Return a function that runs an objective of a spec and compares it with its formula.

    Args of it:
        reference: the spec, by name.
        objective: which total.
        tensors: a namespace of those that it takes.
        terms: the value of every term that runs, unweighted, from the formula.
        total: the total, from the formula, with its graph.
        manager: of the same spec, to go on with; made anew where it is not given.
        clock: where it stands, ``epoch`` or ``step``.
        options: ``params`` and ``overlay`` of the spec.
    """

    def run(
        reference: str,
        objective: str,
        tensors: SimpleNamespace,
        terms: dict[str, Tensor],
        total: Tensor,
        *,
        manager: LossManager | None = None,
        clock: dict[str, int] | None = None,
        **options: dict,
    ) -> LossManager:
        manager = manager or LossManager.from_spec(reference, **options)
        manager.set_progress(**clock or {})
        module = manager.objective(objective).double()
        wanted = module.needed() | module.optional()
        given = {name: value for name, value in vars(tensors).items() if name in wanted}
        assert given.keys() == wanted
        random, state = torch.get_rng_state(), copy.deepcopy(module.state_dict())
        before = {name: len(loss.history) for name, loss in losses_of(manager, objective).items()}
        last = {each.name: each.last_due for each in losses_of(manager, objective).values()}
        found = module(**given)
        ran = {
            name: loss.history.raw[-1]
            for name, loss in losses_of(manager, objective).items()
            if len(loss.history) > before[name]
        }
        expected = {name: value.item() for name, value in terms.items()}
        assert ran == pytest.approx(expected, rel=RELATIVE)
        assert found.item() == pytest.approx(total.item(), rel=RELATIVE)
        compare_gradients(found, total, vars(tensors))
        compare_with_sum(module, given, found, state, random)
        if (exported := export(lossspec.load(reference, **options))) is not None:
            twin = exported[objective].double()
            kept = {key.removeprefix("loss_"): value for key, value in state.items()}
            twin.load_state_dict({key: kept[key] for key in twin.state_dict()})  # a term may never run
            twin.set_progress(**clock or {})
            twin.last_due = {name: step for name, step in last.items() if step is not None}
            torch.set_rng_state(random)
            same = twin(**given)
            assert same.item() == pytest.approx(found.item(), rel=1e-9)
            compare_gradients(same, found, vars(tensors))
            assert {name: value.item() for name, value in twin.values.items()} == pytest.approx(
                ran, rel=RELATIVE
            )
        whole = "+" not in reference and "remove" not in options.get("overlay", {})
        if whole and ran and f"{reference}:{objective}" not in compiled:
            compiled.add(f"{reference}:{objective}")
            after = copy.deepcopy(module.state_dict())
            module.load_state_dict(state)
            compare_compiled(f"{reference}:{objective}", module, given, found)
            module.load_state_dict(after)
        return manager

    return run


def compare_with_sum(
    module: nn.Module, given: dict[str, object], found: Tensor, before: dict[str, object], noise: Tensor
) -> None:
    """Hold the gradients of a total, to the last bit, to those of its terms weighed and summed by hand.

    ``before`` is the state as it was when the total was computed, ``noise`` the random state.
    """
    if module._balance is not None:
        return
    after = copy.deepcopy(module.state_dict())
    module.load_state_dict(before)
    torch.set_rng_state(noise)
    total = None
    for loss, term, is_summed in module._plan.running:
        if is_summed:
            part = loss.term_weight * term(given)
            total = part if total is None else total + part
    module.load_state_dict(after)
    if total is None:
        return
    total = total if loss.objective_weight == 1.0 else total * loss.objective_weight
    leaves = [
        each
        for value in given.values()
        if not callable(value)
        for each in tensors_of(value)
        if each.requires_grad
    ]
    ours, theirs = (
        torch.autograd.grad(each, leaves, retain_graph=True, allow_unused=True) for each in (found, total)
    )
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None) is (other is None)
        assert one is None or torch.equal(one, other)


def export(spec: Spec) -> dict[str, nn.Module] | None:
    """Run the plain Python of a spec, which has to say what the manager does; None for a balanced one."""
    if any(each.balance is not None for each in spec.objectives.values()):
        with pytest.raises(ExportError, match="its balance, `lossspec"):
            to_python(spec)
        return None
    namespace: dict = {"__name__": spec.name}
    exec(to_python(spec), namespace)
    return namespace["objectives"]()


#: The objectives of whole specs that were compiled already: once each is enough.
compiled: set[str] = set()
#: What does not fit into one graph, and why.
NOT_ONE_GRAPH = {
    **dict.fromkeys(
        ["wgan_gp:D", "deblurgan:D", "lama:D", "stylegan2:D_reg", "stylegan2:G_reg"], "a gradient penalty"
    ),
    **dict.fromkeys(["vqgan:AE", "encodec:G"], "a balance by gradients"),
    "nnunet:total": "monai.DiceLoss makes shapes of values",
    "simclr:total": "pytorch_metric_learning.NTXentLoss decides by values",
}


def compare_compiled(name: str, module: nn.Module, given: dict[str, object], expected: Tensor) -> None:
    """Compile the objective as one graph and compare its total; traced only, which is quick."""
    torch._dynamo.reset()
    whole = torch.compile(module, backend="eager", fullgraph=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The .grad attribute of a Tensor that is not a leaf")
        warnings.filterwarnings("ignore", message=".* should not be instantiated")  # by torch's own tracing
        if name in NOT_ONE_GRAPH:
            with pytest.raises(Exception, match=r"autograd\.grad|torch\.compiler\.disable|data-dependent"):
                whole(**given)
        else:
            assert whole(**given).item() == pytest.approx(expected.item(), rel=RELATIVE)


def losses_of(manager: LossManager, objective: str) -> dict:
    found = manager.get_registered_losses(strip=False)
    return {name: loss for name, loss in found.items() if loss.objective == objective}


def compare_gradients(found: Tensor, expected: Tensor, tensors: dict[str, object]) -> None:
    named = {
        f"{name}[{index}]": tensor
        for name, value in tensors.items()
        for index, tensor in enumerate(tensors_of(value) if not is_plain(value) else ())
        if tensor.requires_grad
    }
    for name, tensor in named.items():
        mine, theirs = (
            torch.autograd.grad(each, tensor, retain_graph=True, allow_unused=True)[0]
            if each.requires_grad
            else None
            for each in (found, expected)
        )
        if theirs is None:
            assert mine is None, f"{name} gets a gradient, and should get none"
        elif not theirs.any():
            assert mine is None or not mine.any(), f"{name} gets a gradient, and should get none"
        else:
            assert mine is not None, f"{name} gets no gradient"
            torch.testing.assert_close(mine, theirs, rtol=RELATIVE, atol=RELATIVE * theirs.abs().max().item())


def is_plain(value: object) -> bool:
    """Return whether it is a function: a callable without parameters."""
    return callable(value) and not isinstance(value, nn.Module)


class VGG19:
    """VGG19 as torchvision numbers its layers, with few channels and random weights.

    Attributes:
        path: a file with its weights, under torchvision's names.
    """

    #: From the papers' layers to the numbers that people index ``vgg19().features`` by.
    NUMBERS = {  # noqa: RUF012 - a constant
        **dict(zip(("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), (1, 6, 11, 20, 29), strict=True)),
        **dict(zip(("conv1_2", "conv2_2", "conv3_4", "conv4_4", "conv5_4"), (2, 7, 16, 25, 34), strict=True)),
        **dict(zip(("relu2_2", "conv3_3", "relu3_3", "relu5_4"), (8, 14, 15, 35), strict=True)),
    }

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        layers: list[nn.Module] = []
        channels = 3
        torch.manual_seed(0)
        for width in [4, 4, 0, 4, 4, 0, *[4] * 4, 0, *[4] * 4, 0, *[4] * 4]:
            if width:
                layer = nn.Conv2d(channels, width, 3, padding=1)
                nn.init.kaiming_normal_(layer.weight)  # or the deep layers would see nothing
                layers += [layer, nn.ReLU()]
                channels = width
            else:
                layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers).requires_grad_(requires_grad=False)
        torch.save({f"features.{key}": each for key, each in self.layers.state_dict().items()}, path)
        self.layers.double()

    def __call__(self, images: Tensor, layer: str) -> Tensor:
        """The features at one layer; a convolution's are those before its ReLU."""
        return self.layers[: self.NUMBERS[layer] + 1](images)

    def normalized(self, images: Tensor) -> Tensor:
        """Images in [0, 1] as ImageNet's were in training."""
        mean, std = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        channels = [(images[:, c] - mean[c]) / std[c] for c in range(3)]
        return torch.stack(channels, dim=1)

    def of(self, loss: str) -> dict:
        """The overlay that gives a loss these weights."""
        return {"losses": {loss: {"args": {"weights": self.path}}}}


@pytest.fixture(scope="session")
def vgg19(tmp_path_factory: pytest.TempPathFactory) -> VGG19:
    return VGG19(tmp_path_factory.mktemp("weights") / "vgg19.pth")
