"""The formula as MathML: well formed, with the text of the other notations and the right spacing."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import lossspec
from lossspec.report.formula import mathml

SPECS = sorted(
    path.name.removesuffix(".loss.toml") for path in (Path(__file__).parents[2] / "specs").glob("*.loss.toml")
)


@pytest.mark.parametrize("name", [*SPECS, "beta_vae+cyclical", "pix2pix+decay", "pix2pix+vgg"])
def test_every_formula_is_well_formed_and_leaves_no_bare_text(name):
    table = ET.fromstring(mathml(lossspec.load(name)))
    assert table.tag == "table"
    tokens = {"mi", "mn", "mo", "mtext", "mspace"}
    for node in table.iter():
        assert node.tag in tokens or not (node.text or "").strip(), f"{node.tag}: {node.text}"
        assert not (node.tail or "").strip()


def operators(name, sign):
    rows = ET.fromstring(mathml(lossspec.load(name)))
    return [each for each in rows.iter("mo") if each.text == sign]


def test_brackets_grow_around_fractions_and_nowhere_else():
    """A browser that has no font for mathematics makes those that may grow too large for a line."""
    assert {each.get("stretchy") for each in operators("pix2pix", "(")} == {"false"}
    assert {each.get("stretchy") for each in operators("pix2pix", "[")} == {"false"}
    for math in ET.fromstring(mathml(lossspec.load("beta_vae+capacity"))).iter("math"):
        grown = {each.get("stretchy") for each in math.iter("mo") if each.text in "()"}
        assert grown <= ({None} if math.find(".//mfrac") is not None else {"false"})


def test_spacing_of_signs_and_differences():
    (sign,) = operators("pix2pix+vgg", "\N{MINUS SIGN}")
    assert sign.get("form") == "prefix", "(-1, 1)"
    between = operators("pix2pix+decay", "\N{MINUS SIGN}")
    assert between
    assert {each.get("form") for each in between} == {None}, "100 - (e - 100)"
