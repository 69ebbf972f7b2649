"""``lossspec list losses``, ``list balancers``, ``list schedules`` and ``describe``."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

import lossspec
from lossspec import schedules
from lossspec.cli import commands
from lossspec.errors import UnknownNameError
from lossspec.registry import balancers, find, find_balancer, lookup, register, summaries, types
from lossspec.registry import code as registry_code
from lossspec.report.describe.type import describe_type, example


def run(*args):
    return CliRunner().invoke(commands, args, catch_exceptions=False).output


def refused(*args):
    result = CliRunner().invoke(commands, args)
    assert isinstance(result.exception, UnknownNameError)
    return str(result.exception)


def test_list_losses_has_a_line_for_each():
    lines = run("list", "losses").splitlines()
    assert [line.split()[0] for line in lines] == list(types())
    assert "torch.L1Loss" + " " * 45 not in lines[0]
    assert next(line for line in lines if line.startswith("torch.L1Loss ")).endswith("  Mean absolute error.")


def test_list_losses_of_one_library_or_with_a_word():
    assert [line.split()[0] for line in run("list", "losses", "--library", "lpips").splitlines()] == [
        "lpips.LPIPS"
    ]
    found = [line.split()[0] for line in run("list", "losses", "ssim", "--library", "piq").splitlines()]
    assert found == ["piq.InformationWeightedSSIMLoss", "piq.MultiScaleSSIMLoss", "piq.SSIMLoss"]
    assert "monai.LocalNormalizedCrossCorrelationLoss" in run("list", "losses", "REGISTRATION")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("list", "losses", "--library", "pij"),
            "unknown library `pij`: a library with a similar name exists: `piq`",
        ),
        (
            ("list", "losses", "zzz"),
            "no loss type has `zzz` in its name or summary: leave it out to list all",
        ),
        (
            ("list", "schedules", "zzz"),
            "no schedule type has `zzz` in its name or summary: leave it out to list all",
        ),
        (
            ("describe", "torch.L1"),
            "unknown loss type `torch.L1`: a loss type with a similar name exists: `torch.L1Loss`",
        ),
        (
            ("describe", "torsh.L1Loss"),
            "unknown library `torsh`: a library with a similar name exists: `torch`",
        ),
        (
            ("describe", "torch.nn.L1Loss"),
            "unknown loss type `torch.nn.L1Loss`: a loss type with a similar name exists: `torch.L1Loss`",
        ),
        (
            ("describe", "lossspec.GradientRatios"),
            "`lossspec.GradientRatios`: a loss type with a similar name exists: `lossspec.GradientRatio`",
        ),
        (("describe", "pix2pixx"), "unknown name `pix2pixx`: one with a similar name exists: `pix2pix`"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(args, message):
    assert message in refused(*args)


def test_list_schedules_has_a_line_for_each():
    lines = run("list", "schedules").splitlines()
    assert [line.split()[0] for line in lines] == list(schedules.types())
    assert any(
        line.split(maxsplit=1) == ["linear", "A straight line from one value to another, or without end."]
        for line in lines
    )


def test_list_balancers_has_a_line_for_each():
    lines = run("list", "balancers").splitlines()
    assert [line.split()[0] for line in lines] == list(balancers())
    assert run("list", "balancers", "encodec").startswith("lossspec.OutputBalancer  EnCodec's balancer")
    assert "Balancer" not in run("list", "losses")


def test_describe_shows_a_loss_type():
    assert (
        run("describe", "torch.CrossEntropyLoss")
        == """\
torch.CrossEntropyLoss: Cross entropy of logits against class indices or probabilities.
  formula    mean(-w_y log softmax(input)_y), a mean weighted by w_y
  reference  https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
  library    torch, which is installed

inputs
  input   (N, C, *) logits
  target  (N, *) class indices in [0, C), or (N, C, *) probabilities

arguments
  weight                 weight of each class
                         array of numbers, each at least 0; becomes a tensor
  ignore_index = -100    targets of this value are ignored
                         integer
  reduction = "mean"     how the elements are combined
                         "none", "mean" or "sum"
  label_smoothing = 0.0  share of the target spread over all classes
                         number, at least 0 and at most 1; can be a schedule

