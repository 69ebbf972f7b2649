"""Python spec functions: the same language, the same diagnostics, pointing at the function."""
# ruff: noqa: ARG005 - what matters of these functions are their arguments

import inspect
from pathlib import Path

import pytest

import lossspec
from lossspec import schedules
from lossspec.errors import LossSpecError
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.function import SpecFunction
from lossspec.language.model import Divisor, Input, Lists, Reduce, Term


def l1(**keys):
    return {"type": "torch.L1Loss", "inputs": ("y_fake", "y"), **keys}


@lossspec.spec
def denoise(lambda_l1: float = 100.0, *, mode: str = "mean", lazy: bool = False):
    """A function that computes with its parameters."""
    return {
        "losses": {
            "l1": l1(weight=lambda_l1 if not lazy else lambda_l1 / 2, args={"reduction": mode}),
            "mse": {"type": "torch.MSELoss", "inputs": ["y_fake", "y"], "weight": "${lambda_l1}"},
        },
        "variants": {"half": {"losses": {"l1": {"weight": "${lambda_l1 / 2}"}}}},
    }


def test_the_function_is_still_a_function():
    assert isinstance(denoise, SpecFunction)
    assert denoise.__doc__ == "A function that computes with its parameters."
    assert denoise.__name__ == denoise.name == "denoise"
    assert denoise(3.0)["losses"]["l1"]["weight"] == 3.0
    assert lossspec.spec(denoise) is denoise


def test_its_arguments_are_parameters():
    assert denoise.params == {"lambda_l1": 100.0, "mode": "mean", "lazy": False}
    spec = lossspec.load(denoise, params={"lambda_l1": 50.0, "lazy": True})
    assert (spec.name, spec.reference, spec.folder) == ("denoise", "denoise", None)
    assert spec.params == {"lambda_l1": 50.0, "mode": "mean", "lazy": True}
    assert (spec.losses["l1"].weight, spec.losses["mse"].weight) == (25.0, 50.0)


def test_any_callable_that_returns_a_table_is_a_spec():
    def plain(w=2.0):
        return {"format": 1, "losses": {"a": l1(weight=w)}}

    assert lossspec.load(plain, {"w": 3.0}).losses["a"].weight == 3.0


def test_schedules_may_be_objects():
    @lossspec.spec
    def moving():
        ramp = schedules.linear(unit="epoch", start=0, end=10, start_value=0.0, end_value=1.0)
        return {"losses": {"a": l1(weight=ramp)}}

    spec = lossspec.load(moving)
    assert spec.losses["a"].weight == schedules.linear(
        unit="epoch", start=0, end=10, start_value=0.0, end_value=1.0
    )


def test_the_digest_is_that_of_the_same_file(tmp_path):
    path = tmp_path / "denoise.loss.toml"
    path.write_text("""
format = 1
[losses]
l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"], weight = 100, args = { reduction = "mean" } }
mse = { type = "torch.MSELoss", inputs = ["y_fake", "y"], weight = 100.0 }
""")
    assert lossspec.load(denoise).digest == lossspec.load(path).digest


def test_bounds_may_be_given_in_the_table():
    @lossspec.spec
    def bounded(w: float = 1.0):
        return {"params": {"w": {"minimum": 0.0}}, "losses": {"a": l1(weight=w)}}

    assert lossspec.load(bounded).losses["a"].weight == 1.0
    with pytest.raises(SpecError, match="at least its `minimum`"):
        lossspec.load(bounded, {"w": -1.0})


@lossspec.spec
def wrong(w: float = 1.0):
    """The line below is where faults point."""
    return {"losses": {"a": l1(wieght=w, args={"reduction": "men"}), "b": l1() | {"type": "torch.nn.L1Loss"}}}


def test_its_faults_point_at_its_def():
    found = lossspec.validate(wrong)
    assert sorted(each.code for each in found) == ["unknown-key", "unknown-type", "unknown-value"]
    lines, start = inspect.getsourcelines(wrong.__wrapped__)
    line = start + next(index for index, text in enumerate(lines) if text.startswith("def"))
    assert {(Path(each.source).name, each.span.line) for each in found} == {("test_function.py", line)}
    assert {each.line for each in found} == {"def wrong(w: float = 1.0):"}
    assert "unknown key `wieght` in `losses.a`" in {each.message for each in found}
    assert {each.replacement for each in found} == {None}  # nobody mends Python


