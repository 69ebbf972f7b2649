"""Losses and schedules of the user's own, together in one spec."""

import pytest

import lossspec
from lossspec.registry.lookup import registered
from lossspec.schedules.lookup import REGISTERED

TEXT = """
format = 1
[losses.robust]
type = "mylab.LogCosh"
inputs = ["y_fake", "y"]
args.scale = { type = "%s", unit = "epoch", %s }
"""


@pytest.fixture(autouse=True)
def _mine(monkeypatch):
    """Register a loss with a live argument and a schedule, for the test alone."""
    losses, own = dict(registered), dict(REGISTERED)

    @lossspec.register_loss("mylab.LogCosh", live=["scale"])
    class _LogCosh:
        def __init__(self, scale: float = 1.0) -> None: ...

        def forward(self, x, y): ...

    @lossspec.register_schedule("acme.pulse")
    def _pulse(t: float, high: float) -> float:
        return high

    yield
    for names, before in ((registered, losses), (REGISTERED, own)):
        names.clear()
        names.update(before)


@pytest.mark.parametrize(
    ("type_", "fields", "expected"),
    [
        ("linear", "start = 0, end = 10, start_value = 1.0, end_value = 0.1", []),
        ("acme.pulse", "high = 2.0", []),
        ("acme.pulse", "hihg = 2.0", ["unknown key `hihg` in `losses.robust.args.scale`"]),
        ("acme.plse", "high = 2.0", ["unknown schedule `acme.plse`"]),
        ("linear", "start = 0, end = 10, start_value = 1.0", ["key `end_value` is missing"]),
    ],
)
def test_a_live_argument_takes_any_schedule(type_, fields, expected):
    found = [each.message for each in lossspec.validate(TEXT % (type_, fields))]
    assert [message[: len(start)] for message, start in zip(found, expected, strict=True)] == expected


def test_it_is_taken_at_its_word_that_it_returns_elements():
    """What a class of the user returns is not known before the first call; our own catalogues say it."""
    text = TEXT % ("acme.pulse", "high = 2.0") + '[losses.robust.reduce]\nweights = "mask"\n'
    assert lossspec.validate(text) == []
    [found] = lossspec.validate(text.replace("mylab.LogCosh", "kornia.PSNRLoss").replace("args", "# args"))[
        1:
    ]
    assert found.code == "no-elements"


def test_it_is_loaded_with_its_schedule(tmp_path):
    path = tmp_path / "mine.loss.toml"
    path.write_text(TEXT % ("acme.pulse", "high = 2.0"))
    assert lossspec.load(path).losses["robust"].args["scale"](3) == 2.0


def test_each_of_many_is_checked_as_what_it_is():
    """What is made for one loss is gone before the next: nothing may be taken for what was there before."""
    losses = "".join(
        f'losses.l{i} = {{ type = "mylab.LogCosh", inputs = ["x", "y"], args.scale = {value} }}\n'
        for i, value in enumerate(['{ type = "acme.pulse", unit = "step", high = 2.0 }', "1.0", '"x"'] * 20)
    )
    found = lossspec.validate(f"format = 1\n{losses}")
    assert {each.code for each in found} == {"wrong-type"}
    assert len(found) == 20
