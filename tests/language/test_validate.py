"""Validating: what a spec means. Each case marks the lines where faults are: ``# <- code``."""
# ruff: noqa: E501 - lines of the cases

import re

import pytest

import lossspec
from lossspec import schedules
from lossspec.language.checks.schedules import POSITIONS
from lossspec.language.diagnostics.diagnostic import Diagnostic
from lossspec.schedules.base import table_fields

HEAD = "format = 1\n"
L1 = 'type = "torch.L1Loss", inputs = ["x", "y"]'
TWO = """\
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "G" }
losses.b = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "D" }
losses.c = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "G" }
"""
BALANCE = TWO + "[objectives.G.balance]\n"
OUTPUT = BALANCE + 'type = "lossspec.OutputBalancer"\n'

CASES = {
    "two lines": 'losses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"], weight = 100 }',
    "nothing": "format = 1  # <- no-losses",
    "a term without a type": """
[losses.a]  # <- missing-key
inputs = ["x", "y"]
""",
    "a term without inputs": """
[losses.a]  # <- missing-key
type = "torch.L1Loss"
""",
    "a change to a term that nobody has": """
losses.G_L1 = { type = "torch.L1Loss", inputs = ["x", "y"] }
[variants.v.losses.G_L2]  # <- missing-key
weight = 3
""",
    # inputs
    "too few inputs": """
[losses.a]
type = "torch.L1Loss"
inputs = ["x"]  # <- input-count
""",
    "too many inputs": """
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y", "z"]  # <- input-count
""",
    "inputs by name": """
[losses.a]
type = "torch.L1Loss"
inputs = { target = "y", input = "x" }
""",
    "a misspelt input by name": """
[losses.a]
type = "torch.L1Loss"
[losses.a.inputs]
input = "x"
trget = "y"  # <- unknown-key
""",
    "an input by name that is not given": """
[losses.a]
type = "torch.L1Loss"
[losses.a.inputs]  # <- missing-key
input = "x"
""",
    "a number with no tensor": """
[losses.a]
type = "torch.L1Loss"
inputs = [1.0, 0]  # <- no-tensor
""",
    "a number before the tensor": """
[losses.a]
type = "torch.L1Loss"
inputs = [1.0, "x"]
""",
    "an unknown tensor": """
inputs.y_fake = "fake"
inputs.y = "truth"
[losses.a]
type = "torch.L1Loss"
inputs = ["y_fak", "y"]  # <- unknown-input
""",
    "an unknown detached tensor": """
inputs.y_fake = "fake"
inputs.y = "truth"
[losses.a]
type = "torch.L1Loss"
[losses.a.inputs]
input = { name = "y_fak", detach = true }  # <- unknown-input
target = "y"
""",
    "an unused tensor": """
inputs.y_fake = "fake"
inputs.y = "truth"
inputs.extra = "?"  # <- unused-input
losses.a = { type = "torch.L1Loss", inputs = ["y_fake", "y"] }
""",
    "a tensor that only a variant uses": """
inputs = { x = "", y = "", z = "" }
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
variants.v.losses.a.inputs = ["x", "z"]
""",
    "a tensor that only a balance uses": """
inputs = { x = "", y = "", w = "" }
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
losses.b = { type = "torch.MSELoss", inputs = ["x", "y"] }
objectives.total.balance = { type = "lossspec.OutputBalancer", losses = ["a", "b"], inputs = ["w"] }
""",
    # params
    "an unknown parameter": """
params.lambda_l1 = 1.0
losses.b = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${lambda_l1}" }
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = "${lambda_ll}"  # <- unknown-param
""",
    "the one use of a parameter misspelt is one fault": """
params.lambda_l1 = 1.0
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = "${lambda_ll * 2}"  # <- unknown-param
""",
    "an unused parameter": """
[params]
w = 1.0  # <- unused-param
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
""",
    "a parameter that only a variant uses": """
params.w = 1.0
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
variants.v.losses.a.weight = "${w}"
""",
    "a parameter of the wrong kind": """
params.mode = "sum"
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = "${mode}"  # <- wrong-type
""",
    "a parameter that an argument does not take": """
params.mode = "men"
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
args.reduction = "${mode}"  # <- unknown-value
""",
    "a parameter out of the bounds of an argument": """
params.beta = -1.0
[losses.a]
type = "torch.SmoothL1Loss"
inputs = ["x", "y"]
args.beta = "${beta}"  # <- out-of-range
""",
    "a parameter out of its own bounds": """
[params.w]
default = -1.0  # <- out-of-range
minimum = 0.0
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = "${w}"
""",
    "a variant that puts a parameter out of its bounds": """
params.w = { default = 1.0, minimum = 0.0 }
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${w}" }
[variants.v]
params.w = -1.0  # <- out-of-range
""",
    "a number made of parameters in an input": """
params.real = 0.9
losses.a = { type = "torch.L1Loss", inputs = ["x", "${real}"] }
""",
    "a tensor named by a parameter": """
params.which = "z"
inputs = { x = "", z = "" }
losses.a = { type = "torch.L1Loss", inputs = ["x", "${which}"] }
""",
    "an expression that divides by zero": """
params.w = 0.0
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = "${1 / w}"  # <- bad-expression
""",
    "a whole number that a division gives": """
params.n = 16
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
every = { steps = "${n / 2}", gain = "${n - 1}" }
""",
    "a fraction where a whole number is due": """
params.n = 16
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.a.every]
steps = "${n / 3}"  # <- wrong-type
gain = 1.0
""",
    "a whole number that floats do not count": """
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.a.every]
steps = "${2e15 * 10}"  # <- wrong-type
gain = 1.0
""",
    "a variant that turns a parameter into an expression": """
params.w = 2.0
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${w}" }
[variants.v.params]
w = "${w}"  # <- bad-expression
""",
    # arguments
    "an argument that must be given": """
[losses.a]  # <- missing-argument
type = "kornia.FocalLoss"
inputs = ["x", "y"]
""",
    "an argument given to an inherited loss": """
losses.a = { type = "torch.SmoothL1Loss", inputs = ["x", "y"] }
[variants.v.losses.a.args]
bta = 3.0  # <- unknown-key
""",
    "an argument that the changed type does not have": """
losses.a = { type = "torch.SmoothL1Loss", inputs = ["x", "y"], args = { beta = 2.0 } }
variants.v.losses.a.type = "torch.L1Loss"
[variants.u.losses.a]
type = "torch.L1Loss"
args.beta = 2.0  # <- unknown-key
""",
    # schedules
    "a schedule without a unit": """
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.a.weight]  # <- missing-unit
type = "linear"
start = 0
end = 10
start_value = 1.0
end_value = 0.0
""",
    "a unit inside": """
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.a.weight]
type = "join"
unit = "epoch"
boundaries = [10]
[[losses.a.weight.schedules]]
type = "constant"
value = 1.0
[[losses.a.weight.schedules]]
type = "constant"
value = 2.0
unit = "step"  # <- misplaced-unit
""",
    "a schedule that ends before it starts": """
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.a.weight]
type = "linear"
unit = "epoch"
start = 10
end = 5  # <- end-before-start
start_value = 1.0
end_value = 0.0
""",
    "a schedule of no length through a parameter": """
params.warm = 10
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.a.weight]
type = "linear"
unit = "epoch"
start = 10
end = "${warm}"  # <- zero-length
start_value = 1.0
end_value = 0.0
""",
    "a schedule in an argument": """
[losses.a]
type = "torch.SmoothL1Loss"
inputs = ["x", "y"]
[losses.a.args.beta]  # <- missing-unit
type = "constant"
value = 1.0
""",
    "a schedule of an objective": """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "G" }
[objectives.G.weight]  # <- missing-unit
type = "window"
start = 10
value = 0.5
""",
    # objectives
    "a term in no objective": """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "G" }
[losses.b]  # <- no-objective
type = "torch.L1Loss"
inputs = ["x", "y"]
""",
    "an objective with no term": TWO + "[objectives.DD]  # <- empty-objective\nweight = 0.5",
    "the total of a spec without objectives": """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
objectives.total.weight = 0.5
""",
    "no objective is named total if others are": TWO
    + "[objectives.total]  # <- empty-objective\nweight = 0.5",
    # balance
    "a balance without a type": TWO + '[objectives.G.balance]  # <- missing-key\nlosses = ["a", "c"]',
    "a balance of no losses": TWO
    + '[objectives.G.balance]  # <- missing-key\ntype = "lossspec.OutputBalancer"\ninputs = ["z"]',
    "a balance of an unknown type": TWO
    + '[objectives.G.balance]\ntype = "lossspec.OutputBalncer"  # <- unknown-type\nlosses = ["a", "c"]\ninputs = ["z"]',
    "a loss is no balance": TWO
    + '[objectives.G.balance]\ntype = "torch.L1Loss"  # <- unknown-type\nlosses = ["a", "c"]',
    "a balance is no loss": """
[losses.a]
type = "lossspec.OutputBalancer"  # <- unknown-type
inputs = ["x"]
""",
    "a balance of losses that are elsewhere": TWO
    + '[objectives.G.balance]\ntype = "lossspec.OutputBalancer"\ninputs = ["z"]\nlosses = ["a", "b"]  # <- unknown-loss',
    "a balance of the same loss twice": TWO
    + '[objectives.G.balance]\ntype = "lossspec.OutputBalancer"\ninputs = ["z"]\nlosses = ["a", "a"]  # <- duplicate-value',
    "a balance of one loss": TWO
    + '[objectives.G.balance]\ntype = "lossspec.SoftAdapt"\nlosses = ["a"]  # <- wrong-length',
    "a balance of losses that are all skipped": TWO.replace(
        "losses.a = {", "losses.a = { weight = 0,"
    ).replace("losses.c = {", 'losses.c = { weight = 0.0, at_zero = "record",')
    + '[objectives.G.balance]\ntype = "lossspec.SoftAdapt"\nlosses = ["a", "c"]  # <- skipped-balance',
    "a balance of a loss that comes late": TWO.replace(
        "losses.c = {", 'losses.c = { weight = 0, at_zero = "compute",'
    )
    + '[objectives.G.balance]\ntype = "lossspec.SoftAdapt"\nlosses = ["a", "c"]',
    "an argument of a balance that names no loss of it": TWO
    + '[objectives.G.balance]\ntype = "lossspec.LearningRateAnnealing"\nlosses = ["a", "c"]\ninputs = ["z"]\nargs = { reference = "b" }  # <- unknown-loss',
    "one of several arguments that names no loss": TWO
    + '[objectives.G.balance]\ntype = "lossspec.GradientRatio"\nlosses = ["a", "c"]\ninputs = ["z"]\nargs = { reference = ["a", "x"] }  # <- unknown-loss',
    "an argument of a balance": TWO
    + '[objectives.G.balance]\ntype = "lossspec.OutputBalancer"\nlosses = ["a", "c"]\ninputs = ["z"]\nargs = { decay = 2.0 }  # <- out-of-range',
    "an argument of a balance that must be given": TWO
    + '[objectives.G.balance]  # <- missing-argument\ntype = "lossspec.GradientRatio"\nlosses = ["a", "c"]\ninputs = ["z"]',
    "an input of a balance": TWO
    + '[objectives.G.balance]\ntype = "lossspec.OutputBalancer"\nlosses = ["a", "c"]\ninputs = ["z", "w"]  # <- input-count',
    "an argument given to an inherited balance": TWO
    + '[objectives.G.balance]\ntype = "lossspec.OutputBalancer"\ninputs = ["z"]\nlosses = ["a", "c"]\n'
    + "[variants.v.objectives.G.balance.args]\ndcay = 0.5  # <- unknown-key",
    # removing, variants
    "removing what is not there": """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
losses.apple = { type = "torch.L1Loss", inputs = ["x", "y"] }
[variants.v]
remove = ["losses.a", "losses.aple"]  # <- unknown-path
""",
    "removing the only use of a parameter in a variant": """
params.w = 1.0
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${w}" }
losses.b = { type = "torch.L1Loss", inputs = ["x", "y"] }
variants.v.remove = ["losses.a"]
""",
    "a variant that removes every term": """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
[variants.v]
remove = ["losses.a"]
[variants.v.losses]  # <- no-losses
""",
    "variants that are alternatives": """
params.w = 1.0
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${w}" }
variants.soft.params.w = 0.5
variants.softer.params.w = 0.25
""",
    # one fault, one message
    "a misspelt section silences what needs it": """
params.w = 1.0
[loses.a]  # <- unknown-key
type = "torch.L1Loss"
inputs = ["x", "y"]
weight = "${w}"
objective = "G"
[objectives.G]
weight = 2.0
""",
    "a misspelt weight silences its parameter": """
params.w = 1.0
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
wieght = "${w}"  # <- unknown-key
""",
    "a misspelt inputs": """
inputs = { x = "", y = "" }
[losses.a]
type = "torch.L1Loss"
imputs = ["x", "y"]  # <- unknown-key
""",
    "an unknown type silences what depends on it": """
inputs = { x = "" }
[losses.a]
type = "torch.L1Los"  # <- unknown-type
inputs = ["x"]
args = { reduction = "men" }
""",
    "a faulty objective": """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "G" }
losses.b = { type = "torch.L1Loss", inputs = ["x", "y"], objective = "a b" }  # <- bad-name
objectives.G.weight = 2.0
objectives.D.weight = 2.0
""",
    "a loss that is no table": """
inputs = { x = "", y = "" }
losses.a = ["x", "y"]  # <- wrong-type
objectives.total.weight = 1.0
""",
    "a faulty parameter silences its uses": """
params.w = []  # <- wrong-type
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${w * 2}" }
""",
    "a faulty schedule is told once": """
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.a.weight]
type = "linear"
unit = "epochs"  # <- unknown-value
start = 10
end = 5
start_value = 1.0
end_value = 0.0
""",
    "what a base lacks is told once, not for each variant": """
inputs = { x = "", y = "" }
[losses.a]  # <- missing-key
type = "torch.L1Loss"
variants.v.losses.a.weight = 2.0
variants.u.losses.a.weight = 3.0
""",
    "everything at once": """
params.w = 1.0  # <- unused-param
inputs.x = "x"
inputs.z = "z"  # <- unused-input
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]  # <- unknown-input
weight = { type = "linear", start = 3, end = 2, start_value = 1, end_value = 2 }  # <- end-before-start, missing-unit
[losses.b]
type = "torch.SmoothL1Loss"
inputs = ["x"]  # <- input-count
args = { bet = 2 }  # <- unknown-key
[variants.v]
remove = ["losses.c"]  # <- unknown-path
[objectives.G]  # <- empty-objective
weight = "1"  # <- wrong-type
""",
}


