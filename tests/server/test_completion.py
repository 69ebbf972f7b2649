"""Completion through the protocol: in whole text, and in text that is not TOML yet."""

import pytest
from lsprotocol import types as lsp

from lossspec import registry, schedules

TWO = 'losses.a = { type = "torch.L1Loss", inputs = ["fake", "real"], objective = "G" }\n'


@pytest.mark.parametrize(
    "typed",
    [
        'losses.a.type = "|"',
        'losses.a.type = "torch.|',
        "losses.a.type = |",
        '[losses.a]\ntype = "|\ninputs = ["x"]\n',
        'losses.a = { inputs = ["x"], type = "|',
        'losses.z = { type = "torch.L1Loss"\nlosses.a = { type = "|',
        'variants.v.losses.a.type = "|"',
    ],
)
def test_loss_types(editor, typed):
    assert editor.completions(typed) == list(registry.summaries())


def test_balancers(editor):
    assert editor.completions('[objectives.G.balance]\ntype = "|"') == list(registry.balancers())


@pytest.mark.parametrize(
    "typed",
    [
        'losses.a.weight.type = "|"',
        'losses.a.weight = { type = "|',
        'objectives.G.weight = { unit = "epoch", type = "|',
        'losses.a = { type = "torch.SmoothL1Loss", args = { beta = { type = "|',
        'losses.a.weight = { type = "join", schedules = [{ type = "|',
    ],
)
def test_schedule_types(editor, typed):
    assert editor.completions(typed) == list(schedules.types())


@pytest.mark.parametrize(
    "typed",
    [
        'losses.a = { type = "torch.SmoothL1Loss", args = { |',
        'losses.a = { type = "torch.SmoothL1Loss", args = { re| } }',
        '[losses.a]\nargs = { |\ntype = "torch.SmoothL1Loss"\n',
        '[losses.a]\nargs.|\ntype = "torch.SmoothL1Loss"\n',
        '[losses.a]\ntype = "torch.SmoothL1Loss"\n[losses.a.args]\n|',
        'losses.a.type = "torch.SmoothL1Loss"\nvariants.v.losses.a.args.|',
    ],
)
def test_arguments_of_the_type(editor, typed):
    assert editor.completions(typed) == ["reduction", "beta"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("[losses.a]\n|", ["type", "inputs"]),
        ("losses.a = { |", ["type", "inputs"]),
        ('losses.a = { type = "torch.L1Loss", |', ["inputs"]),
        ("losses.a.weight = { |", ["type"]),
        ("[objectives.G.balance]\n|", ["type"]),
    ],
)
def test_what_a_table_needs_comes_first(editor, typed, first):
    assert editor.completions(typed)[: len(first)] == first


def test_an_argument_that_is_there_is_not_offered_again(editor):
    typed = 'losses.a = { type = "torch.SmoothL1Loss", args = { beta = 1.0, |'
    assert editor.completions(typed) == ["reduction"]


def test_choices_of_an_argument(editor):
    typed = 'losses.a = { type = "torch.SmoothL1Loss", args = { reduction = "|'
    assert editor.completions(typed) == ["none", "mean", "sum"]


def test_inputs_of_the_type_by_name(editor):
    assert editor.completions('losses.a = { type = "torch.L1Loss", inputs = { |') == ["input", "target"]


def test_fields_of_a_schedule(editor):
    found = editor.completions('losses.a.weight = { type = "linear", unit = "epoch", |')
    assert found == ["start", "end", "start_value", "end_value", "slope", "minimum", "maximum"]


def test_units(editor):
    typed = 'losses.a.weight = { type = "linear", unit = "|'
    assert editor.completions(typed) == ["epoch", "step", "fraction"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ('params.lam = 2.0\nlosses.a.weight = "${|"', ["lam"]),
        ('params.lam = 2.0\nparams.mu = 2.0\nlosses.a.weight = "${2 * lam / |}"', ["lam", "mu"]),
        ('params.lam = 2.0\nlosses.a.weight = "${1 - (l|', ["lam"]),
        ('params.lam = 2.0\nlosses.a.weight = "${(1 - lam) * (|"', ["lam"]),
        ('params.lam = 2.0\nlosses.a.weight = "|"', ["${lam}"]),
        ("params.lam = 2.0\nlosses.a.weight = |", ["${lam}"]),
        ('extends = "pix2pix"\nlosses.G_L1.weight = "${|', ["lambda_gan", "lambda_l1"]),
        ('params.a = 1\nvariants.v.params.b = 1\nvariants.v.losses.x.weight = "${|', ["a", "b"]),
    ],
)
def test_params(editor, typed, expected):
    assert editor.completions(typed) == expected


