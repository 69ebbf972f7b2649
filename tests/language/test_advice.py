"""What a message of the validator says to write is written, and the problem is gone."""

import re

import pytest

import lossspec

HEAD = "format = 1\n"


def advice(text, code):
    """Return the help of the only problem of a spec."""
    [found] = lossspec.validate(HEAD + text)
    assert found.code == code
    return found.help


def quoted(help_):
    return re.search("`(.*?)`", help_)[1]


def test_missing_arguments_are_all_named():
    text = '[losses.G]\ntype = "lossspec.GANLoss"\ninputs = ["p"]\n'
    help_ = advice(text, "missing-argument")
    assert help_ == "add `args = { mode = ..., role = ... }`"
    line = quoted(help_).replace("mode = ...", 'mode = "lsgan"').replace("role = ...", 'role = "G"')
    assert lossspec.validate(f"{HEAD}{text}{line}\n") == []


def test_a_missing_argument_is_added_to_those_that_are_there():
    text = '[losses.G]\ntype = "lossspec.GANLoss"\ninputs = ["p"]\nargs = { role = "G" }\n'
    help_ = advice(text, "missing-argument")
    assert help_ == "add `mode = ...` to `args`"  # a second `args` would be a duplicate key
    line = quoted(help_).replace("...", '"lsgan"')
    assert lossspec.validate(HEAD + text.replace("args = { ", f"args = {{ {line}, ")) == []


@pytest.mark.parametrize("args", ["", "args = { eps = 1e-3 }\n"])
def test_an_argument_outside_of_args_is_moved(args):
    head = '[losses.a]\ntype = "lossspec.CharbonnierLoss"\ninputs = ["x", "y"]\n'
    text = head + args + 'reduction = "sum"\n'
    line = quoted(advice(text, "unknown-key")).replace("...", '"sum"')
    fixed = head + (args.replace("args = { ", f"args = {{ {line}, ") or f"{line}\n")
    assert lossspec.validate(HEAD + fixed) == []


def test_a_name_for_a_number_is_a_parameter():
    text = 'params.share = 2.0\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = "share" }\n'
    [found] = lossspec.validate(HEAD + text)
    assert found.replacement == '"${share}"'
    assert lossspec.validate(HEAD + text.replace('"share"', found.replacement)) == []


L1 = 'losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], %s }\n'


def test_a_tensor_to_divide_by_is_a_table():
    [found] = lossspec.validate(HEAD + L1 % 'reduce = { by = "n_boxes" }')
    assert found.help == 'a tensor is written `{ name = "n_boxes" }`'
    assert lossspec.validate(HEAD + L1 % f"reduce = {{ by = {found.replacement} }}") == []


def test_a_tensor_of_weights_is_in_a_table():
    [found] = lossspec.validate(HEAD + L1 % 'reduce = "mask"')
    assert found.help == 'weights are written `{ weights = "mask" }`'
    assert lossspec.validate(HEAD + L1 % f"reduce = {found.replacement}") == []


def test_an_optional_loss_is_written_with_if_missing():
    line = quoted(advice(L1 % "optional = true", "unknown-key"))
    assert line == 'if_missing = "skip"'
    assert lossspec.validate(HEAD + L1 % line) == []


@pytest.mark.parametrize("line", ['weights = "m", by = "weights"', 'by = "elements"'])
def test_dividing_by_weights_needs_weights(line):
    help_ = advice(L1 % 'reduce = { by = "weights" }', "missing-key")
    assert help_ == 'add `weights = "..."`, or divide by `"elements"`'
    assert lossspec.validate(HEAD + L1 % f"reduce = {{ {line} }}") == []


def test_elements_that_are_combined_are_reduced():
    text = L1 % 'lists = { combine = "min", of = "elements" }'
    line = quoted(advice(text, "missing-key"))
    assert line == 'reduce = "mean"'
    assert lossspec.validate(HEAD + text.replace(" }\n", f", {line} }}\n")) == []


@pytest.mark.parametrize(
    ("both", "one", "other"),
    [
        ('args.reduction = "sum", reduce = "batch"', 'args.reduction = "sum"', 'reduce = "batch"'),
        (
            'lists = { combine = "max", decay = 0.8 }',
            'lists = { combine = "max" }',
            'lists = { combine = "sum", decay = 0.8 }',
        ),
        (
            'lists = { combine = "mean", decay = 0.8, pairs = "all" }',
            'lists = { combine = "mean", decay = 0.8 }',
            'lists = { combine = "mean", pairs = "all" }',
        ),
        (
            'lists = { combine = "mean", pairs = "all" }, reduce.weights = "m[*]"',
            'lists = "mean", reduce.weights = "m[*]"',
            'lists = { combine = "mean", pairs = "all" }, reduce = "mean"',
        ),
    ],
)
def test_one_of_two_keys_that_exclude_each_other_is_removed(both, one, other):
    assert advice(L1 % both, "excluded-key") == "remove one of them"
    assert lossspec.validate(HEAD + L1 % one) == lossspec.validate(HEAD + L1 % other) == []