def marked(text):
    """Return the code and line of each mark in a text, sorted."""
    marks = []
    for number, line in enumerate(text.splitlines(), start=1):
        _, _, codes = line.partition("# <- ")
        marks += [(number, code.strip()) for code in codes.split(",") if code]
    return sorted(marks)


@pytest.mark.parametrize("name", CASES)
def test_each_fault_at_its_line_and_no_other(name):
    text = CASES[name] if "format = 1" in CASES[name] else HEAD + CASES[name]
    text = text.replace(
        "variants.v.losses.a.weight = 2.0\nvariants.u", "[variants]\nv.losses.a.weight = 2.0\nu"
    )
    found = [each for each in lossspec.validate(text) if each.severity == "error"]
    assert sorted((each.span.line, each.code) for each in found) == marked(text), [
        each.message for each in found
    ]


def test_the_faults_of_a_file_are_in_its_order():
    found = lossspec.validate(HEAD + CASES["everything at once"])
    places = [(each.span.line, each.span.column) for each in found]
    assert places == sorted(places)


def test_a_term_whose_library_is_missing_is_a_warning():
    text = HEAD + 'losses.a = { type = "lpips.LPIPS", inputs = ["x", "y"], args = { net = "vgg" } }'
    [found] = lossspec.validate(text)
    assert (found.code, found.severity, found.span.line) == ("missing-extra", "warning", 2)
    assert found.help == 'pip install "lossspec[lpips]"'


