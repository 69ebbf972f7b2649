"""The digest of a spec: the sha256 of the canonical JSON of what it computes."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING

from attrs import astuple

from lossspec.spec.model import Every, ObjectiveSpec, Term
from lossspec.spec.structure import new_converter

if TYPE_CHECKING:
    from cattrs import Converter

    from lossspec.spec.model import Spec


def digest(spec: Spec) -> str:
    """Return the digest: two specs that compute the same have the same.

    Descriptions, references, texts of inputs and tags don't count, nor do names and values of parameters
    once they are filled in, nor whether a key of the language is given at its default. Keys are sorted, and
    whole floats are written as integers: 100 and 100.0 agree. The order of terms counts, for it is the order
    of summation, and so does every argument that is given, for its default is the library's to change.
    """
    return hashlib.sha256(canonical(spec).encode()).hexdigest()


def canonical(spec: Spec) -> str:
    """Return the canonical JSON that the digest is made of."""
    table = {"format": 1, "losses": [*spec.losses.values()], "objectives": spec.objectives}
    said = plain(_converter().unstructure(table))
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@cache
def _converter() -> Converter:
    """Return what writes each field that counts, at its default or not."""
    made = new_converter({Term: ("tags",), ObjectiveSpec: ("name",)}, omit_if_default=False)
    made.register_unstructure_hook(Every, astuple)
    return made


def plain(value: object) -> object:
    """Return a value as canonical JSON data.

    >>> plain((100.0, 0.5, True, -0.0))
    [100, 0.5, True, 0]
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
