"""Balancers: found apart from the losses, registered by their own decorator."""

from __future__ import annotations

import inspect

import pytest
from torchjd.scalarization import FAMO, Random, Scalarizer

import lossspec
from lossspec.errors import RegistrationError
from lossspec.losses.balancing.balancer import Balancer
from lossspec.registry import balancers, find, find_balancer, load, summaries, types


class Scaled(Balancer):
    """Adds up the losses, times a factor.

    Args:
        factor: of the sum
    """

    def __init__(self, losses, factor: float = 2.0) -> None:
        super().__init__(losses)
        self.factor = factor

    def forward(self, values, weights, scale):
        """Compute.

        Args:
            scale: (1)
        """
        applied = {name: self.factor * weights[name] * scale for name in values}
        return sum(applied[name] * values[name] for name in values), applied


def test_balancers_and_loss_types_are_kept_apart():
    name = "lossspec.OutputBalancer"
    assert name in balancers()
    assert find(name) is None
    assert name not in types()
    assert name not in types("lossspec")
    assert name not in summaries("lossspec")
    assert find_balancer("torch.L1Loss") is None
    assert find_balancer("lossspec.NoSuchBalancer") is None


def _of_torchjd(code):
    from lossspec.losses.balancing import torchjd_adapter as ours

    kinds = {Random: ours.RandomBalancer, FAMO: ours.FAMOBalancer, Scalarizer: ours.ScalarizedBalancer}
    return next((kind for base, kind in kinds.items() if issubclass(code, base)), ours.GramianBalancer)


@pytest.mark.parametrize("name", balancers())
def test_a_catalogue_entry_matches_the_signatures(name):
    entry = find_balancer(name)
    code = load(entry)
    losses, *args = inspect.signature(code).parameters.values() or [None]
    if entry.library == "torchjd":  # its own class, without what we pass or cannot write
        args = [each for each in (losses, *args) if each and each.name not in ("shape", "projector")]
        code = _of_torchjd(code)
    else:
        assert losses.name == "losses"
    assert [each.name for each in args] == list(entry.args)
    for each in args:
        argument = entry.args[each.name]
        assert argument.required == (each.default is inspect.Parameter.empty)
        assert argument.required or argument.default == each.default
    _, values, weights, *inputs = inspect.signature(code.forward).parameters.values()
    assert (values.name, weights.name) == ("values", "weights")
    assert [each.name for each in inputs] == [each.name for each in entry.inputs]


def test_a_registered_balancer_is_read_from_its_code():
    assert (
        lossspec.register_balancer("mine.Scaled", formula="c sum w L", reference="a paper")(Scaled) is Scaled
    )
    entry = find_balancer("mine.Scaled")
    assert entry.summary == "Adds up the losses, times a factor."
    assert (entry.formula, entry.reference) == ("c sum w L", "a paper")
    assert list(entry.args) == ["factor"]
    assert entry.args["factor"].default == 2.0
    assert [(each.name, each.shape) for each in entry.inputs] == [("scale", "(1)")]
    assert "mine.Scaled" not in types()
    assert load(entry) is Scaled
    lossspec.register_balancer("mine.Scaled")(Scaled)  # the same code again replaces itself


def test_a_class_with_missing_parameters_is_refused():
    class NoLosses(Balancer):
        def __init__(self):
            super().__init__([])

        def forward(self, values, weights):
            return 0.0, {}

    class NoWeights(Balancer):
        def forward(self, values):
            return 0.0, {}

    class NoForward:
        def __init__(self, losses):
            pass

    for code, message in [
        (NoLosses, "does not take `losses`: its constructor must take `losses`, and its `forward` must"),
        (NoWeights, "does not take `weights`"),
        (NoForward, "does not take `values` and `weights`"),
    ]:
        with pytest.raises(RegistrationError, match=message):
            lossspec.register_balancer("mine.Bad")(code)
    assert find_balancer("mine.Bad") is None


@pytest.mark.parametrize("name", ["Scaled", "mine.inner.Scaled", "mine.", ".Scaled", "mine.Scaled-2"])
def test_a_malformed_name_is_refused(name):
    with pytest.raises(RegistrationError):
        lossspec.register_balancer(name)


def test_a_name_taken_by_either_kind_is_refused():
    with pytest.raises(
        RegistrationError, match=r"^loss type `torch\.L1Loss` is already registered by lossspec"
    ):
        lossspec.register_balancer("torch.L1Loss")(Scaled)
    with pytest.raises(RegistrationError, match=r"^balancer `lossspec\.GradientRatio` is already registered"):
        lossspec.register_balancer("lossspec.GradientRatio")(Scaled)
    lossspec.register_balancer("mine.Scaled")(Scaled)
    with pytest.raises(RegistrationError, match=r"^balancer `mine\.Scaled` is already registered"):

        @lossspec.register_loss("mine.Scaled")
        def scaled(x):
            return x