def test_the_other_place_is_shown_too():
    [found] = lossspec.validate(HEAD + CASES["a term in no objective"])
    assert [(label.span.line, label.text) for label in found.labels] == [(3, "this one has")]


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        (
            CASES["too few inputs"],
            "`losses.a` must have 2 inputs for `torch.L1Loss`, got 1",
            "in call order: `input`, `target`",
        ),
        (
            CASES["an unknown tensor"],
            "unknown tensor `y_fak`: it is not in `[inputs]`",
            "a tensor with a similar name exists: `y_fake`",
        ),
        (
            CASES["an objective with no term"],
            "objective `DD` has no losses",
            "an objective with a similar name exists: `D`",
        ),
        (
            CASES["an argument that must be given"],
            "argument `alpha` is missing in `losses.a`, required by `kornia.FocalLoss`",
            "add `args = { alpha = ... }`",
        ),
        (
            CASES["an unused parameter"],
            "parameter `w` is not used by any loss or variant",
            'use it, or remove it: `remove = ["params.w"]` where it is inherited',
        ),
        (
            CASES["removing what is not there"],
            "there is nothing to remove at `losses.aple`",
            "did you mean `losses.apple`?",
        ),
    ],
)
def test_message_and_help(text, message, help_):
    [found] = [each for each in lossspec.validate(HEAD + text) if each.severity == "error"]
    assert (found.message, found.help) == (message, help_)


