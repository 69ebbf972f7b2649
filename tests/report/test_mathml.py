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
    assert_tagged(table)


def assert_tagged(table):
    tokens = {"mi", "mn", "mo", "mtext", "mspace"}
    for node in table.iter():
        assert node.tag in tokens or not (node.text or "").strip(), f"{node.tag}: {node.text}"
        assert not (node.tail or "").strip()


def test_reductions_are_well_formed(spec_of):
    text = """
losses.a = { type = "torch.L1Loss", inputs = ["x[*][0]", "y"], reduce = { weights = "m", by = "weights" } }
losses.b = { type = "torch.L1Loss", inputs = ["x", "y"], reduce = "batch", if_missing = "skip" }
losses.c = { type = "torch.L1Loss", inputs = ["x", "y"], lists = { combine = "mean", decay = 0.8 } }
losses.d = { type = "torch.L1Loss", inputs = ["x", "y"], lists = { combine = "mean", pairs = "different" } }
"""
    table = ET.fromstring(mathml(spec_of(text)))
    rows = ["".join(row.itertext()).replace(" ", "") for row in table.iter("tr")]
    assert rows == [
        "\N{SCRIPT CAPITAL L}=∑jmj[L1Loss(x[*][0],y)]j∑jmj",
        "+∑j[L1Loss(x,y)]jN",
        "+∑i0.8n\N{MINUS SIGN}1\N{MINUS SIGN}i[L1Loss(x,y)]i∑i0.8n\N{MINUS SIGN}1\N{MINUS SIGN}i",
        "+meani≠k[L1Loss(x,y)]i≠k",
    ]
    assert len(list(table.iter("mfrac"))) == 3
    assert_tagged(table)


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
