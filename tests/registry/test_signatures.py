"""Annotations and docstrings are read alike for losses and schedules."""
# ruff: noqa: UP007, UP045 - the older spellings are read too

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest
import torch
from torch import nn

from lossspec.registry.signature import input_kind, read_signature
from lossspec.signatures import is_path, is_tensor, json_schema, read_docstring

NUMBERS = {"type": "array", "items": {"type": "number"}}

SCHEMAS = [
    (bool, {"type": "boolean"}),
    (int, {"type": "integer"}),
    (float | None, {"type": "number"}),
    (Optional[str], {"type": "string"}),
    (Path, {"type": "string"}),
    (torch.Tensor | None, NUMBERS),
    (list, {"type": "array"}),
    (Sequence[float], NUMBERS),
    (tuple[float, float], NUMBERS),
    (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
    (list[list[float]], {"type": "array", "items": NUMBERS}),
    (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
    (Literal[1, "b"], {"enum": [1, "b"]}),
    (Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
    (float | list[float], {"anyOf": [{"type": "number"}, NUMBERS]}),
    (float | nn.Module, {"type": "number"}),
    ("int | None", {"type": "integer"}),
    ("some.Tensor", NUMBERS),
    (nn.Module, None),
    (Callable[[int], int], None),
    (Any, None),
    (None, None),
    (list[nn.Module], None),
    (list[Path], None),
    ("Callable[[int], int]", None),
]

KINDS = [
    (torch.Tensor, "tensor"),
    (torch.Tensor | None, "tensor"),
    (list[torch.Tensor], "list"),
    (Sequence[torch.Tensor], "list"),
    (nn.Module, "callable"),
    (nn.Linear, "callable"),
    (Callable, "callable"),
    (Callable[[torch.Tensor], torch.Tensor], "callable"),
    ("list[Tensor]", "list"),
    ("typing.Sequence[Tensor]", "list"),
    ("nn.Module", "callable"),
    ("Tensor", "tensor"),
]


@pytest.mark.parametrize(("annotation", "schema"), SCHEMAS, ids=str)
def test_json_schema_of_an_annotation(annotation, schema):
    assert json_schema(annotation) == schema


@pytest.mark.parametrize(("annotation", "kind"), KINDS, ids=str)
def test_input_kind_of_an_annotation(annotation, kind):
    assert input_kind(annotation) == kind


def test_a_tensor_is_recognised_by_its_name():
    assert is_tensor("torch.Tensor | None")
    assert not is_tensor("TensorDict")
    assert not is_tensor(float)


@pytest.mark.parametrize("annotation", [Path, Path | None, "Path", "pathlib.Path | None"])
def test_a_path_is_recognised(annotation):
    assert is_path(annotation)


@pytest.mark.parametrize("annotation", [str, Literal["Path"], list[Path], "PathLike", None])
def test_other_annotations_are_not_a_path(annotation):
    assert not is_path(annotation)


GOOGLE = """The error to a power.

More of it, with `code` and
:math:`x^2` at the start of a line.

Args:
    power (float): of the error;
        2 is the squared error
    low, high: the bounds

Attributes:
    seen: no argument

Returns:
    a: no argument

Raises:
    ValueError: no argument
"""
NUMPY = """The error to a power.

More of it, with `code` and
:math:`x^2` at the start of a line.

Parameters
----------
power : float
    of the error;
    2 is the squared error
low, high : float
    the bounds

Attributes
----------
seen : int
    no argument

Returns
-------
a : Tensor
    no argument

Raises
------
ValueError
    no argument
"""
REST = """The error to a power.

More of it, with `code`.

:param float power: of the error;
    2 is the squared error
:param low: the bounds
:param high: the bounds
:ivar seen: no argument
:returns: no argument
:raises ValueError: no argument
"""


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, REST], ids=["google", "numpy", "rest"])
def test_three_docstring_styles_read_the_same(text):
    class Powered(nn.Module):
        def __init__(self, power: float = 2.0, low: float = 0.0, high: float = 1.0) -> None:
            """Set it up."""

        def forward(self, x, y):
            """Compare."""

    Powered.__doc__ = text
    found = read_signature(Powered, "mine.Powered")
    assert found.summary == "The error to a power."
    assert {name: each.description for name, each in found.args.items()} == {
        "power": "of the error; 2 is the squared error",
        "low": "the bounds",
        "high": "the bounds",
    }
    assert read_docstring(text)[1].keys() == found.args.keys()


DOCSTRINGS = [
    (None, "", {}),
    ("One line.", "One line.", {}),
    ("S.\n\nArgs:\n    a: first\n    b (int, optional): second", "S.", {"a": "first", "b": "second"}),
    (
        "S.\n\nArgs:\n    a: first\n        line: two\n    b:\n        later",
        "S.",
        {"a": "first line: two", "b": "later"},
    ),
    ("S.\n\n:math:`x` leads.\n\nArgs:\n    a: first", "S.", {"a": "first"}),
    ("S.\n\nArgs:\n    **more: all others", "S.", {"more": "all others"}),
    ("S.\n\nReturns:\n    a: no argument", "S.", {}),
    ("S.\n\nArgs:\n    no colon", "S.", {}),
    ("S.\n\n::\n\n    code\n\nArgs:\n    a: first", "S.", {"a": "first"}),
]


@pytest.mark.parametrize(("text", "summary", "described"), DOCSTRINGS)
def test_a_docstring_is_read(text, summary, described):
    assert read_docstring(text) == (summary, described)
