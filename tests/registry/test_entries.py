"""Every entry of every catalogue is compared with the installed library.

The environment has either the libraries that CPU torch is enough for, or those that need torchvision; the
two suites together see every entry.
"""

import importlib
import inspect
import socket
import tomllib
import warnings
from enum import Enum
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import pytest
import torch
from torch import nn

from lossspec.errors import MissingExtraError, MissingWeightsError
from lossspec.language.checks.reductions import may_return_elements
from lossspec.manager.building.module import construct
from lossspec.manager.loss.walk import constant_like
from lossspec.registry import libraries, load, types

pytestmark = pytest.mark.slow

PURE = {"torch", "lossspec", "kornia", "monai", "auraloss", "pytorch_metric_learning"}
VISION = {"torch", "lossspec", "torchvision", "piq", "segmentation_models_pytorch", "lpips"}

TABLE = tomllib.loads(Path(__file__).with_name("samples.toml").read_text())
HERE = {library for library in libraries() if find_spec(library) and types(library)}
ENTRIES = {name: entry for name, entry in types().items() if entry.library in HERE}
BUILT = [name for name, entry in ENTRIES.items() if not entry.downloads]
LIVE = [(name, arg) for name in BUILT for arg, each in ENTRIES[name].args.items() if each.live]
CHOICES = [
    (name, arg, value)
    for name in BUILT
    for arg, each in ENTRIES[name].args.items()
    for value in each.schema.get("enum", ())
    if each.default != value
]
ARRAYS = [
    (name, arg)
    for name in BUILT
    for arg, each in ENTRIES[name].args.items()
    if "array" in str(each.schema.get("type")) and not each.required
]
MODULES = {
    "torch": ["torch.nn"],
    "torchvision": ["torchvision.ops"],
    "auraloss": ["auraloss.freq", "auraloss.time"],
    "kornia": ["kornia.losses"],
    "monai": ["monai.losses"],
    "pytorch_metric_learning": ["pytorch_metric_learning.losses"],
    "piq": ["piq"],
    "segmentation_models_pytorch": ["segmentation_models_pytorch.losses"],
    "lpips": ["lpips"],
    "lossspec": ["lossspec.losses"],
}


def row(section, name):
    """The row of a type in the table: that of its library, and its own."""
    found = [TABLE[section][key] for key in (name.partition(".")[0], name) if key in TABLE[section]]
    return (
        {key: value for each in found for key, value in each.items()}
        if section == "args"
        else [*chain(*found)]
    )


