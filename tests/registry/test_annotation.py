"""What annotations and docstrings say."""
# ruff: noqa: UP007, UP045 - the older spellings are read too

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Optional, Union

import pytest
import torch
from torch import nn

from lossspec.registry.annotation import input_kind, is_path, is_tensor, json_schema
from lossspec.registry.docstring import read_docstring

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
def test_an_annotation_says_what_a_value_may_be(annotation, schema):
    assert json_schema(annotation) == schema


@pytest.mark.parametrize(("annotation", "kind"), KINDS, ids=str)
def test_an_annotation_says_what_an_input_takes(annotation, kind):
    assert input_kind(annotation) == kind


def test_a_parameter_is_as_good_as_a_tensor():
    assert is_tensor("torch.Tensor | None")
    assert not is_tensor("TensorDict")
    assert not is_tensor(float)


@pytest.mark.parametrize("annotation", [Path, Path | None, "Path", "pathlib.Path | None"])
def test_a_path_is_known(annotation):
    assert is_path(annotation)


@pytest.mark.parametrize("annotation", [str, Literal["Path"], list[Path], "PathLike", None])
def test_what_only_looks_like_a_path_is_none(annotation):
    assert not is_path(annotation)


DOCSTRINGS = [
    (None, "", {}),
    ("One line.", "One line.", {}),
    ("S.\n\nArgs:\n    a: first\n    b (int, optional): second", "S.", {"a": "first", "b": "second"}),
    (
        "S.\n\nArgs:\n    a: first\n        line: two\n    b:\n        later",
        "S.",
        {"a": "first line: two", "b": " later"},
    ),
    ("S.\n\nReturns:\n    a: no argument", "S.", {}),
    ("S.\n\nArgs:\n    a: first\n\nRaises:\n    b: no argument", "S.", {"a": "first"}),
    ("S.\n\n:param a: another style", "S.", {}),
]


@pytest.mark.parametrize(("text", "summary", "described"), DOCSTRINGS)
def test_a_docstring_is_read(text, summary, described):
    assert read_docstring(text) == (summary, described)
