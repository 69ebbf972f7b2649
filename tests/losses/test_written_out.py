"""Each of our losses, as an exported module writes it out, has the values and gradients of the original."""

import pytest
import torch

from lossspec import losses
from lossspec.convert.python.source.collect import source_of
from lossspec.registry import find


def written_out(name):
    """The class as ``lossspec export --to python`` writes it."""
    words = {
        word
        for each in find(f"lossspec.{name}").args.values()
        for word in each.schema.get("enum", ())
        if isinstance(word, str)
    }
    source = source_of([("lossspec.losses", name)], words)
    lines = [f"from {home} import {each}" if each else f"import {home}" for home, each in source.imports]
    namespace = {"__name__": "exported"}
    exec("\n".join([*lines, *source.definitions.values()]), namespace)
    return namespace[name]


def test_values_and_gradients(case, monkeypatch):
    inputs, original = case.inputs(), case.build()
    plain_type = written_out(case.type)
    monkeypatch.setattr(losses, case.type, plain_type)
    plain = plain_type() if isinstance(case.build, type) else case.build()
    assert type(plain).__module__ == "exported"
    results = []
    for loss in (original, plain):
        torch.manual_seed(1)
        given = [
            [each.clone().requires_grad_() for each in value] if isinstance(value, list) else leaf(value)
            for value in inputs
        ]
        value = loss(*given)
        leaves = [each for item in given for each in (item if isinstance(item, list) else [item])]
        leaves = [each for each in leaves if isinstance(each, torch.Tensor) and each.requires_grad]
        slopes = torch.autograd.grad(value, leaves, allow_unused=True) if value.requires_grad else ()
        results.append((value.detach(), [each for each in slopes if each is not None]))
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-6)


def leaf(value):
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value.detach().clone().requires_grad_()
    return value


@pytest.mark.parametrize("name", ["VGGPerceptualLoss", "VGGStyleLoss", "R1Penalty", "R2Penalty"])
def test_checks_are_left_out(name):
    source = source_of([("lossspec.losses", name)], {"default", "l1"})
    text = "\n".join(source.definitions.values())
    assert "check_layout" not in text
    assert "raise" not in text