def tensor(text, made):
    """One sample input: "KIND SHAPE", an array, or a list of those."""
    if isinstance(text, list):
        return [tensor(each, made) for each in text] if isinstance(text[0], str) else torch.tensor(text)
    kind, *shape = text.split()
    kind, _, count = kind.partition(":")
    if kind == "critic":
        return nn.Sequential(nn.Flatten(), nn.Linear(192, 1))
    if kind == "squared":  # of an input that was made before it
        squared = made[shape[0]] ** 2
        return squared.unsqueeze(1) if squared.dim() == 3 else squared
    shape = [int(each) for each in shape]
    makers = {
        "normal": lambda: torch.randn(shape),
        "uniform": lambda: torch.rand(shape) * 0.9 + 0.05,
        "binary": lambda: torch.randint(2, shape).float(),
        "sign": lambda: torch.randint(2, shape) * 2.0 - 1.0,
        "index": lambda: torch.randint(int(count), shape),
        "label": lambda: torch.randint(1, int(count), shape),
        "repeat": lambda: torch.arange(shape[0]) % int(count),
        "softmax": lambda: torch.randn(shape).softmax(1),
        "logsoftmax": lambda: torch.randn(shape).log_softmax(-1),
        "heat": lambda: torch.randn(shape).flatten(2).softmax(-1).view(shape),
        "flat": lambda: torch.rand(shape) * 0.01 + 0.05,
        "half": lambda: (torch.arange(shape[-1]) < shape[-1] // 2).long().expand(shape),
        "onehot": lambda: (
            nn.functional.one_hot(torch.randint(int(count), shape), int(count)).movedim(-1, 1).float()
        ),
        "boxes": lambda: torch.cat([torch.rand(shape[0], 2), 1.5 + torch.rand(shape[0], 2)], 1),
    }
    return makers[kind]()


def inputs_of(name, trial=""):
    """Sample inputs by name, one of them with a gradient, by default the first."""
    torch.manual_seed(0)
    library, _, key = name.partition(".")
    texts = TABLE["trial"].get(trial, {}).get("inputs") or TABLE["inputs"].get(library, {}).get(key)
    texts = texts or TABLE["default"][library]
    made = {}
    for each in sorted(texts, key=lambda each: str(texts[each]).startswith("squared")):
        made[each] = tensor(texts[each], made)
        if each == TABLE["gradient"].get(name, next(iter(texts))):
            for leaf in made[each] if isinstance(made[each], list) else [made[each]]:
                leaf.requires_grad_()
    return {each: made[each] for each in texts}


def in_call_order(name):
    """Return whether the sample inputs are the first of the call, without a gap."""
    order = [each.name for each in ENTRIES[name].inputs]
    return list(inputs_of(name)) == order[: len(inputs_of(name))]


def gradient(name, inputs):
    """The gradient of the input that should have one."""
    found = inputs[TABLE["gradient"].get(name, next(iter(inputs)))]
    found = found[0] if isinstance(found, list) else found
    return next(found.parameters()).grad if isinstance(found, nn.Module) else found.grad


def arguments_of(name):
    """Values for the required arguments: those that the entry gives as examples."""
    entry = ENTRIES[name]
    required = {
        each.name: (each.schema.get("examples") or each.schema.get("enum"))[0]
        for each in entry.args.values()
        if each.required
    }
    return required | row("args", name)


def real_parameters(target):
    """The parameters of a constructor; along its bases while it passes keywords on."""
    if inspect.isfunction(target):
        return dict(inspect.signature(target).parameters)
    found = {}
    for base in inspect.getmro(target):
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        passed_on = [each for each in parameters if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
        found = {each.name: each for each in parameters if each not in passed_on} | found
        if not passed_on:
            break
    return found


def plain(value):
    """A default as TOML would write it."""
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


@pytest.fixture(autouse=True)
def the_librarys_own_warnings(request):
    """Ignore the one warning that the table allows this type, and no other."""
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    with warnings.catch_warnings():
        if name in TABLE["warns"]:
            warnings.filterwarnings("ignore", TABLE["warns"][name])
        yield


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_the_environment_has_one_whole_set_of_libraries():
    assert HERE in (PURE, VISION)
    assert {library for library in libraries() if types(library)} == PURE | VISION


def test_there_are_enough_types():
    assert len(types()) >= 120


@pytest.mark.parametrize("library", sorted(HERE - {"lossspec"}))
def test_every_loss_of_the_library_is_listed(library):
    real = set()
    for module in map(importlib.import_module, MODULES[library]):
        for key, value in vars(module).items():
            is_loss = inspect.isclass(value) and issubclass(value, nn.Module) and value.__name__ == key
            if library == "torchvision":
                is_loss = inspect.isfunction(value) and key.endswith("_loss")
            if is_loss and (library != "torch" or key.endswith("Loss")):
                real.add(key)
    listed = {name.partition(".")[2] for name, entry in ENTRIES.items() if entry.library == library}
    functions = {name.partition(".")[2] for name, entry in ENTRIES.items() if entry.function}
    unlisted = set(TABLE["unlisted"].get(library, ()))
    assert real == (listed - functions if library != "torchvision" else listed) | unlisted


@pytest.mark.parametrize("name", ENTRIES)
def test_arguments_and_defaults_are_those_of_the_library(name):
    entry = ENTRIES[name]
    real = real_parameters(load(entry))
    for path in row("via", name):
        module, _, attribute = path.partition(":")
        real |= {
            key: each
            for key, each in real_parameters(getattr(importlib.import_module(module), attribute)).items()
            if key not in real
        }
    ignored = {*row("left_out", name), *(each.name for each in entry.inputs if entry.function)}
    wanted = {key: plain(each.default) for key, each in real.items() if key not in ignored}
    given = {each.name: each for each in entry.args.values() if not each.ours}
    assert set(given) == set(wanted)
    for key, each in given.items():
        if each.required:
            assert wanted[key] is inspect.Parameter.empty or key in row("stricter", name), key
        else:
            assert wanted[key] == each.default, key
            assert isinstance(wanted[key], bool) == isinstance(each.default, bool), key


@pytest.mark.parametrize("name", ENTRIES)
def test_inputs_are_those_of_the_call(name):
    entry = ENTRIES[name]
    target = load(entry)
    parameters = list(inspect.signature(target if entry.function else target.forward).parameters.values())
    real = parameters if entry.function else parameters[1:]
    needed = TABLE["needed"].get(name, TABLE["needed"].get(entry.library, ()))
    for declared, each in zip(entry.inputs, real, strict=False):
        assert declared.name == each.name
        required = each.default is each.empty or each.name in needed
        assert declared.required == required, each.name
    undeclared = [each.name for each in real[len(entry.inputs) :] if each.default is each.empty]
    assert not set(undeclared) - {*entry.args, *row("left_out", name)}


@pytest.mark.parametrize("name", ENTRIES)
def test_it_is_described_in_full(name):
    entry = ENTRIES[name]
    assert entry.summary.endswith(".")
    assert all(each.shape for each in entry.inputs)
    assert all(each.description and not each.description.endswith(".") for each in entry.args.values())
    assert entry.reference.startswith("https://") or entry.formula
    ours = {each.name for each in entry.args.values() if each.ours}
    if entry.downloads and entry.library != "lossspec":
        assert "weights_path" in ours


@pytest.mark.parametrize("name", BUILT)
def test_it_builds_is_called_and_has_a_gradient(name, no_network):
    entry = ENTRIES[name]
    module = construct(entry, arguments_of(name))
    inputs = inputs_of(name)
    value = module(**inputs)
    assert value.isfinite().all()
    value.sum().backward()
    found = gradient(name, inputs)
    assert found.isfinite().all()
    assert found.abs().sum() > 0


@pytest.mark.parametrize("name", BUILT)
def test_what_it_returns_is_what_reduce_is_allowed_for(name):
    """The validator refuses `reduce` for what always returns one number: no entry may be there by mistake."""
    entry = ENTRIES[name]
    if not may_return_elements(entry):
        assert construct(entry, arguments_of(name))(**inputs_of(name)).dim() == 0
    elif "reduction" in entry.args:
        args = arguments_of(name) | {"reduction": "none"}
        assert construct(entry, args)(**inputs_of(name, f"{name}.reduction.none")).dim() > 0
    else:
        assert name == "lossspec.Precomputed"


@pytest.mark.parametrize("name", BUILT)
def test_a_number_becomes_what_the_input_is(name):
    """It never fills class indices with floats of another shape, and has the shape of the sample."""
    inputs = inputs_of(name)
    first = next((each for each in inputs.values() if isinstance(each, torch.Tensor)), None)
    for each in ENTRIES[name].inputs:
        sample = inputs.get(each.name)
        if not isinstance(sample, torch.Tensor) or sample is first:
            continue
        assert each.constant != "like" or sample.is_floating_point() or sample.shape == first.shape
        if each.constant in {"class", "item"}:
            found = constant_like(first, 1, each.constant)
            assert (found.shape, found.dtype) == (sample.shape, sample.dtype), each.name


@pytest.mark.parametrize("name", [name for name in BUILT if in_call_order(name)])
def test_inputs_in_call_order_are_the_same_as_by_name(name):
    entry = ENTRIES[name]
    inputs = inputs_of(name)
    results = []
    for call in (lambda module: module(*inputs.values()), lambda module: module(**inputs)):
        torch.manual_seed(1)
        module = construct(entry, arguments_of(name))
        torch.manual_seed(2)
        results.append(call(module))
    assert torch.equal(*results)


@pytest.mark.parametrize(("name", "arg"), LIVE)
def test_a_live_argument_can_be_set_after_construction(name, arg):
    entry = ENTRIES[name]
    args = arguments_of(name) | TABLE["trial"].get(f"{name}.{arg}", {}).get("args", {})
    now = args.get(arg, entry.args[arg].default)
    other = 0.25 if now in (0.0, None) else now * 0.5
    results = []
    for first, then in ((now, now), (now, other), (other, other)):
        torch.manual_seed(1)
        module = construct(entry, args | {arg: first})
        setattr(module, arg, then)
        torch.manual_seed(2)
        results.append(module(**inputs_of(name)))
    unset, changed, built = results
    assert torch.equal(changed, built)
    assert not torch.equal(changed, unset)


@pytest.mark.parametrize(("name", "arg", "value"), CHOICES)
def test_every_choice_of_an_argument_is_accepted(name, arg, value):
    trial = TABLE["trial"].get(f"{name}.{arg}", {}).get("args", {})
    module = construct(ENTRIES[name], arguments_of(name) | trial | {arg: value})
    assert module(**inputs_of(name, f"{name}.{arg}.{value}")).isfinite().all()


@pytest.mark.parametrize(("name", "arg"), ARRAYS)
def test_an_array_is_accepted_and_has_an_effect(name, arg):
    entry, trial = ENTRIES[name], f"{name}.{arg}"
    value = TABLE["arrays"].get(name, {}).get(arg, entry.args[arg].default)
    args = arguments_of(name) | TABLE["trial"].get(trial, {}).get("args", {})
    results = []
    for given in ({}, {arg: value}):
        torch.manual_seed(1)
        results.append(construct(entry, args | given)(**inputs_of(name, trial)))
    assert results[1].isfinite().all()
    assert torch.equal(*results) == (value == entry.args[arg].default)


@pytest.mark.parametrize("name", sorted(set(ENTRIES) - set(BUILT)))
def test_a_loss_that_downloads_opens_no_connection(name, no_network, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    entry = ENTRIES[name]
    missing_library = name.startswith("lossspec.") and not find_spec("torchvision")
    with pytest.raises(MissingExtraError if missing_library else MissingWeightsError):
        construct(entry, arguments_of(name))