def test_an_unknown_spec_has_no_place():
    [found] = lossspec.validate("pix2pixx")
    assert (found.code, found.span, found.source) == ("unknown-spec", None, "pix2pixx")
    assert re.search("a spec with a similar name exists: `pix2pix`", found.message + found.help)


def test_the_shipped_specs_are_right():
    assert lossspec.validate("pix2pix+extended+vgg+lsgan+decay") == []


def test_a_path_may_have_an_equals_sign(tmp_path):
    file = tmp_path / "lr=3" / "a.loss.toml"
    file.parent.mkdir()
    file.write_text(HEAD + TWO)
    assert lossspec.validate(str(file)) == []
    assert lossspec.validate(file) == []


def test_a_file_that_is_not_there(tmp_path):
    [found] = lossspec.validate(tmp_path / "a.loss.toml")
    assert isinstance(found, Diagnostic)
    assert found.code == "unreadable"


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [
        ("weights/vgg.pth", True),
        ("vgg.pth", True),
        ("./vgg.pth", True),
        ("../vgg.pth", False),
        ("weights/../../vgg.pth", False),
        ("/etc/passwd", False),
        ("C:\\\\vgg.pth", False),
        ("\\\\\\\\host\\\\share", False),
        ("weights\\\\..\\\\..\\\\vgg.pth", False),
    ],
)
def test_a_path_stays_under_the_folder_of_the_spec(path, is_inside):
    text = f"""{HEAD}
[losses.a]
type = "lossspec.VGGPerceptualLoss"
inputs = ["x", "y"]
args.weights = "{path}"
"""
    found = [(each.code, each.span.line) for each in lossspec.validate(text)]
    assert found == ([] if is_inside else [("path-outside", 6)])