example
[losses.CrossEntropyLoss]
type = "torch.CrossEntropyLoss"
inputs = ["input", "target"]
"""
    )


def test_describe_shows_notes_and_arguments_that_must_be_given():
    text = run("describe", "kornia.FocalLoss")
    assert "  note       The default reduction returns a map" in text
    assert "  alpha (required)     weight of every class except the first" in text
    assert text.endswith("args = { alpha = 0.25 }\n")


@pytest.mark.parametrize(
    ("name", "is_number"),
    [
        ("kornia.DiceLoss", True),
        ("monai.AUCMLoss", True),
        ("torch.L1Loss", False),
        ("lossspec.Precomputed", False),
    ],
)
def test_describe_says_which_loss_has_no_elements(name, is_number):
    line = "  returns    one number: a term of it cannot have `reduce`\n"
    assert (line in describe_type(name)) is is_number


def test_describe_says_what_a_missing_library_needs():
    assert 'needs piq, which is not installed: pip install "lossspec[piq]"' in run("describe", "piq.SSIMLoss")


def test_describe_shows_lists_callables_and_optional_inputs():
    assert "  fake  a list: one tensor per layer" in run("describe", "lossspec.FeatureMatchingLoss")
    assert "  critic  a callable: images -> scores" in run("describe", "lossspec.GradientPenalty")
    text = run("describe", "pytorch_metric_learning.VICRegLoss")
    assert "ref_labels     (M) class indices (optional)" in text
    assert 'inputs = { embeddings = "embeddings", ref_emb = "ref_emb" }' in text


@pytest.mark.parametrize("name", types())
def test_every_example_is_a_valid_spec(name):
    text = "format = 1\n" + example(find(name))
    assert [each for each in lossspec.validate(text) if each.code != "missing-extra"] == []


def test_describe_shows_a_balancer():
    text = run("describe", "lossspec.GradientRatio")
    assert "  parameter  any shape, usually the weight of the last layer" in text
    assert "  reference (required)  the losses whose gradient sets the scale" in text


@pytest.mark.parametrize("name", balancers())
def test_every_balance_example_is_valid(name):
    loss = '{ type = "torch.L1Loss", inputs = ["x", "y"] }'
    text = f"format = 1\nlosses.a = {loss}\nlosses.b = {loss}\n"
    assert lossspec.validate(text + example(find_balancer(name))) == []


def test_describe_shows_balancers_and_declared_parameters():
    text = run("describe", "vqgan+paper")
    assert "  balanced by lossspec.GradientRatio(last_layer): rec, lpips, G_GAN\n\nobjective D" in text
    assert "  disc_weight = 1.0      factor of the adaptive weight" in text
    text = run("describe", "vqgan+custom")
    assert "  disc_start = 10000     the step at which" in text


def test_describe_shows_a_spec_with_its_variants():
    text = run("describe", "pix2pix+decay")
    assert text.startswith("pix2pix+decay: Conditional GAN")
    assert "  lambda_l1 = 100.0  weight of the pixel-wise term" in text
    assert "  y_fake     generator output G(x), same shape and range" in text
    assert "objective D, weight 0.5\n  D_real  torch.BCEWithLogitsLoss(pred_real, 1.0), weight 1" in text
    assert 'weight { type = "linear", unit = "epoch", start = 100.0, end = 200.0' in text
    assert "\nvariants\n" in text
    assert "  decay     The pixel-wise weight falls to 0" in text


def test_describe_shows_a_user_spec(tmp_path):
    path = tmp_path / "mine.loss.toml"
    path.write_text(
        'format = 1\nextends = "pix2pix"\n'
        '[losses.G_L1.inputs]\ninput = { name = "y_fake", detach = true }\ntarget = "y"\n'
        "[variants.x]\nobjectives.G.weight = 2.0\n"
    )
    text = run("describe", f"{path}+x")
    assert "torch.L1Loss(input=y_fake.detach(), target=y), weight 100" in text
    assert "objective G, weight 2" in text
    assert text.endswith("\n  x\n")
    assert "lambda_gan" in text


def test_describe_shows_how_a_term_is_reduced(tmp_path):
    path = tmp_path / "mine.loss.toml"
    path.write_text("""