def test_an_expression_keeps_what_is_around_the_name(editor):
    typed = 'params.lam = 2.0\nlosses.a.weight = "${(2 - l|xx) / 3}"\n'
    assert editor.completed(typed, "lam") == 'params.lam = 2.0\nlosses.a.weight = "${(2 - lam) / 3}"\n'


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (TWO + 'losses.b.inputs = ["|"]', ["fake", "real"]),
        (TWO + 'losses.b.inputs = ["x", |', ["fake", "real"]),
        (TWO + 'losses.b.inputs = [{ name = "|', ["fake", "real"]),
        (TWO + 'losses.b.inputs = { input = "|', ["fake", "real"]),
        ('inputs.z = "a tensor"\nlosses.b.inputs = ["|', ["z"]),
        ('losses.a.inputs = ["x[*][-1]", { name = "y.depth" }]\nlosses.b.inputs = ["|', ["x", "y"]),
        ('losses.a.reduce = { weights = "m[0]", by = { name = "n" } }\nlosses.b.inputs = ["|', ["m", "n"]),
        (TWO + 'losses.b.inputs = ["fake[|', []),
        (TWO + 'losses.b.reduce.weights = "|"', ["fake", "real"]),
        (TWO + 'losses.b.reduce = { weights = { name = "|', ["fake", "real"]),
        (TWO + 'losses.b.reduce = { by = { name = "|', ["fake", "real"]),
        (TWO + 'losses.b.reduce = "|"', ["mean", "sum", "batch"]),
        (TWO + 'losses.b.reduce = { by = "|"', ["elements", "weights", "batch"]),
        (TWO + "losses.b.reduce = { |", ["weights", "by"]),
        (TWO + "losses.b.reduce.by = { |", ["name", "minimum"]),
        (TWO + "losses.b.lists = { |", ["combine", "decay", "pairs", "of"]),
        (TWO + 'losses.b.lists = { combine = "|', ["sum", "mean", "min", "max"]),
        (TWO + 'losses.b.if_missing = "|"', ["error", "skip"]),
        ('extends = "pix2pix"\nlosses.b.inputs = ["|', ["y", "y_fake", "pred_fake", "pred_real"]),
        (TWO + 'losses.b.objective = "|"', ["G"]),
        (TWO + 'objectives.G.balance.losses = ["|"]', ["a"]),
        ('extends = "pix2pix"\nremove = ["losses.|"]', None),
        (TWO + "[objectives.|]", ["G"]),
        ('extends = "pix2pix"\n[losses.|]', ["G_GAN", "G_L1", "D_real", "D_fake"]),
        ("[|]", ["params", "inputs", "losses", "objectives", "variants"]),
    ],
)
def test_names(editor, typed, expected):
    found = editor.completions(typed)
    if expected is None:
        assert found[:2] == ["losses.G_GAN", "losses.G_L1"]
    else:
        assert found == expected


def test_specs_of_the_folder_and_the_search_path_but_not_itself(editor):
    (editor.folder / "neighbour.loss.toml").write_text("format = 1\n")
    (editor.folder / "mine.loss.toml").write_text("format = 1\n")
    found = editor.completions('extends = "|"')
    assert {"neighbour", "pix2pix"} < set(found)
    assert "mine" not in found


def test_variants_after_a_plus(editor):
    found = editor.completions('extends = "pix2pix+vgg+|"')
    assert found == ["pix2pix+vgg+extended", "pix2pix+vgg+lsgan", "pix2pix+vgg+decay"]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ('losses.a.type = "tor|"\n', 'losses.a.type = "torch.L1Loss"\n'),
        ('losses.a.type = "tor|\n', 'losses.a.type = "torch.L1Loss"\n'),
        ("losses.a.type = tor|\n", 'losses.a.type = "torch.L1Loss"\n'),
        ("losses.a.type = |\n", 'losses.a.type = "torch.L1Loss"\n'),
        ("losses.a.type = '|'\n", "losses.a.type = 'torch.L1Loss'\n"),
        ('losses.é = { type = "to|rch.X", inputs = ["😋"] }', None),
    ],
)
def test_what_is_put_in_has_its_quotes_once(editor, typed, completed):
    expected = completed or 'losses.é = { type = "torch.L1Loss", inputs = ["😋"] }'
    assert editor.completed(typed, "torch.L1Loss") == expected


def test_true_and_false(editor):
    typed = 'losses.a = { type = "lossspec.PathLength", inputs = [{ name = "x", detach = |'
    assert editor.completions(typed) == ["true", "false"]


@pytest.mark.parametrize("typed", ["# |", 'losses.a.type = "torch.L1Loss" |', 'format = 1\nx = """|', "a |"])
def test_nothing_where_nothing_fits(editor, typed):
    assert editor.completions(typed) == []


def test_an_item_is_described_once_it_is_picked(editor):
    items = editor.at("completion", 'losses.a.type = "|"', kind=lsp.CompletionParams).items
    (item,) = (each for each in items if each.label == "torch.SmoothL1Loss")
    assert item.detail == registry.find("torch.SmoothL1Loss").summary
    resolved = editor.ask("completion_item_resolve_async", item)
    assert "beta = 1.0" in resolved.documentation.value


def test_unreadable_text_keeps_the_last_names(editor):
    editor.show('params.lam = 1.0\nlosses.a.weight = "${lam}"\n', "kept.loss.toml")
    broken = '{ params.lam = 1.0\nlosses.a.weight = "${|'
    assert editor.completions(broken, "kept.loss.toml") == ["lam"]