def spec_of(losses, variants, change="losses.a0.weight = {index}"):
    lines = [f'losses.a{index} = {{ type = "torch.L1Loss", inputs = ["x", "y"] }}' for index in range(losses)]
    lines += [f"variants.v{index}.{change.format(index=index)}" for index in range(variants)]
    return HEAD + "\n".join(lines)


HOSTILE = {
    "as many variants as may be": spec_of(100, 100),
    "as many variants of one loss as may be": spec_of(1, 500),
    "few losses and many variants": spec_of(1, 6000),
    "many variants that change every loss": HEAD
    + "params.w = 1.0\n"
    + "\n".join(f'losses.a{i}={{type="torch.L1Loss",inputs=["x","y"],weight="${{w}}"}}' for i in range(500))
    + "\n"
    + "\n".join(f"variants.v{i}.params.w = {i}" for i in range(20)),
    "many unknown types": HEAD + "\n".join(f'losses.a{i} = {{ type = "torch.L{i}x" }}' for i in range(1000)),
    "many unknown keys": HEAD + "\n".join(f"losses.a{i} = {{ k{i} = 1, l{i} = 2 }}" for i in range(1000)),
    "many unknown tensors": HEAD
    + "\n".join(f'inputs.tensor_{i} = "t"' for i in range(3000))
    + "\n"
    + "\n".join(f'losses.a{i}={{type="torch.L1Loss",inputs=["tensr_{i}","x_{i}"]}}' for i in range(1000)),
    "many unknown parameters": HEAD
    + "\n".join(f"params.param_{i} = 1" for i in range(3000))
    + "\n"
    + "\n".join(
        f'losses.a{i}={{type="torch.L1Loss",inputs=["x","y"],weight="${{parm_{i}}}"}}' for i in range(1000)
    ),
    "many removals": HEAD
    + "variants.v.remove = ["
    + ",".join(f'"losses.a{i}"' for i in range(10_000))
    + "]\n"
    + "\n".join(f'losses.b{i}={{type="torch.L1Loss",inputs=["x","y"]}}' for i in range(900)),
    "many unused": HEAD + "\n".join(f'params.p{i} = 1\ninputs.i{i} = ""' for i in range(4000)),
    "a product without end": HEAD
    + 'params.w = 9223372036854775807\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${'
    + "*".join(["w"] * 60_000)
    + '}" }',
    "names of any length": HEAD + f'losses.{"a" * 100_000} = {{ type = "{"b" * 100_000}" }}',
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_no_spec_takes_long(name, calls):
    text = HOSTILE[name]
    assert len(text) < 256 * 1024
    assert calls(lambda: lossspec.validate(text)) < 12_000_000  # about a second
    assert len(lossspec.validate(text)) <= 501


@pytest.mark.parametrize(
    ("losses", "variants", "is_right"), [(100, 100, True), (100, 101, False), (1, 500, True), (1, 501, False)]
)
def test_losses_times_variants_have_a_limit(losses, variants, is_right):
    found = [
        each
        for each in lossspec.validate(spec_of(losses, variants, "description = ''"))
        if each.code == "too-many-variants"
    ]
    assert bool(found) is not is_right
    if found:
        assert found[0].span.line == 1 + losses + variants


def test_a_reference_picks_at_most_16_variants(tmp_path):
    path = tmp_path / "a.loss.toml"
    path.write_text(spec_of(20, 17, "losses.a{index}.weight = 2"))
    assert lossspec.validate(f"{path}+" + "+".join(f"v{index}" for index in range(16))) == []
    [found] = lossspec.validate(f"{path}+" + "+".join(f"v{index}" for index in range(17)))
    assert found.code == "too-many-variants"


@pytest.fixture
def mine():
    """A loss of the user's, registered for the test alone."""
    from lossspec.registry.lookup import registered

    before = dict(registered)

    @lossspec.register_loss("mine.Ramp")
    class Ramp:
        """A ramp."""

        def __init__(self, slope: float = 1.0) -> None: ...

        def forward(self, x, y): ...

    yield
    registered.clear()
    registered.update(before)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ('type = "mine.Ramp", args = { slope = 2.0 }', []),
        (
            'type = "mine.Ramp", args = { slpe = 2.0 }',
            [("unknown-key", "a key with a similar name exists: `slope`")],
        ),
        ('type = "mine.Ramp", args = { slope = "a" }', [("wrong-type", "a parameter is written `${a}`")]),
        ('type = "mine.Rmap"', [("unknown-type", "a type with a similar name exists: `mine.Ramp`")]),
        ('type = "mine.Ramp", lists = 3', [("wrong-type", "")]),
    ],
)
def test_a_registered_loss_is_checked_like_a_built_in(mine, loss, expected):
    found = lossspec.validate(f'{HEAD}losses.a = {{ inputs = ["x", "y"], {loss} }}')
    assert [(each.code, each.help) for each in found] == expected