format = 1
[losses.a]
type = "torch.L1Loss"
inputs = ["x[*][-1]", { name = "y.depth", detach = true }]
reduce = { weights = "m", by = { name = "n", minimum = 1 } }
lists = { combine = "sum", decay = 0.8 }
if_missing = "skip"
""")
    assert (
        "torch.L1Loss(x[*][-1], y.depth.detach()), weight 1, "
        'reduce { weights = "m", by = { name = "n", minimum = 1.0 } }, '
        'lists { combine = "sum", decay = 0.8 }, optional'
    ) in run("describe", str(path))


def test_describe_shows_a_schedule_without_a_spec_of_its_name():
    text = run("describe", "linear")
    assert text.startswith("linear: A straight line from one value to another, or without end.")
    assert "start_value" in text


@pytest.mark.parametrize("args", [("list", "losses"), ("describe", "piq.SSIMLoss"), ("list", "schedules")])
def test_neither_torch_nor_jsonschema_is_imported(args):
    code = (
        "import sys; from lossspec.cli import commands; commands(sys.argv[1:], standalone_mode=False);"
        "assert not {'torch', 'jsonschema', 'cattrs', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, *args], check=True, capture_output=True)


def test_load_imports_a_user_module(tmp_path, monkeypatch):
    monkeypatch.setattr(lookup, "registered", {})
    monkeypatch.setattr(register, "registered", lookup.registered)
    monkeypatch.setattr(registry_code, "registered", lookup.registered)
    (tmp_path / "my_module_of_losses.py").write_text(
        "import lossspec\n@lossspec.register_loss('mymodule.Own')\ndef own(x):\n    '''My own.'''\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert "mymodule.Own" not in summaries()
    assert run("list", "losses", "--load", "my_module_of_losses", "my own").split() == [
        "mymodule.Own",
        "My",
        "own.",
    ]
    assert run("describe", "mymodule.Own", "--load", "my_module_of_losses").startswith(
        "mymodule.Own: My own."
    )
    assert "which is installed" in describe_type("mymodule.Own")


def test_a_type_is_found_by_its_class():
    assert run("describe", "GANLoss") == run("describe", "lossspec.GANLoss")
    assert "`SSIMLoss` exists in several libraries: `" in refused("describe", "SSIMLoss")
    assert "`piq.SSIMLoss`" in refused("describe", "SSIMLoss")


def test_describe_shows_a_user_schedule():
    @schedules.register_schedule("described.pulse")
    def pulse(t: float, high: float) -> float:
        """High now and then."""
        return high

    try:
        assert run("describe", "described.pulse") == "described.pulse: High now and then.\n"
    finally:
        del schedules.lookup.REGISTERED["described.pulse"]


NUMBER = {"type": "number", "minimum": 0}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (
            {"type": ["number", "array"], "items": NUMBER, "minimum": 0},
            "number or array of numbers, at least 0",
        ),
        ({"type": ["number", "array"], "items": NUMBER}, "number, or array of numbers, each at least 0"),
        ({"type": "array", "items": NUMBER}, "array of numbers, each at least 0"),
        (
            {"type": "array", "items": {"type": "array", "items": NUMBER}},
            "array of arrays of numbers, each at least 0",
        ),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
            "array of 2 integers",
        ),
        ({"type": "array"}, "array"),
        ({"type": ["number", "string"], "exclusiveMinimum": 0}, "number or string, above 0"),
        ({"enum": ["a", "b", 3]}, '"a", "b" or 3'),
        ({"anyOf": [{"enum": ["all"]}, {"type": "integer", "minimum": 1}]}, '"all" or integer, at least 1'),
        ({}, "any value"),
    ],
)
def test_the_words_for_what_an_argument_takes(schema, words):
    from lossspec.registry import Argument
    from lossspec.report.describe.type import allowed

    assert allowed(Argument("x", schema, "")) == words


def test_no_argument_says_the_same_twice():
    from lossspec.registry import balancers, find, summaries
    from lossspec.report.describe.type import allowed

    entries = [*map(find, summaries()), *balancers().values()]
    texts = {allowed(argument) for entry in entries for argument in entry.args.values()}
    assert len(texts) > 50
    for text in texts:
        parts = re.split(r", | and |; ", text)
        assert len(parts) == len(set(parts)), text


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("L1Los", "torch.L1Loss"),
        ("l1los", "torch.L1Loss"),
        ("PIX2PIX", "pix2pix"),
        ("linea", "linear"),
        ("GradientRati", "lossspec.GradientRatio"),
    ],
)
def test_a_misspelt_name_is_looked_for_everywhere(name, near):
    result = CliRunner().invoke(commands, ["describe", name])
    assert str(result.exception) == f"unknown name `{name}`: one with a similar name exists: `{near}`"


def test_a_name_like_no_other_is_not_answered_with_a_list(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(commands, ["describe", "zzzz+v"])
    assert str(result.exception) == (
        "unknown name `zzzz+v`: search with `lossspec list WORD`, `lossspec list losses WORD` or "
        "`lossspec list schedules WORD`"
    )
    (tmp_path / "zzzz.loss.toml").write_text("format = 1\n")
    result = CliRunner().invoke(commands, ["describe", "zzzz"])
    assert str(result.exception).endswith("for the file in this folder, write `zzzz.loss.toml`")


@pytest.mark.parametrize("wrong", ["variants.v = 3", 'variants.v.params = ""', "variants.v.params = [1]"])
def test_describe_shows_a_spec_whose_variant_is_wrong(wrong, tmp_path):
    """The spec itself is right, and loads."""
    file = tmp_path / "a.loss.toml"
    loss = 'losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }'
    file.write_text(f"format = 1\n{loss}\n{wrong}\n", encoding="utf-8")
    assert "variants" in run("describe", str(file))
