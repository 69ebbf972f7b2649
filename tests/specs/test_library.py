"""The library of shipped specs: each is valid, described and tested, with all of its variants."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

import lossspec
from lossspec.language.documents.read import parse, read_source
from lossspec.language.documents.search import shipped
from lossspec.language.write import write

NAMES = """
pix2pix cyclegan pix2pixhd spade srgan esrgan realesrgan stylegan2 wgan_gp lsgan hinge_gan vqgan beta_vae
hifigan encodec dac deblurgan lama nnunet knowledge_distillation simclr vicreg barlow_twins detr
clip dpo dino byol gaussian_splatting bigvgan ppo rectified_flow ddpm edm mae raft monodepth2 retinanet vits
ldm_autoencoder
"""
FILES = {path.name.removesuffix(".loss.toml"): path for path in Path(shipped()).glob("*.loss.toml")}
TABLES = {name: parse(read_source(path)) for name, path in sorted(FILES.items())}
VARIANTS = [(name, variant) for name, table in TABLES.items() for variant in table.get("variants", {})]
each_spec = pytest.mark.parametrize("name", TABLES)


def test_the_shipped_specs_are_listed():
    assert set(NAMES.split()) <= TABLES.keys()


@each_spec
def test_it_is_valid(name):
    """A library that is not installed here is not an error of the spec."""
    found = lossspec.validate(FILES[name])
    assert [each for each in found if each.code != "missing-extra"] == []


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="its tomllib reads TOML 1.1")
@each_spec
def test_readers_of_toml_1_0_read_it(name):
    assert tomllib.loads(FILES[name].read_text("utf-8")) == TABLES[name]


@each_spec
def test_it_has_a_description_and_a_reference(name):
    table = TABLES[name]
    assert "Follows" in table["description"]
    assert table["references"]
    assert all(address.startswith("https://") for address in table["references"])


@each_spec
def test_every_tensor_and_every_parameter_is_described(name):
    table = TABLES[name]
    variants = table.get("variants", {}).values()
    assert all(len(text) > 5 for each in (table, *variants) for text in each.get("inputs", {}).values())
    assert table["inputs"]
    params = [param for each in variants for param in each.get("params", {}).items()]
    for key, param in [*table.get("params", {}).items(), *params]:
        own = key in table.get("params", {}) and (key, param) not in table["params"].items()
        assert own or param["description"], key  # a variant may give one of the base's another default


@pytest.mark.parametrize(("name", "variant"), VARIANTS, ids="+".join)
def test_variants_are_described_tested_and_differ(name, variant):
    assert len(TABLES[name]["variants"][variant]["description"]) > 10
    assert f"{name}+{variant}" in written(name)
    assert lossspec.load(f"{name}+{variant}").digest != lossspec.load(name).digest


@each_spec
def test_it_has_a_test(name):
    assert f'check("{name}' in written(name) or f'check(f"{name}' in written(name)


def written(name: str) -> str:
    """A spec's test, with the variants of its tables of cases written out."""
    text = Path(__file__).with_name(f"test_{name}.py").read_text()
    cases = [variant for variant in TABLES[name].get("variants", {}) if f'"+{variant}"' in text]
    return text + "".join(f"\n{name}+{variant}" for variant in cases)


@each_spec
def test_what_show_prints_is_valid_and_the_same_spec(name, tmp_path):
    path = tmp_path / "written.loss.toml"
    for reference in (name, *(f"{name}+{each}" for each in TABLES[name].get("variants", {}))):
        spec = lossspec.load(reference)
        path.write_text(write(spec), encoding="utf-8")
        assert [each for each in lossspec.validate(path) if each.code != "missing-extra"] == [], reference
        assert lossspec.load(path).digest == spec.digest, reference