def test_every_position_of_a_schedule_is_known_as_one():
    """What a field says of itself: where something is, or how long it takes."""
    said = {
        attribute.name
        for cls in schedules.TYPES.values()
        for attribute, kind in table_fields(cls)
        if kind.description.startswith(
            ("where ", "the length of ", "the time ", "how long ", "pairs of a position")
        )
    }
    assert said - {"lower", "upper"} == POSITIONS  # those are places on the curve, not on the clock


@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_only_a_fraction_ends_at_1(unit):
    weight = f'{{ type = "window", unit = "{unit}", value = 1.0, start = 10 }}'
    assert lossspec.validate(f"{HEAD}losses.a = {{ {L1}, weight = {weight} }}") == []


def test_all_of_a_run_is_a_fraction():
    weight = '{ type = "linear", unit = "fraction", start = 0, end = 1, start_value = 5, end_value = 9 }'
    assert lossspec.validate(f"{HEAD}losses.a = {{ {L1}, weight = {weight} }}") == []


def test_start_of_a_custom_schedule_may_be_anything():
    @lossspec.register_schedule("position.free")
    def free(t: float, start: float) -> float:
        return start

    try:
        weight = '{ type = "position.free", unit = "fraction", start = 9.0 }'
        assert lossspec.validate(f"{HEAD}losses.a = {{ {L1}, weight = {weight} }}") == []
    finally:
        del schedules.lookup.REGISTERED["position.free"]


