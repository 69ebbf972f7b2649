"""Loading: what a reference, parameters and an overlay come to; and every bullet of the language."""
# ruff: noqa: E501 - lines of specs

import sys

import pytest

import lossspec
from lossspec import schedules
from lossspec.errors import LossSpecError
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.model import Divisor, Every, Input, Lists, Reduce

BASE = """
format = 1
description = "the base"
references = ["https://arxiv.org/abs/1611.07004"]
params.w = { default = 2.0, minimum = 0.0 }
inputs = { x = "output", y = "truth" }
[losses.a]
type = "torch.SmoothL1Loss"
args = { beta = 2.0 }
inputs = ["x", "y"]
weight = "${w}"
objective = "G"
tags = ["pixel"]
[losses.b]
type = "torch.MSELoss"
inputs = ["x", "y"]
objective = "D"
[objectives.D]
weight = 0.5
[variants.mse]
description = "squared"
losses.a.type = "torch.MSELoss"
[variants.heavy.losses.a]
weight = 10.0
[variants.light.losses.a]
weight = 0.1
[variants.more.losses.c]
type = "torch.L1Loss"
inputs = ["x", "y"]
objective = "G"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with ``specs/base.loss.toml``; ``write(name, text)`` adds more."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOSSSPEC_PATH", raising=False)
    (tmp_path / "specs").mkdir()

    def write(name, text):
        path = tmp_path / "specs" / f"{name}.loss.toml"
        path.write_text(text)
        return path

    write("base", BASE)
    return write


def codes(caught):
    return sorted(each.code for each in caught.value.diagnostics)


# what a spec says


def test_arithmetic_gives_the_kind_of_number_that_is_due(folder):
    folder(
        "one",
        """
format = 1
params = { n = 16, lambda = 0.25, steps = 8.0 }
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${(1 - lambda) * 2}", every = { steps = "${n / 2}", gain = "${n - 1}" } }
losses.b = { type = "torch.L1Loss", inputs = ["x", "y"], weight = { type = "cosine_restarts", unit = "step", start_value = "${1 - lambda}", end_value = 0, period = "${n - 6}", cycles = "${n / 4}" } }
losses.c = { type = "torch.L1Loss", inputs = ["x", "y"], every = { steps = "${steps}", gain = 1 } }
[variants.slow]
losses.a.weight = "${2 - lambda * 2}"
params.n = 16.0
""",
    )
    for reference, weight in (("one", 1.5), ("one+slow", 1.5)):
        losses = lossspec.load(reference).losses
        assert (losses["a"].weight, losses["a"].every) == (weight, Every(8, 15.0))
        assert (losses["b"].weight.cycles, losses["b"].weight(0), losses["b"].weight.period) == (
            4,
            0.75,
            10.0,
        )
        assert losses["c"].every == Every(8, 1.0)
        assert all(type(losses[name].every.steps) is int for name in ("a", "c"))


def test_a_value_of_the_caller_is_never_an_expression(folder):
    folder(
        "one",
        """
format = 1
params.mode = "mean"
params.other = { default = "sum", choices = ["sum", "mean"] }
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], args.reduction = "${mode}" }
losses.b = { type = "torch.L1Loss", inputs = ["x", "y"], args.reduction = "${other}" }
""",
    )
    for given in ("${other}", "${", "x${mode}y"):
        with pytest.raises(SpecError) as caught:
            lossspec.load("one", {"mode": given, "other": given})
        assert codes(caught) == ["bad-expression", "bad-expression"]


def test_a_whole_term(folder):
    folder(
        "one",
        """
