"""What plain Python cannot say is refused by name, with the reason."""

import pytest

import lossspec
from lossspec.convert.python import ExportError, to_python
from lossspec.language.model import Input, Term


def test_a_balance():
    with pytest.raises(
        ExportError, match=r"the objective `AE` cannot .* `lossspec\.GradientRatio`, has a state"
    ):
        to_python(lossspec.load("vqgan"))


def test_without_its_balance_it_is_exported():
    spec = lossspec.load("encodec", overlay={"remove": ["objectives.G.balance"]})
    assert "class G(Objective):" in to_python(spec)


def test_a_registered_loss(load):
    @lossspec.register_loss("mine_to_export.l1")
    def l1(x, y):
        """Mine.

        Args:
            x: any
            y: any
        """
        return (x - y).abs().mean()

    spec = load('[losses.a]\ntype = "mine_to_export.l1"\ninputs = ["x", "y"]')
    with pytest.raises(
        ExportError, match=r"`a` cannot .* `mine_to_export\.l1` is registered by .*test_refusals"
    ):
        to_python(spec)


@pytest.mark.parametrize("nested", [False, True])
def test_a_registered_schedule(load, nested):
    @lossspec.register_schedule("mine_to_export.ramp")
    def ramp(t: float, rate: float):
        """Mine.

        Args:
            rate: how fast
        """
        return rate * t

    own = 'type = "mine_to_export.ramp", rate = 2.0'
    weight = (
        f'{{ type = "warmup", unit = "step", over = 3, then = {{ {own} }} }}'
        if nested
        else f'{{ {own}, unit = "step" }}'
    )
    spec = load(f'[losses.a]\ntype = "torch.L1Loss"\ninputs = ["x", "y"]\nweight = {weight}')
    with pytest.raises(ExportError, match=r"the weight of `a` cannot .* `mine_to_export\.ramp`"):
        to_python(spec)


def test_weights_that_only_lossspec_can_give(load):
    spec = load('[losses.a]\ntype = "piq.LPIPS"\ninputs = ["x", "y"]\nargs.weights_path = "lpips.pt"')
    with pytest.raises(ExportError, match=r"`a` cannot .* `weights_path` is lossspec's: piq\.LPIPS fetches"):
        to_python(spec)


def test_a_tensor_called_self(load):
    spec = load('[losses.a]\ntype = "torch.L1Loss"\ninputs = ["self", "y"]')
    with pytest.raises(ExportError, match="called `self`: rename it"):
        to_python(spec)


def test_every_field_of_a_term_is_known():
    """A field that the language gains is refused until the exporter writes it."""
    from lossspec.convert.python.term import KNOWN

    assert KNOWN[Term] | KNOWN[Input] <= {each.name for cls in (Term, Input) for each in cls.__attrs_attrs__}
