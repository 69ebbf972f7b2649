"""Any input gets diagnostics: bytes, text, structures like those of specs, and mutated specs.

``tests/fuzz`` is the longer search, run by ``make fuzz``.
"""

import json
import random
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.parts.specs import changed, check_text, texts

HERE = Path(__file__).parent


def words(schema):
    """Yield every word of the language: keys, choices and types."""
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "properties":
            yield from value
        elif key in {"enum", "const"}:
            choices = value if isinstance(value, list) else [value]
            yield from (each for each in choices if isinstance(each, str))
        if isinstance(value, dict | list):
            yield from words(value)


SCHEMA = json.loads((HERE.parents[1] / "schemas" / "lossspec.schema.json").read_text("utf-8"))
PARTS = {name: part for name, part in SCHEMA["$defs"].items() if not name.startswith("loss.")}
PARTS |= {name: SCHEMA["$defs"][f"loss.{name}"] for name in ("torch.SmoothL1Loss", "lossspec.GANLoss")}
KEYS = sorted({*words(SCHEMA["properties"]), *words(PARTS), *SCHEMA["properties"]})
WORDS = st.sampled_from([*KEYS, "l1", "l2", "G", "${l1}", "${l1*2}", "pix2pix", "pix2pix+vgg", "losses.l1"])
NUMBERS = st.integers(-3, 300) | st.floats(-3, 3) | st.just(float("nan"))
LEAVES = WORDS | NUMBERS | st.booleans() | st.text(max_size=3)
VALUES = st.recursive(
    LEAVES,
    lambda each: st.lists(each, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), each, max_size=5),
    max_leaves=25,
)
LOSSES = st.dictionaries(st.sampled_from(["l1", "l2", "1", "é"]), VALUES, max_size=4)
SPECS = st.fixed_dictionaries(
    {"format": st.just(1)},
    optional=dict.fromkeys(("losses", "params", "inputs", "objectives"), LOSSES)
    | {
        "variants": st.dictionaries(
            st.sampled_from("ab"), st.dictionaries(WORDS, LOSSES, max_size=3), max_size=2
        )
    }
    | dict.fromkeys(("extends", "remove", "description", "weight"), VALUES),
)


@given(st.binary(max_size=300))
def test_any_bytes(data):
    check_text(data)


@given(st.text("a1.=,[]{}\"'\\#\n\r\t _-+eé日\x00\x85\u2028\ufeff", max_size=80))
def test_any_text(text):
    check_text(text.encode())


@settings(max_examples=2 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_structures_like_specs(document):
    check_text(tomli_w.dumps(document).encode())


@pytest.mark.parametrize("seed", range(8))
def test_mutated_specs(seed):
    chance = random.Random(seed)
    for _ in range(60):
        check_text(changed(chance))


@pytest.mark.parametrize("index", range(len(texts())))
def test_texts_before_mutation(index):
    check_text(texts()[index])
