"""What losses allocate is in their catalogues, measured here, and refused above what the caller allows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import lossspec
from lossspec import LossManager
from lossspec.errors import LossSpecError
from lossspec.registry import find, types
from lossspec.registry.allocation import MAX_BYTES, allocated, size, sizes

MiB = 2**20
ARCFACE = "pytorch_metric_learning.ArcFaceLoss"
CLASSES = """format = 1
params.classes = 1000
[losses.a]
type = "torch.LinearCrossEntropyLoss"
inputs = ["x", "y"]
args = { in_features = 512, num_classes = "${classes}" }
"""


@pytest.fixture(scope="module")
def measured():
    """The type, its arguments, what its catalogue claims, what was taken, and the error, of each build."""
    script = Path(__file__).with_name("allocations.py")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=280, check=True)
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.slow
def test_no_loss_takes_more_than_its_catalogue_says(measured):
    over = [each for each in measured if each[3] is not None and each[3] > each[2] + 64 * MiB]
    assert over == []


@pytest.mark.slow
def test_no_catalogue_says_much_more_than_is_taken(measured):
    """By more than ten times: the formula of a scale is that of chroma; mel takes a ninth of it."""
    built = [each for each in measured if each[3] is not None and each[4] == ""]
    large = [each for each in built if each[2] > 64 * MiB]
    assert len({name for name, *_ in large}) >= 15
    assert [each for each in large if each[2] > 10 * each[3]] == []


@pytest.mark.slow
def test_each_loss_with_a_formula_is_measured(measured):
    named = {name for name in types() if find(name).allocates}
    assert len(named) >= 25
    assert named == {name for name, *_ in measured if name in named}


@pytest.mark.parametrize("name", [name for name in types() if find(name).allocates])
def test_a_formula_names_arguments_with_numbers(name):
    entry = find(name)
    assert sizes(entry)
    for each in sizes(entry):
        argument = entry.args[each]
        assert argument.required or argument.default is not None or each in {"n_bins", "num_classes"}


def test_the_bytes_are_those_of_the_matrix():
    args = {"num_classes": 20, "in_features": 30, "out_features": [4, 5]}
    module = torch.nn.LinearCrossEntropyLoss(30, 20, out_features=[4, 5])
    expected = sum(each.numel() * each.element_size() for each in module.parameters())
    assert allocated(find("torch.LinearCrossEntropyLoss"), args) == expected
    assert allocated(find(ARCFACE), {"num_classes": 10**7, "embedding_size": 10**6}) == 4e13
    assert allocated(find("torch.LinearCrossEntropyLoss"), args | {"out_features": [10**9] * 99}) == float(
        "inf"
    )
    assert allocated(find("torch.L1Loss"), {}) == 0


def test_the_validator_warns_where_the_number_is():
    text = CLASSES.replace("1000", "10_000_000")
    [found] = lossspec.validate(text)
    assert (found.code, found.severity, found.span.line) == ("much-memory", "warning", 6)
    assert found.message == (
        "`a` allocates 19.1 GiB (4 * in_features * num_classes * product_of_out_features bytes): "
        "more than 1 GiB is built only if the caller allows it"
    )
    assert "`LossManager.from_spec(..., max_bytes=20 * 2**30)`" in found.help
    assert lossspec.validate(CLASSES) == []
    ignored = text.replace('"${classes}" }', '"${classes}" }  # lossspec: ignore[much-memory]')
    assert lossspec.validate(ignored) == []


@pytest.mark.parametrize("build", [lossspec.build, LossManager.from_spec])
def test_building_refuses_what_the_caller_did_not_allow(build, tmp_path):
    path = tmp_path / "s.loss.toml"
    path.write_text(CLASSES)
    spec = lossspec.load(str(path), params={"classes": 10_000_000})
    with pytest.raises(LossSpecError) as caught:
        build(spec)
    assert str(caught.value) == (
        "the losses of `s` would allocate 19.1 GiB, more than the 1 GiB of `max_bytes`: `a` takes 19.1 GiB "
        "(in_features = 512, num_classes = 10000000, out_features = []): lower these, or pass a larger "
        "`max_bytes` if you trust the spec"
    )


def test_a_manager_registers_no_more_than_it_allows(tmp_path):
    path = tmp_path / "s.loss.toml"
    path.write_text(CLASSES)
    LossManager(max_bytes=3 * MiB).init_from_spec(str(path))
    with pytest.raises(LossSpecError, match=r"would allocate 1\.95 MiB, more than the 1 MiB of `max_bytes`"):
        LossManager(max_bytes=MiB).init_from_spec(str(path))
    with pytest.raises(LossSpecError, match=r"more than the 1 MiB"):
        LossManager.from_spec(str(path), max_bytes=MiB)
    LossManager.from_spec(str(path), max_bytes=2 * MiB)
    with pytest.raises(
        LossSpecError, match=r"`max_bytes` must be a number of bytes, such as 2\*\*30, got '1G'"
    ):
        LossManager.from_spec(str(path), max_bytes="1G")


def test_the_limit_is_for_all_losses_together(tmp_path):
    """Each alone is below it: the validator is silent, and building refuses."""
    loss = '[losses.a{}]\ntype = "torch.LinearCrossEntropyLoss"\ninputs = ["x", "y"]\n'
    args = "args = { in_features = 1024, num_classes = 100_000 }\n"
    path = tmp_path / "s.loss.toml"
    path.write_text("format = 1\n" + "".join(loss.format(number) + args for number in range(5)))
    assert lossspec.validate(path) == []
    with pytest.raises(LossSpecError, match=r"would allocate 1\.91 GiB, .*: `a0` takes 391 MiB"):
        lossspec.build(lossspec.load(str(path)))


def test_a_formula_of_a_plugin_is_checked(tmp_path):
    path = tmp_path / "catalog" / "mine.toml"
    path.parent.mkdir()
    text = 'library = "mine"\n[types.L]\nsummary = "s"\nallocates = "{}"\n'
    text += '[types.L.args]\nn = {{ type = "integer", description = "d" }}\n'
    for formula, problem in (
        ("4 * m", "`types.L.allocates` must be an expression of `args`: unknown argument `m`"),
        ("4 * (n", "has 1 `(` and 0 `)`"),
        ("n ** 2", "is not a valid expression"),
    ):
        path.write_text(text.format(formula))
        [found] = lossspec.validate(path)
        assert problem in found.message, found.message
        assert found.span.line == 4
    path.write_text(text.format("4 * n * product_of_n"))
    assert lossspec.validate(path) == []


def test_a_size_is_readable():
    assert [size(each) for each in (1, MiB, MAX_BYTES, 1.5 * MAX_BYTES)] == [
        "9.54e-07 MiB",
        "1 MiB",
        "1 GiB",
        "1.5 GiB",
    ]
