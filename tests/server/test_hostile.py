"""Text from anywhere: every feature answers in bounded time, whatever the text and the cursor are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.parts.server import everything

from lossspec.language.documents.search import shipped
from lossspec.server.state.document import Document
from lossspec.server.state.shapes import keys_at

TEXTS = [path.read_text("utf-8") for path in sorted(shipped().glob("*.loss.toml"))[:6]]
MARKS = ['"', "'", "[", "]", "{", "}", "=", ".", ",", "\n", "\r", "${", '"""', "#", "[["]
WORDS = ["losses.", "type = ", "weight = ", 'extends = "pix2pix+', "1e999", "1979-05-27", "variants.a."]
ODD = ["😋", "\u2028", "\ud800", "\0"]
BITS = st.sampled_from([*MARKS, *WORDS, *ODD])


@settings(max_examples=3 * settings().max_examples)
@given(st.data())
def test_every_feature_answers_for_a_spec_with_bits_put_in(data):
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.sampled_from([0, 0, 3, 30]))
        text = text[:at] + data.draw(BITS) + text[at + cut :]
    everything(text, data.draw(st.integers(0, text.count("\n") + 1)), data.draw(st.integers(0, 80)))


@given(st.text(max_size=60), st.integers(0, 4), st.integers(0, 40))
def test_every_feature_answers_for_any_text(text, line, character):
    everything(text, line, character)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "[" * 250_000,
        "{" * 250_000,
        "a." * 125_000,
        '"' * 250_000,
        "a = [" + "{" * 200_000,
        "losses.a = {" * 20_000,
        "a = " + "[" * 31 + "\n" * 200_000,
        "x" * 300_000,
        "params." + "a" * 200_000 + " = 1\n",
        "\n".join(f'losses.l{index}.weight = {{ type = "linear", unit = ' for index in range(4000)),
        "[losses.a]\n" + 'type = "' * 30_000,
        "\n".join(f'losses.l{index} = {{ type = "torch.L1Loss" }}' for index in range(999)),
        "a = [" + "1," * 120_000,
        "losses.é = { " + ", ".join(f"l{index} = 1" for index in range(20_000)),
        "params = { " + ", ".join(f'"é{index}" = 1' for index in range(9_000)) + " }",
    ],
    ids=range(15),
)
def test_hostile_text_costs_a_bounded_number_of_calls(text, calls):
    last, column = text.count("\n"), len(text.rpartition("\n")[2])
    # about one second on a machine that is not busy
    assert calls(lambda: everything(text, last, column)) < 20_000_000


@pytest.mark.parametrize("part", ["e", "then"])
def test_a_header_of_many_parts_costs_nothing_for_each(part, calls):
    document = Document.of("format = 1")
    assert keys_at(document, ("losses", "a"))
    assert calls(lambda: keys_at(document, ("losses", "a", "weight", *[part] * 50_000))) < 1_000
