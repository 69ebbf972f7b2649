"""References: a name or a path, and variants."""

import re

import pytest

from lossspec.language.text.reference import PATTERN, BadReferenceError, Reference


@pytest.mark.parametrize(
    ("text", "name", "variants", "stem"),
    [
        ("pix2pix", "pix2pix", (), "pix2pix"),
        ("pix2pix+vgg", "pix2pix", ("vgg",), "pix2pix"),
        ("pix2pix+vgg+extended", "pix2pix", ("vgg", "extended"), "pix2pix"),
        ("my-spec", "my-spec", (), "my-spec"),
        ("a.loss.toml", "a.loss.toml", (), "a"),
        ("runs/a.loss.toml+vgg", "runs/a.loss.toml", ("vgg",), "a"),
        ("/runs/c++/a.loss.toml+b", "/runs/c++/a.loss.toml", ("b",), "a"),
        ("./a.loss.toml", "./a.loss.toml", (), "a"),
    ],
)
def test_parse(text, name, variants, stem):
    reference = Reference.parse(text)
    assert (reference.name, reference.variants, reference.stem) == (name, variants, stem)
    assert reference.is_path is ("/" in text or ".loss.toml" in text)
    assert str(reference) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a valid reference"),
        ("+a", "is not a valid reference"),
        ("a+", "is not a valid variant name"),
        ("a+1b", "is not a valid variant name"),
        ("a+b+b", "has variant `b` twice"),
        ("../a", "is not a valid reference"),
        ("a/b", "ends in `.loss.toml`, such as `a/b.loss.toml`"),
        ("a.toml", "ends in `.loss.toml`, such as `a.loss.toml`"),
        ("a b", "is not a valid reference"),
        ("1a", "is not a valid reference"),
        ("a.loss.tomlx", "only `+VARIANT` can follow `.loss.toml`"),
        ("a.loss.toml+", "is not a valid variant name"),
        ("x" * 500 + "!", "is not a valid reference"),
    ],
)
def test_invalid_references(text, message):
    with pytest.raises(BadReferenceError, match=re.escape(message)) as caught:
        Reference.parse(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("base", True),
        ("base+a+b", True),
        ("my-base", True),
        ("../base", False),
        ("a.loss.toml", False),
        ("a+1", False),
    ],
)
def test_extends_takes_a_name_and_never_a_path(text, is_right):
    assert (re.search(PATTERN, text) is not None) is is_right


def test_a_reference_may_have_many_variants():
    variants = [f"v{index}" for index in range(30_000)]
    assert Reference.parse("+".join(["a", *variants])).variants == tuple(variants)
    with pytest.raises(BadReferenceError, match="it has variant `v7` twice"):
        Reference.parse("+".join(["a", *variants, "v7"]))
