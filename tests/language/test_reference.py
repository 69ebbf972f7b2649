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
def test_what_a_reference_says(text, name, variants, stem):
    reference = Reference.parse(text)
    assert (reference.name, reference.variants, reference.stem) == (name, variants, stem)
    assert reference.is_path is ("/" in text or ".loss.toml" in text)
    assert str(reference) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no reference"),
        ("+a", "is no reference"),
        ("a+", "names no variant"),
        ("a+1b", "names no variant"),
        ("a+b+b", "names the variant `b` twice"),
        ("../a", "is no reference"),
        ("a/b", "is no reference"),
        ("a.toml", "is no reference"),
        ("a b", "is no reference"),
        ("1a", "is no reference"),
        ("a.loss.tomlx", "after `.loss.toml` comes `+VARIANT`"),
        ("a.loss.toml+", "names no variant"),
        ("x" * 500 + "!", "x... is no reference".replace("x...", "")),
    ],
)
def test_what_is_no_reference(text, message):
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
