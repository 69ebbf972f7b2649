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
