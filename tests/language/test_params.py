"""Parameters: values, bounds, choices and kinds."""
# ruff: noqa: E501 - tables of messages, each whole on its line

import math

import pytest

from lossspec.language.resolve.params import given_faults, param_faults, values


@pytest.mark.parametrize(
    ("param", "code", "message"),
    [
        ({"default": 1.0, "minimum": 2.0}, "out-of-range", "`params.w` must be at least its `minimum`, 2.0, got 1.0"),
        ({"default": 3, "maximum": 2.0}, "out-of-range", "`params.w` must be at most its `maximum`, 2.0, got 3"),
        ({"default": 1, "minimum": 3, "maximum": 2}, "out-of-range", "`minimum` of `params.w` must be at most its `maximum`, 2, got 3"),
        ({"default": "a", "minimum": 3}, "wrong-type", "`params.w` must be a number, since it has bounds, got a string"),
        ({"default": True, "minimum": 0}, "wrong-type", "`params.w` must be a number, since it has bounds, got a boolean"),
        ({"default": "lsgn", "choices": ["lsgan", "hinge"]}, "unknown-value", '`params.w.default` must be one of `lsgan`, `hinge`, got `"lsgn"`'),
        ({"default": True, "choices": [1, 0]}, "unknown-value", "`params.w.default` must be one of `1`, `0`, got `true`"),
        ({"minimum": 0.0}, "missing-key", "key `default` is missing in `params.w`"),
    ],
)  # fmt: skip
def test_faults_of_a_parameter(param, code, message):
    [fault] = param_faults({"w": param})
    assert (fault.code, fault.message) == (code, message)


@pytest.mark.parametrize(
    "param",
    [
        1.0,
        True,
        "a",
        {"default": 2.0, "minimum": 2.0, "maximum": 2.0},
        {"default": 1, "choices": [1.0, 2.0]},
        {"default": False, "choices": [False, True]},
    ],
)
def test_parameters_that_are_right(param):
    assert list(param_faults({"w": param})) == []


def test_values_are_the_defaults():
    assert values({"a": 1, "b": {"default": "x", "description": "d"}}) == {"a": 1, "b": "x"}
    assert values(None) == {}


def test_a_value_for_no_parameter_names_the_nearest():
    [fault] = given_faults({"lambda_l1": 1.0, "T": 2}, {"lambda_ll": 3})
    assert fault.help == "a parameter with a similar name exists: `lambda_l1`"
    [fault] = given_faults({"lambda_l1": 1.0, "T": 2}, {"xyz": 3})
    assert fault.help == "expected one of `lambda_l1`, `T`"
    [fault] = given_faults({}, {"xyz": 3})
    assert fault.help == "there are none"


@pytest.mark.parametrize(
    ("default", "value", "is_right"),
    [
        (1.0, 2, True),
        (1, 2.5, True),
        ({"default": 1.0}, 2, True),
        ("a", "b", True),
        (True, False, True),
        (1.0, "2", False),
        (1.0, True, False),
        (True, 1, False),
        ("a", 1, False),
        (1.0, None, False),
        (1.0, [1.0], False),
        (1.0, math.nan, False),
        (1.0, math.inf, False),
    ],
)
def test_given_values_have_the_parameters_kind(default, value, is_right):
    assert (not list(given_faults({"w": default}, {"w": value}))) is is_right