format = 1
params = { real = 0.9, every = 16 }
losses.a = { type = "torch.MSELoss", inputs = [{ name = "x", detach = true }, "${real}"], weight = -2, objective = "G", tags = ["t", "u"], at_zero = "record", lists = [1, 0.5], every = { steps = "${every}", gain = 16 } }
""",
    )
    term = lossspec.load("one").losses["a"]
    assert term.inputs == (Input(name="x", detach=True), Input(value=0.9))
    assert (term.weight, term.objective, term.tags) == (-2.0, "G", ("t", "u"))
    assert (term.at_zero, term.every) == ("record", Every(16, 16.0))
    assert term.lists == Lists("sum", weights=(1.0, 0.5))
    assert (term.reduce, term.if_missing) == (None, "error")


def with_params(text, **params):
    """A spec with those of the parameters that its text uses."""
    used = [f"params.{name} = {value}" for name, value in params.items() if f"${{{name}}}" in text]
    return "\n".join(["format = 1", *used, text])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"x"', ()),
        ('"x[-1]"', (-1,)),
        ('"x[0][9999]"', (0, 9999)),
        ('"x[:]"', ((None, None),)),
        ('"x[:-1]"', ((None, -1),)),
        ('"x[1:3]"', ((1, 3),)),
        ('"x[-2:]"', ((-2, None),)),
        ('"x[*][-1]"', ("*", -1)),
        ('"x.depth_2.a"', (".depth_2", ".a")),
        ('{ name = "x[*].out" }', ("*", ".out")),
        ('"${where}"', (0, ".a")),
    ],
)
def test_what_a_reference_selects(folder, written, expected):
    loss = f'losses.a = {{ type = "torch.L1Loss", inputs = [{written}, "y"] }}'
    folder("one", with_params(loss, where='"x[0].a"'))
    found = lossspec.load("one").losses["a"].inputs[0]
    assert (found.name, found.selectors) == ("x", expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"mean"', Reduce(by="elements")),
        ('"sum"', Reduce(by=1.0)),
        ('"batch"', Reduce(by="batch")),
        ('{ by = "elements" }', Reduce(by="elements")),
        ("{ by = 5 }", Reduce(by=5.0)),
        ('{ weights = "m" }', Reduce(Input("m"), "elements")),
        ('{ weights = "m[0]", by = "weights" }', Reduce(Input("m", selectors=(0,)), "weights")),
        ('{ weights = { name = "m", detach = true }, by = 2.5 }', Reduce(Input("m", detach=True), 2.5)),
        ('{ by = { name = "n" } }', Reduce(by=Divisor("n"))),
        ('{ by = { name = "out.n[-1]", minimum = 1 } }', Reduce(by=Divisor("out", (".n", -1), 1.0))),
        ('"${how}"', Reduce(by="batch")),
        ('{ weights = "${mask}", by = "${how}" }', Reduce(Input("m"), "batch")),
        ('{ by = { name = "n", minimum = "${least}" } }', Reduce(by=Divisor("n", minimum=2.0))),
        ('{ by = "${least}" }', Reduce(by=2.0)),
    ],
)
def test_how_elements_are_reduced(folder, written, expected):
    loss = f'losses.a = {{ type = "torch.L1Loss", inputs = ["x", "y"], reduce = {written} }}'
    folder("one", with_params(loss, how='"batch"', mask='"m"', least=2))
    assert lossspec.load("one").losses["a"].reduce == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"max"', Lists("max")),
        ('{ combine = "min" }', Lists("min")),
        ('{ combine = "sum", decay = 0.8 }', Lists("sum", decay=0.8)),
        ('{ combine = "mean", pairs = "different" }', Lists("mean", pairs="different")),
        ('{ combine = "min", of = "elements" }', Lists("min", of="elements")),
        ('{ combine = "min", of = "results" }', Lists("min")),
        ('"${how}"', Lists("mean")),
        ('{ combine = "${how}", decay = "${gamma}", of = "elements" }', Lists("mean", None, 2.0, None, "elements")),
    ],
)  # fmt: skip
def test_how_lists_are_combined(folder, written, expected):
    loss = f'type = "torch.L1Loss", inputs = ["x", "y"], reduce = "sum", lists = {written}'
    folder("one", with_params(f"losses.a = {{ {loss} }}", how='"mean"', gamma=2))
    assert lossspec.load("one").losses["a"].lists == expected


def test_a_term_may_be_optional(folder):
    loss = 'type = "torch.L1Loss", inputs = ["x", "y"], if_missing'
    folder("one", f'format = 1\nlosses.a = {{ {loss} = "skip" }}\nlosses.b = {{ {loss} = "error" }}')
    assert [each.if_missing for each in lossspec.load("one").losses.values()] == ["skip", "error"]


def test_a_variant_changes_one_key_of_a_reduction(folder):
    loss = 'type = "torch.L1Loss", inputs = ["x", "y"], reduce = { weights = "m" }'
    variants = 'variants.v.losses.a.reduce = { by = "weights" }\nvariants.w.losses.a.reduce = "sum"'
    folder("one", f"format = 1\nlosses.a = {{ {loss} }}\n{variants}")
    assert lossspec.load("one+v").losses["a"].reduce == Reduce(Input("m"), "weights")
    assert lossspec.load("one+w").losses["a"].reduce == Reduce(by=1.0)


def test_a_variant_changes_one_key_of_lists(folder):
    loss = 'type = "torch.L1Loss", inputs = ["x", "y"], lists = { combine = "sum", decay = 0.8 }'
    folder("one", f'format = 1\nlosses.a = {{ {loss} }}\nvariants.v.losses.a.lists.combine = "mean"')
    assert lossspec.load("one+v").losses["a"].lists == Lists("mean", decay=0.8)


def test_the_defaults_of_a_term(folder):
    folder("one", 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"] }')
    spec = lossspec.load("one")
    term = spec.losses["l1"]
    assert (term.weight, term.objective, term.tags, term.at_zero) == (1.0, "total", (), "skip")
    assert (term.lists, term.every, dict(term.args)) == (None, None, {})
    assert spec.objectives["total"].weight == 1.0
    assert spec.objectives["total"].balance is None


def test_inputs_by_name_come_in_call_order(folder):
    folder("one", 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = { target = 1.0, input = "x" } }')
    assert lossspec.load("one").losses["l1"].inputs == (
        Input(name="x", argument="input"),
        Input(value=1.0, argument="target"),
    )


def test_weights_and_live_arguments_may_be_schedules(folder):
    folder(
        "one",
        """
