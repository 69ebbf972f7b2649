"""Hover and go to definition, through the protocol."""

import pytest
from lsprotocol import types as lsp

from lossspec.language.documents.search import shipped
from lossspec.language.schema.committed import validator
from lossspec.report.describe.schedule import describe_schedule
from lossspec.report.describe.type import describe_type

PIX2PIX = shipped() / "pix2pix.loss.toml"


def text(shown):
    return shown.removeprefix("```text\n").removesuffix("\n```")


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ('losses.a.type = "torch.L1|Loss"', describe_type("torch.L1Loss")),
        ('losses.L1|L.type = "torch.L1Loss"', describe_type("torch.L1Loss")),
        (
            'objectives.G.balance.type = "lossspec.Gradient|Ratio"',
            describe_type("lossspec.GradientRatio"),
        ),
        ('losses.a.weight = { type = "lin|ear" }', describe_schedule("linear")),
        (
            'losses.a = { type = "torch.SmoothL1Loss", args = { be|ta = 1.0 } }',
            "beta = 1.0\nwhere the squared part ends; 0 is L1\nnumber, at least 0; can be a schedule",
        ),
        (
            'losses.a = { type = "torch.L1Loss", inputs = { tar|get = "y", input = "x" } }',
            "target: (*), same shape as input",
        ),
        (
            'losses.a = { at_z|ero = "skip" }',
            f"at_zero: {validator().schema['$defs']['loss']['properties']['at_zero']['description']}",
        ),
        (
            'params.lam = { default = 2.0, description = "the weight" }\nlosses.a.weight = "${l|am}"',
            "parameter lam = 2.0 the weight",
        ),
        ("params.l|am = 2.0", "parameter lam = 2.0"),
        ('inputs.x = "an image"\nlosses.a.inputs = ["|x"]', "tensor x: an image"),
        ('inputs.x = "images"\nlosses.a.inputs = ["x[*]|[-1]"]', "tensor x[*][-1]: images"),
        ('inputs.m = "a mask"\nlosses.a.reduce.weights = "|m"', "tensor m: a mask"),
        ('inputs.n = "a count"\nlosses.a.reduce.by = { name = "|n" }', "tensor n: a count"),
        (
            'losses.a.lists = { combine = "sum", de|cay = 0.8 }',
            "decay: Element i of n weighs decay^(n-1-i), the last 1; with sum or mean.",
        ),
        ('losses.a.weight = { type = "linear", sta|rt = 0 }', "start: where the change begins"),
    ],
)
def test_hover(editor, marked, expected):
    assert text(editor.hover(marked)) == expected


def test_hover_on_a_spec_describes_it(editor):
    found = text(editor.hover('extends = "pix2|pix+vgg"'))
    assert found.startswith("pix2pix+vgg: Conditional GAN")
    assert "parameters" in found


def test_hover_on_a_spec_of_the_same_folder(editor):
    good = 'format = 1\ndescription = "Mine."\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'
    (editor.folder / "pix2pix.loss.toml").write_text(good)
    assert text(editor.hover('extends = "pix2|pix"')).startswith("pix2pix: Mine.")
    (editor.folder / "pix2pix.loss.toml").unlink()


def test_hover_on_a_spec_with_mistakes_shows_them(editor):
    (editor.folder / "wrong.loss.toml").write_text("format = 2\n")
    assert "unknown-format" in editor.hover('extends = "wr|ong"')


@pytest.mark.parametrize("marked", ['extends = "no_su|ch"', 'losses.a.type = "no.Su|ch"', "# |", "form|"])
def test_hover_on_nothing_known(editor, marked):
    assert editor.hover(marked) is None


def start_of(path, words):
    """Return the position of some words in a file."""
    before, found, _ = path.read_text().partition(words)
    assert found
    return lsp.Position(before.count("\n"), len(before.rpartition("\n")[2]))


def test_extends_leads_to_the_file(editor):
    found = editor.definition('extends = "pix2|pix+vgg"')
    assert found.uri == PIX2PIX.as_uri()
    assert found.range.start == lsp.Position(0, 0)


def test_a_variant_leads_to_its_key(editor):
    found = editor.definition('extends = "pix2pix+v|gg"')
    before = start_of(PIX2PIX, "[variants.vgg")
    assert found.uri == PIX2PIX.as_uri()
    assert found.range.start == lsp.Position(before.line, before.character + len("[variants."))


def test_a_parameter_leads_to_the_file_that_defines_it(editor):
    found = editor.definition('extends = "pix2pix"\nlosses.G_L1.weight = "${2 * lambda|_l1}"')
    assert found.uri == PIX2PIX.as_uri()
    assert found.range.start == start_of(PIX2PIX, "lambda_l1 =")


@pytest.mark.parametrize(
    ("marked", "line", "column"),
    [
        ('params.a = 1\nparams.b = 2\nlosses.x.weight = "${b| * a}"', 1, 7),
        ('params.a = 1\n[variants.v]\nparams.a = 2\nlosses.x.weight = "${a|}"', 2, 7),
        ('params.a = 1\n[variants.v]\nlosses.x.weight = "${a|}"', 0, 7),
        ('losses.x.inputs = ["|y"]\n[inputs]\ny = ""', 2, 0),
        ('losses.x.inputs = ["y[*].dep|th"]\n[inputs]\ny = ""\ndepth = ""', 2, 0),
        ('losses.x.reduce = { weights = "|m" }\n[inputs]\nm = ""', 2, 0),
        ('losses.x.objective = "|G"\nobjectives.G.weight = 1', 1, 11),
        ('losses.x = {}\nobjectives.G.balance.losses = ["|x"]', 0, 7),
    ],
)
def test_a_name_leads_to_its_key(editor, marked, line, column):
    found = editor.definition(marked)
    assert found.uri == editor.uri("mine.loss.toml")
    assert found.range.start == lsp.Position(line, column)


@pytest.mark.parametrize("marked", ['extends = "no_su|ch"', 'losses.x.weight = "${no|}"', "|", "weig|ht = 1"])
def test_what_is_not_defined_leads_nowhere(editor, marked):
    assert editor.definition(marked) is None