def test_a_function_without_text_has_a_place_all_the_same():
    made = {}
    exec("def typed(w=1.0):\n    return {'losses': {}}", made)
    [found] = lossspec.validate(made["typed"])
    assert (found.code, found.span) == ("no-losses", None)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"params": {"lambda_ll": 1.0}}, "unknown-param"),
        ({"params": {"lambda_l1": "x"}}, "wrong-type"),
        ({"params": {"mode": "men"}}, "unknown-value"),
        ({"overlay": {"losses": {"l2": {"weight": 1.0}}}}, "missing-key"),
    ],
)
def test_invalid_values_of_the_caller(given, code):
    with pytest.raises(SpecError) as caught:
        lossspec.load(denoise, **given)
    assert [each.code for each in caught.value.diagnostics] == [code]


def test_an_overlay_applies_to_a_function():
    assert lossspec.load(denoise, overlay={"losses": {"l1": {"weight": 7}}}).losses["l1"].weight == 7.0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda w: {}, "argument `w` of spec function `<lambda>` must have a default"),
        (lambda *w: {}, "argument `w` of spec function `<lambda>` must have a default"),
        (lambda **w: {}, "argument `w` of spec function `<lambda>` must have a default"),
        (lambda w=None: {}, "a number, a boolean or a string as its default, got None"),
        (lambda w=(1, 2): {}, "got (1, 2)"),
        (lambda w=1.0, /: {}, "must be a keyword argument"),
    ],
)
def test_invalid_spec_functions(function, message):
    with pytest.raises(LossSpecError) as caught:
        lossspec.spec(function)
    assert message in str(caught.value)


@pytest.mark.parametrize("returned", [None, 3, ["a"], "format = 1"])
def test_invalid_return_values(returned):
    found = lossspec.validate(lambda: returned)
    assert [(each.code, "must return a dict" in each.message) for each in found] == [("wrong-type", True)]


def test_enums_and_numpy_numbers_become_toml():
    import enum

    import numpy as np

    Mode = enum.Enum("Mode", {"MEAN": "mean"}, type=str)

    def fn(w=1.0):
        return {"losses": {"a": l1(weight=np.float64(w) * 2, args={"reduction": Mode.MEAN})}}

    spec = lossspec.load(fn, {"w": np.float64(3.0)}, {"losses": {"a": {"tags": ("t",)}}})
    term = spec.losses["a"]
    assert (term.weight, term.args, term.tags) == (6.0, {"reduction": "mean"}, ("t",))
    assert (type(term.weight), type(term.args["reduction"])) == (float, str)


def test_a_value_unknown_to_toml_is_a_fault():
    [found] = lossspec.validate(lambda: {"losses": {"a": l1(weight=1j)}})
    assert (
        found.message
        == "`losses.a.weight` must be a number, a `${param}` or a schedule, got a Python complex"
    )


def test_live_losses_become_a_table():
    class Live:
        """A loss of another package, with a name and a term."""

        name = "live"

        def to_term(self):
            return Term(self.name, "torch.L1Loss", (Input("x"), Input("y")))

    assert list(lossspec.load(lambda: {"live": Live()}).losses) == ["live"]
    found = lossspec.validate(lambda: {"live": Live(), "other": 1})
    assert "unknown-key" in [each.code for each in found]
    with pytest.raises(LossSpecError, match="the key `other` must be the name of its loss, `live`"):
        lossspec.load(lambda: {"other": Live()})


def test_the_newer_keys_of_a_term():
    @lossspec.spec
    def masked(gamma=0.8, mask="m"):
        return {
            "losses": {
                "a": {
                    "type": "torch.L1Loss",
                    "inputs": ("x[*][-1]", {"name": "y.depth", "detach": True}),
                    "reduce": {"weights": f"{mask}[0]", "by": {"name": "n", "minimum": 1}},
                    "lists": {"combine": "sum", "decay": gamma},
                    "if_missing": "skip",
                }
            }
        }

    term = lossspec.load(masked, params={"gamma": 0.5}).losses["a"]
    assert [each.reference for each in term.references] == ["x[*][-1]", "y.depth", "m[0]", "n"]
    assert term.reduce == Reduce(Input("m", selectors=(0,)), Divisor("n", minimum=1.0))
    assert (term.lists, term.if_missing) == (Lists("sum", decay=0.5), "skip")


def test_a_wrong_selector_of_a_function_is_a_fault_at_its_def():
    @lossspec.spec
    def wrong():
        return {"losses": {"a": {"type": "torch.L1Loss", "inputs": ["x.grad()", "y"]}}}

    with pytest.raises(SpecError, match=r"bad-selector.*`\"x.grad\(\)\"` is not a valid reference"):
        lossspec.load(wrong)