ADVICE_BASE = """
params.w = 1.0
inputs = { x = "", y = "" }
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "${w}" }
"""


# a code, the help for it, a document with the problem, and the change that the help asks for
@pytest.mark.parametrize(
    ("code", "help_", "document", "change"),
    [
        (
            "missing-unit",
            'unit = "step"',
            "losses.b = { type = 'torch.L1Loss', inputs = [1, 'y'], weight = { type = 'constant', value = 1 } }",
            ("value = 1 }", 'value = 1, unit = "step" }'),
        ),
        (
            "missing-argument",
            "args = { alpha = ... }",
            "losses.b = { type = 'kornia.FocalLoss', inputs = ['x', 'y'] }",
            ("inputs", "args = { alpha = 0.5 }, inputs"),
        ),
        (
            "unknown-key",
            "weight = { type = ..., unit = ... }",
            "losses.a.schedule = { type = 'constant', value = 1, unit = 'step' }\nremove = ['params.w']",
            ("schedule", "weight"),
        ),
        (
            "unused-param",
            'remove = ["params.w"]',
            "losses.a.weight = 2.0",
            ("losses", 'remove = ["params.w"]\nlosses'),
        ),
        (
            "unknown-input",
            'inputs.mask = "..."',
            "losses.b = { type = 'torch.L1Loss', inputs = ['x', 'mask'] }",
            ("losses", 'inputs.mask = "a mask"\nlosses'),
        ),
    ],
)
def test_following_the_help(tmp_path, code, help_, document, change):
    (tmp_path / "base.loss.toml").write_text(HEAD + ADVICE_BASE)
    file = tmp_path / "a.loss.toml"

    def errors(text):
        file.write_text(f"{HEAD}\nextends = 'base'\n{text}")
        return [each for each in lossspec.validate(file) if each.severity == "error"]

    [found] = errors(document)
    assert (found.code, help_ in found.help) == (code, True)
    assert errors(document.replace(*change, 1)) == []


def test_a_tensor_is_used_wherever_a_reference_names_it():
    text = """
format = 1
params.which = "p[-1]"
inputs = { x = "", y = "", m = "", n = "", p = "", z = "" }
losses.a = { type = "torch.L1Loss", inputs = ["x[*][0]", { name = "y.depth" }], reduce.weights = "m[0]" }
losses.b = { type = "torch.L1Loss", inputs = ["${which}", "x[0][0]"], reduce.by.name = "n" }
objectives.total.balance = { type = "lossspec.OutputBalancer", losses = ["a", "b"], inputs = ["z[-1]"] }
"""
    assert lossspec.validate(text) == []
    assert [each.message for each in lossspec.validate(text.replace('"m[0]"', '"x[0]"'))] == [
        "tensor `m` is not used by any loss or variant"
    ]