format = 1
params.peak = 3.0
[losses.a]
type = "torch.SmoothL1Loss"
inputs = ["x", "y"]
weight = { type = "linear", unit = "epoch", start = 0, end = 10, start_value = 0, end_value = "${peak}" }
args.beta = { type = "constant", unit = "step", value = 2.0 }
objective = "G"
[objectives.G]
weight = { type = "window", unit = "step", start = 5, value = 0.5 }
""",
    )
    spec = lossspec.load("one")
    assert spec.losses["a"].weight == schedules.linear(
        unit="epoch", start=0, end=10, start_value=0, end_value=3.0
    )
    assert spec.losses["a"].args["beta"] == schedules.constant(unit="step", value=2.0)
    assert spec.objectives["G"].weight(7) == 0.5


def test_a_balance(folder):
    folder(
        "one",
        """
format = 1
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
losses.b = { type = "torch.L1Loss", inputs = ["x", "y"] }
[objectives.total.balance]
type = "lossspec.OutputBalancer"
losses = ["b", "a"]
inputs = ["last"]
args.decay = 0.5
""",
    )
    balance = lossspec.load("one").objectives["total"].balance
    assert (balance.type, balance.losses, balance.args) == (
        "lossspec.OutputBalancer",
        ("b", "a"),
        {"decay": 0.5},
    )
    assert balance.inputs == (Input(name="last"),)


def test_keys_of_a_spec(folder):
    spec = lossspec.load("base", params={"w": 3})
    assert (spec.name, spec.reference, spec.description) == ("base", "base", "the base")
    assert spec.references == ("https://arxiv.org/abs/1611.07004",)
    assert spec.params == {"w": 3}
    assert spec.inputs == {"x": "output", "y": "truth"}
    assert list(spec.objectives) == ["G", "D"]
    assert spec.folder.endswith("specs")


# variants


def test_a_changed_type_drops_its_arguments(folder):
    term = lossspec.load("base+mse").losses["a"]
    assert (term.type, term.args, term.weight, term.tags) == ("torch.MSELoss", {}, 2.0, ("pixel",))


def test_variants_apply_in_the_order_of_declaration(folder):
    one, other = lossspec.load("base+more+mse"), lossspec.load("base+mse+more")
    assert one == other
    assert one.reference == "base+mse+more"
    assert list(one.losses) == ["a", "b", "c"]


def test_a_conflict_names_both_variants(folder):
    with pytest.raises(SpecError) as caught:
        lossspec.load("base+heavy+light")
    [found] = caught.value.diagnostics
    assert found.code == "variant-conflict"
    assert found.message == "variants `heavy` and `light` conflict at `losses.a.weight`"
    assert [label.text for label in found.labels] == ["the other variant"]


@pytest.mark.parametrize("settled", [{"overlay": {"losses": {"a": {"weight": 3.0}}}}])
def test_a_callers_overlay_settles_a_conflict(folder, settled):
    assert lossspec.load("base+heavy+light", **settled).losses["a"].weight == 3.0


def test_a_callers_parameter_settles_a_conflict(folder):
    folder("alt", BASE + "[variants.p]\nparams.w = 1.0\n[variants.q]\nparams.w = 5.0\n")
    with pytest.raises(SpecError):
        lossspec.load("alt+p+q")
    assert lossspec.load("alt+p+q", params={"w": 4.0}).losses["a"].weight == 4.0


def test_an_unknown_variant_names_the_nearest(folder):
    with pytest.raises(SpecError) as caught:
        lossspec.load("base+hevy")
    [found] = caught.value.diagnostics
    assert (found.code, found.message) == ("unknown-variant", "unknown variant `hevy`")
    assert found.help == "a variant with a similar name exists: `heavy`"


@pytest.mark.parametrize("fault", ['weight = "${nope}"', 'type = "not.Installed"', "wieght = 1.0"])
def test_load_ignores_variants_that_are_not_applied(folder, fault):
    folder("one", BASE + f"[variants.bad.losses.a]\n{fault}\n")
    folder("child", 'format = 1\nextends = "one+bad"\n')
    assert lossspec.load("one").losses["a"].weight == 2.0
    for reference in ("one+bad", "child"):
        with pytest.raises(SpecError):
            lossspec.load(reference)
    assert len(lossspec.validate("one")) == 1


def test_a_variant_may_remove(folder):
    folder("one", BASE + '[variants.no_b]\nremove = ["losses.b", "objectives.D"]\n')
    spec = lossspec.load("one+no_b")
    assert list(spec.losses) == ["a"]
    assert list(spec.objectives) == ["G"]


def test_two_variants_may_remove_the_same(folder):
    remove = 'remove = ["losses.b", "objectives.D"]\n'
    folder("one", BASE + "[variants.p]\n" + remove + "[variants.q]\n" + remove)
    assert list(lossspec.load("one+p+q").losses) == ["a"]


# extends


def test_a_child_inherits_terms_and_variants(folder):
    folder("child", 'format = 1\nextends = "base"\n[losses.a]\nweight = 7.0\n[params]\n')
    with pytest.raises(SpecError) as caught:
        lossspec.load("child")
    assert codes(caught) == ["unused-param"]
    folder("child", 'format = 1\nextends = "base"\nremove = ["params.w"]\nlosses.a.weight = 7.0\n')
    spec = lossspec.load("child+more")
    assert (spec.name, spec.losses["a"].weight, list(spec.losses)) == ("child", 7.0, ["a", "b", "c"])
    assert spec.description == "the base"


def test_unused_inherited_names_are_the_childs_fault(folder):
    path = folder("child", 'format = 1\nextends = "base"\nlosses.a.weight = 7.0\n')
    [found] = lossspec.validate(path)
    assert (found.code, found.source, found.span.line) == ("unused-param", str(path), 2)


def test_a_child_extends_variants_and_has_its_own(folder):
    folder(
        "child",
        'format = 1\nextends = "base+mse"\n[variants.mse]\nlosses.b.weight = 3.0\n[variants.v]\nlosses.b.weight = 4.0',
    )
    assert lossspec.load("child").losses["a"].type == "torch.MSELoss"
    assert lossspec.load("child+mse").losses["b"].weight == 3.0
    assert lossspec.load("child+v").losses["b"].weight == 4.0


def test_a_childs_parameter_keeps_the_bounds(folder):
    path = folder("child", 'format = 1\nextends = "base"\nparams.w = -1.0\n')
    with pytest.raises(SpecError) as caught:
        lossspec.load(path)
    [found] = caught.value.diagnostics
    assert (found.code, found.span.line) == ("out-of-range", 3)


def test_a_fault_of_an_inherited_term_is_in_its_file(folder):
    folder("child", 'format = 1\nextends = "base"\nlosses.a.args.beta = -1.0\n')
    [found] = lossspec.validate("child")
    assert (found.code, found.source.endswith("child.loss.toml"), found.span.line) == (
        "out-of-range",
        True,
        3,
    )
    base = folder("base", BASE.replace("beta = 2.0", "beta = -2.0"))
    folder("child", 'format = 1\nextends = "base"\nlosses.b.weight = 2\n')
    [found] = lossspec.validate("child")
    assert (found.code, found.source.endswith(base.name)) == ("out-of-range", True)


def test_extends_looks_beside_the_file_first(folder, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "base.loss.toml").write_text('format = 1\nextends = "base"\nlosses.b.weight = 9.0\n')
    (other / "child.loss.toml").write_text('format = 1\nextends = "base"\n')
    spec = lossspec.load(other / "child.loss.toml")
    assert (spec.losses["b"].weight, spec.losses["a"].weight) == (9.0, 2.0)


def test_a_circle_of_extends_prints_the_circle(folder):
    folder("p", 'format = 1\nextends = "q"\n')
    folder("q", 'format = 1\nextends = "r"\n')
    folder("r", 'format = 1\nextends = "q"\n')
    [found] = lossspec.validate("p")
    assert (found.code, found.message) == ("extends-cycle", "circular `extends`: q -> r -> q")
    assert found.source.endswith("r.loss.toml")


@pytest.mark.parametrize(("links", "is_right"), [(16, True), (17, False)])
def test_a_chain_of_extends_has_an_end(folder, links, is_right):
    folder("s0", BASE)
    for index in range(1, links + 1):
        folder(f"s{index}", f'format = 1\nextends = "s{index - 1}"\n')
    found = lossspec.validate(f"s{links}")
    assert [each.code for each in found] == ([] if is_right else ["too-many-extends"])


@pytest.mark.parametrize(
    ("extends", "code"),
    [("nothing", "unknown-spec"), ("base+nope", "unknown-variant"), ("base+heavy+light", "variant-conflict")],
)
def test_an_unknown_extends_is_one_fault(folder, extends, code):
    path = folder(
        "child", f'format = 1\nextends = "{extends}"\nlosses.a.tags = ["t"]\nobjectives.D.weight = 1\n'
    )
    [found] = lossspec.validate(path)
    assert (found.code, found.span.line) == (code, 2)


def test_a_broken_parent_shows_its_own_faults(folder):
    folder("base", "format = 1\nlosses.a = {")
    folder("child", 'format = 1\nextends = "base"\n')
    [found] = lossspec.validate("child")
    assert found.source.endswith("base.loss.toml")


# the caller


def test_an_overlay_is_one_more_variant(folder):
    spec = lossspec.load(
        "base",
        overlay={"remove": ["losses.b", "objectives.D"], "losses": {"a": {"tags": []}}, "params": {"w": 5.0}},
    )
    assert (list(spec.losses), spec.losses["a"].tags, spec.losses["a"].weight) == (["a"], (), 5.0)


def test_parameters_come_last(folder):
    spec = lossspec.load("base", params={"w": 1.5}, overlay={"params": {"w": 5.0}})
    assert spec.losses["a"].weight == 1.5


@pytest.mark.parametrize(
    ("given", "code", "message", "help_"),
    [
        ({"params": {"v": 1.0}}, "unknown-param", "unknown parameter `v`", "expected `w`"),
        (
            {"params": {"w": -1.0}},
            "out-of-range",
            "`params.w` must be at least its `minimum`, 0.0, got -1.0",
            "",
        ),
        ({"params": {"w": "x"}}, "wrong-type", "parameter `w` must be a number, got a string", ""),
        (
            {"params": {"w": None}},
            "wrong-type",
            "parameter `w` must be a number, got a Python NoneType",
            "",
        ),
        (
            {"overlay": {"losses": {"aa": {"weight": 1.0}}}},
            "missing-key",
            "key `type` is missing in `losses.aa`, and none is inherited",
            "a loss with a similar name exists: `a`",
        ),
        (
            {"overlay": {"losses": {"a": {"wieght": 1.0}}}},
            "unknown-key",
            "unknown key `wieght` in `losses.a`",
            "a key with a similar name exists: `weight`",
        ),
        (
            {"overlay": {"losses": {"a": {"args": {"bata": 1.0}}}}},
            "unknown-key",
            "unknown key `bata` in `losses.a.args`",
            "a key with a similar name exists: `beta`",
        ),
        (
            {"overlay": {"variants": {}}},
            "unknown-key",
            "unknown key `variants`",
            "expected one of `description`, `references`, `remove`, `params`, `inputs`, `losses`, `objectives`",
        ),
    ],
)
def test_invalid_values_of_the_caller(folder, given, code, message, help_):
    with pytest.raises(SpecError) as caught:
        lossspec.load("base", **given)
    [found] = caught.value.diagnostics
    assert (found.code, found.message, found.help, found.span) == (code, message, help_, None)
    assert found.source == next(iter(given))


def test_only_the_caller_can_give_any_path(folder):
    text = """
