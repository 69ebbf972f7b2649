"""Any value anywhere in a peer's file: an import that validates, or an error of lossspec."""

import copy
import json
from pathlib import Path

import pytest
import tomli
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import lossspec
from lossspec.convert import import_document, to_toml

DATA = Path(__file__).with_name("data")
pytestmark = pytest.mark.slow

FILES = {
    "train_ESRGAN_x4.yml": "basicsr",
    "train_realesrgan_x4plus.yml": "basicsr",
    "train_StyleGAN2.yml": "basicsr",
    "train_hifacegan.yml": "basicsr",
    "4x_ESRGAN_gan.yml": "trainner-redux",
    "train_esrgan.toml": "neosr",
    "nectargan.json": "nectargan",
    "monai_train.json": "monai",
    "keras": "keras",
}
KERAS = {
    "config": {"output_layers": [["a", 0, 0], ["b", 0, 0]]},
    "compile_config": {
        "loss": [{"module": "keras.losses", "class_name": "Huber", "config": {"delta": 0.5}}, "mse"],
        "loss_weights": [1.0, 2.0],
    },
}
PARSERS = {".yml": yaml.safe_load, ".toml": tomli.loads, ".json": json.loads}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -1, 0, 1e308, "", "none", "L1Loss", "$x", "@loss", "@", "a b", "\n]", "${a}"]),
    st.text(max_size=5),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def document(name):
    path = DATA / name
    return copy.deepcopy(KERAS) if name == "keras" else PARSERS[path.suffix](path.read_text("utf-8"))


def places(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from places(each, (*path, key))


@pytest.mark.parametrize("name", FILES)
@given(st.data())
@settings(max_examples=settings().max_examples // 3)
def test_a_changed_value(name, data):
    changed = document(name)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([*places(changed)]))
        table = changed
        for key in path[:-1]:
            table = table[key]
        if data.draw(st.booleans()) and isinstance(table, dict):
            del table[path[-1]]
            table[data.draw(st.text(max_size=4))] = data.draw(VALUES)
        else:
            table[path[-1]] = data.draw(VALUES)
    try:
        imported = import_document(changed, FILES[name], name)
    except lossspec.LossSpecError:
        return
    if imported.losses:
        found = lossspec.validate(to_toml(imported))
        assert [each for each in found if each.severity == "error"] == []
