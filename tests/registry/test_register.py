"""Registering losses: the entry is read from the signature and the docstring."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - annotations are looked up when a loss is registered
from typing import TYPE_CHECKING, Literal

import pytest
import torch
from torch import Tensor, nn

import lossspec
from lossspec.errors import RegistrationError
from lossspec.manager.building.module import construct
from lossspec.registry import find, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from somewhere import OtherTensor


# ruff: noqa: A002, F821, PLR0917 - signatures as users have them
class Power(nn.Module):
    """The error to a power.

    Not the power of the error.

    Args:
        power: of the error; 2 is
            the squared error
        weight (Tensor): of each class
    """

    def __init__(
        self,
        power: float,
        weight: Tensor | None = None,
        mode: Literal["sum", "mean"] = "mean",
        sizes: tuple[int, ...] = (1, 2),
        file: Path | None = None,
        factor=3,
        activation: Callable[[Tensor], Tensor] | None = None,
        *,
        flag: bool = False,
    ) -> None:
        super().__init__()
        self.power = power

    def forward(
        self, input: Tensor, maps: list[Tensor], critic: nn.Module, mask: Tensor | None = None
    ) -> Tensor:
        """Compute.

        Args:
            input: (N, C)
            maps: one a layer
            critic: scores images
        """
        return (input.abs() ** self.power).mean()


def test_a_class_is_read_in_full():
    lossspec.register_loss("mine.Power", live=["power"], formula="|x|^p", reference="https://example.org")(
        Power
    )
    found = find("mine.Power")
    assert found.summary == "The error to a power."
    assert (found.formula, found.reference, found.function) == ("|x|^p", "https://example.org", False)
    assert found.owner == f"the module `{__name__}`"
    assert [(each.name, each.kind, each.shape, each.required) for each in found.inputs] == [
        ("input", "tensor", "(N, C)", True),
        ("maps", "list", "one a layer", True),
        ("critic", "callable", "scores images", True),
        ("mask", "tensor", "", False),
    ]
    numbers = {"type": "array", "items": {"type": "number"}}
    assert [
        (each.name, each.schema, each.required, each.default, each.live, each.tensor, each.path)
        for each in found.args.values()
    ] == [
        ("power", {"type": "number"}, True, None, True, False, False),
        ("weight", numbers, False, None, False, True, False),
        ("mode", {"type": "string", "enum": ["sum", "mean"]}, False, "mean", False, False, False),
        ("sizes", {"type": "array", "items": {"type": "integer"}}, False, [1, 2], False, False, False),
        ("file", {"type": "string"}, False, None, False, False, True),
        ("factor", {"type": "number"}, False, 3, False, False, False),
        ("flag", {"type": "boolean"}, False, False, False, False, False),
    ]
    assert found.args["power"].description == "of the error; 2 is the squared error"
    assert found.args["weight"].description == "of each class"
    assert load(found) is Power


def test_a_function_takes_inputs_then_arguments():
    @lossspec.register_loss("mine.shifted")
    def shifted(input, target: Tensor, mask: Tensor | None = None, shift: float = 1.0, *, scale: float):
        """Shifted error."""
        return scale * (input - target + shift).mean()

    found = find("mine.shifted")
    assert [(each.name, each.required) for each in found.inputs] == [
        ("input", True),
        ("target", True),
        ("mask", False),
    ]
    assert [(each.name, each.required) for each in found.args.values()] == [("shift", False), ("scale", True)]
    module = construct(found, {"scale": 2.0})
    assert module(torch.ones(3), torch.zeros(3)) == 4.0


def test_annotations_for_type_checkers_are_read_as_text():
    @lossspec.register_loss("mine.unseen")
    def unseen(
        input: OtherTensor,
        images: list[OtherTensor] = (),
        weight: somewhere.Tensor | None = None,
        k: int | None = 1,
    ): ...

    found = find("mine.unseen")
    assert [(each.name, each.kind) for each in found.inputs] == [("input", "tensor"), ("weight", "tensor")]
    assert found.args["k"].schema == {"type": "integer"}


@pytest.mark.parametrize("name", ["L1", "a.b.c", "a.", ".b", "a b.c", "a.b\n", "1a.b", ""])
def test_a_malformed_name_is_refused(name):
    with pytest.raises(RegistrationError, match=r"must have the form `package\.Class`"):
        lossspec.register_loss(name)


def test_an_argument_that_toml_cannot_write_needs_a_default():
    class Wrapper(nn.Module):
        def __init__(self, loss: nn.Module) -> None: ...
        def forward(self, x): ...

    with pytest.raises(
        RegistrationError, match=r"the argument `loss` of `mine\.Wrapper` is required but cannot be"
    ):
        lossspec.register_loss("mine.Wrapper")(Wrapper)
    assert find("mine.Wrapper") is None


def test_a_class_without_forward_is_refused():
    with pytest.raises(RegistrationError, match="is not a loss: it has no `forward`"):
        lossspec.register_loss("mine.X")(type("X", (), {}))


def test_live_names_arguments():
    with pytest.raises(RegistrationError, match=r"unknown argument `powr` in `live` of `mine\.P`.*`power`"):
        lossspec.register_loss("mine.P", live=["powr"])(Power)


def test_only_the_same_code_may_be_registered_again():
    lossspec.register_loss("mine.Power")(Power)
    lossspec.register_loss("mine.Power")(Power)  # as a notebook's cell that is run again
    with pytest.raises(
        RegistrationError, match=r"`mine\.Power` is already registered by the module .*: the module"
    ):
        lossspec.register_loss("mine.Power")(lambda x: x)
    assert load(find("mine.Power")) is Power


def test_a_registered_loss_validates_and_builds():
    lossspec.register_loss("mine.Power")(Power)
    spec = (
        'format = 1\nlosses.p = { type = "mine.Power", inputs = ["x", "maps", "critic"], args.power = 2.0 }\n'
    )
    assert lossspec.validate(spec) == []
    wrong = lossspec.validate(spec.replace("power", "powr"))
    assert "powr" in wrong[0].message


@pytest.mark.parametrize("decorator", ["register_loss", "register_balancer", "register_schedule"])
def test_a_decorator_without_a_name_says_so(decorator):
    register = getattr(lossspec if hasattr(lossspec, decorator) else lossspec.schedules, decorator)

    def mine(t):
        return t

    with pytest.raises(
        RegistrationError, match=rf"`{decorator}` must be called with a name, as in `@{decorator}\('mylib"
    ):
        register(mine)