format = 1
params.weights = "vgg.pth"
[losses.a]
type = "lossspec.VGGPerceptualLoss"
inputs = ["x", "y"]
args.weights = "${weights}"
"""
    folder("one", text)
    spec = lossspec.load("one", params={"weights": "/data/vgg.pth"})
    assert spec.losses["a"].args["weights"] == "/data/vgg.pth"
    spec = lossspec.load(
        "one", overlay={"losses": {"a": {"args": {"weights": "../vgg.pth"}}}, "remove": ["params.weights"]}
    )
    assert spec.losses["a"].args["weights"] == "../vgg.pth"
    folder("one", text.replace('"vgg.pth"', '"/data/vgg.pth"'))
    with pytest.raises(SpecError) as caught:
        lossspec.load("one")
    assert codes(caught) == ["path-outside"]


def test_nothing_of_the_callers_is_changed(folder):
    overlay = {"losses": {"a": {"wieght": 1.0}}}
    with pytest.raises(SpecError):
        lossspec.load("base", overlay=overlay)
    assert overlay == {"losses": {"a": {"wieght": 1.0}}}


@pytest.mark.parametrize(
    ("call", "needed"),
    [("lossspec.load('base+more')", {"cattrs"}), ("lossspec.validate('base')", set())],
    ids=["load", "validate"],
)
def test_neither_torch_nor_what_is_not_needed_is_imported(folder, call, needed):
    """In a process of its own: here, other tests have imported it."""
    import subprocess

    heavy = {"torch", "numpy", "cattrs", "tomli_w"}
    code = f"import sys, lossspec; {call}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == needed


@pytest.mark.parametrize("load", [lossspec.load, lossspec.LossManager.from_spec])
def test_what_is_no_reference_is_named(load):
    with pytest.raises(LossSpecError, match=r"got a dict: return it from a function, `lossspec.spec\("):
        load({"losses": {"a": {"type": "torch.L1Loss", "inputs": ["x", "y"]}}})
    with pytest.raises(
        LossSpecError, match="a spec must be a name, the path of a file or a function, got an int"
    ):
        load(3)
    table = {"losses": {"a": {"type": "torch.L1Loss", "inputs": ["x", "y"]}}}
    assert load(lossspec.spec(lambda: table))  # as the message says