def test_a_table_is_shown_where_a_number_is():
    text = L1 % "every = 16"
    written = quoted(advice(text, "wrong-type")).replace("...", "16")
    assert lossspec.validate(HEAD + text.replace("every = 16", written)) == []


def test_a_term_and_a_balance_are_tables():
    [found] = lossspec.validate(HEAD + 'losses.a = "torch.L1Loss"')
    assert found.help == "write a table: `a = { type = ..., inputs = ... }`"
    written = quoted(found.help.partition(": ")[2]).replace("inputs = ...", 'inputs = ["x", "y"]')
    assert lossspec.validate(f"{HEAD}losses.{written.replace('...', repr('torch.L1Loss'))}") == []
    text = 'losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\nobjectives.total.balance = "a.B"'
    assert advice(text, "wrong-type") == "write a table: `balance = { type = ..., losses = ... }`"


@pytest.mark.parametrize(("names", "count"), [("x", 1), ("x, y", 2), ("x,y", 2)])
def test_names_in_a_string_are_an_array(names, count):
    text = f'losses.a = {{ type = "lossspec.Precomputed", inputs = "{names}" }}'
    if count == 2:
        text = text.replace("lossspec.Precomputed", "torch.L1Loss")
    [found] = lossspec.validate(HEAD + text)
    assert found.help == f"write an array: `{found.replacement}`"
    assert lossspec.validate(HEAD + text.replace(f'"{names}"', found.replacement)) == []


@pytest.mark.parametrize("text", ['a \\" b', "x" * 81])
def test_a_string_that_holds_no_names_is_not_quoted(text):
    found = advice(L1 % f'tags = "{text}"', "wrong-type")
    assert found == "write an array, in brackets"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("-${a}", "${-a}"),
        ("1 - ${a}", "${1 - a}"),
        ("${a} / ${b}", "${a / b}"),
        ("2 * ${a + b}", "${2 * (a + b)}"),
        ("${ a } * 2", "${a * 2}"),
    ],
)
def test_arithmetic_around_expressions_moves_into_one(written, meant):
    text = "params = { a = 2.0, b = 3.0 }\n" + L1 % f'weight = "{written}"'
    text += (L1 % 'weight = "${a * b}"').replace("losses.a", "losses.used")
    [found] = lossspec.validate(HEAD + text)
    assert found.replacement == f'"{meant}"'
    assert lossspec.validate(HEAD + text.replace(f'"{written}"', found.replacement)) == []


@pytest.mark.parametrize("written", ["x${a}", "${a}${b}", "${a} ${b}", "${a}1", "run ${a}", "${a} + ${b"])
def test_a_text_around_an_expression_is_not_arithmetic(written):
    [found] = lossspec.validate(HEAD + "params = { a = 2.0 }\n" + L1 % f'weight = "{written}"')
    assert (found.code, found.replacement) == ("bad-expression", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "a"\n' + L1 % "weight = 1", "the name of a spec is that of its file"),
        (L1 % "lists = { weights = [1.0, 0.5] }", "the weights of the elements stand alone"),
        (
            '"losses.b.weight" = 1\n' + L1 % "weight = 1",
            "a key with dots is one key: write it without quotes",
        ),
        ('losses.a = { type = "torch.L1Loss", inputs = ["x - z", "y"] }', "no arithmetic on tensors"),
        ('losses.a = { type = "lossspec.R1", inputs = ["x", "y"] }', "exists: `lossspec.R1Penalty`"),
        ('losses.a = { type = "R1", inputs = ["x", "y"] }', "its package: `lossspec.R1Penalty`"),
    ],
)
def test_what_other_tools_write_is_told_its_form_here(text, says):
    assert any(says in (found.help or "") for found in lossspec.validate(HEAD + text))


def test_a_mask_is_called_weights():
    text = L1 % 'reduce = { mask = "m" }'
    [found] = lossspec.validate(HEAD + text)
    assert lossspec.validate(HEAD + text.replace("mask", found.replacement)) == []
