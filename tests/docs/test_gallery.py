"""The pages of the gallery: moving weights are drawn correctly, and the code to paste works."""

import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

import pytest
import torch

import lossspec
from lossspec import LossManager
from lossspec.language.write import to_table

ROOT = Path(__file__).parents[2]


def references():
    """Every shipped spec, alone and with each of its variants."""
    for path in sorted((ROOT / "specs").glob("*.loss.toml")):
        name = path.name.removesuffix(".loss.toml")
        yield name
        for variant in tomllib.loads(path.read_text("utf-8")).get("variants", {}):
            yield f"{name}+{variant}"


REFERENCES = list(references())
SPECS = [each for each in REFERENCES if "+" not in each]


@pytest.fixture
def figures(generate):
    """The function that draws the moving weights of a spec."""
    return importlib.import_module(f"{generate.__package__}.weights").figures


@pytest.fixture
def spec_of(tmp_path):
    """A function that loads a spec of one term with a given weight."""

    def load(weight):
        path = tmp_path / "one.loss.toml"
        path.write_text(
            f'format = 1\n[losses.a]\ntype = "torch.L1Loss"\ninputs = ["x", "y"]\nweight = {weight}\n'
        )
        return lossspec.load(path)

    return load


def test_each_spec_is_in_one_field_of_the_gallery(generated):
    fields = tomllib.loads((ROOT / "docs" / "generate" / "fields.toml").read_text("utf-8"))
    found = [name for names in fields.values() for name in names]
    missing = set(SPECS) - set(found)
    assert not missing, f"in docs/generate/fields.toml, add {sorted(missing)} to a field"
    assert len(found) == len(set(found)), "a spec is in two fields of docs/generate/fields.toml"
    index = generated["gallery/index.md"]
    sections = dict(re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", index, re.MULTILINE | re.DOTALL))
    shown = {field: re.findall(r"\(([\w-]+)\.md\)", text) for field, text in sections.items()}
    assert shown == fields


def test_a_spec_without_a_field_stops_the_gallery(generate):
    gallery = importlib.import_module(f"{generate.__package__}.gallery")
    with pytest.raises(ValueError, match=r"docs/generate/fields.toml, add nonesuch to a field"):
        list(gallery._fields([*SPECS, "nonesuch"]))


def page_of(generated, reference):
    """The part of a spec's page about one of its references."""
    page = generated[f"gallery/{reference.partition('+')[0]}.md"]
    if "+" not in reference:
        return page.partition("## Variants")[0]
    return re.split(r"\n#{2,3} ", page.partition(f"\n### `{reference}`\n")[2])[0]


def moving(reference):
    """The weights and arguments that are tables in the document, by name."""
    table = to_table(lossspec.load(reference))
    totals = {name for name, each in table.get("objectives", {}).items() if type(each.get("weight")) is dict}
    for name, term in table["losses"].items():
        if type(term.get("weight")) is dict or term.get("objective") in totals:
            yield name
        for key, value in term.get("args", {}).items():
            if isinstance(value, dict):
                yield f"{name}.{key}"


def drawn(html):
    captions = re.findall(r"<figcaption>(.*?), by", html)
    return [re.findall(r"<code>(.*?)</code>", each) for each in captions]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_spec_page_has_formulas_and_curves(generated, reference):
    said, base = page_of(generated, reference), reference.partition("+")[0]
    assert said.count('<table class="equations">') == 1
    names = {name for figure in drawn(said) for name in figure}
    if "+" in reference and not names:  # it moves like the base, and is not drawn again
        assert set(moving(reference)) == set(moving(base))
    else:
        assert names == set(moving(reference))


def test_some_specs_have_moving_weights():
    assert {each for each in REFERENCES if list(moving(each))} >= {
        "vqgan",
        "pix2pix+decay",
        "beta_vae+capacity",
    }


def test_a_curve_is_drawn_a_little_beyond_the_last_change(figures):
    html = figures(lossspec.load("pix2pix+decay"))
    assert drawn(html) == [["G_L1"]]
    assert "by epoch: 100 until 100, falls to 0 at 200, holds" in html
    svg = ET.fromstring(re.search(r"<svg.*?</svg>", html)[0])
    points = [tuple(map(float, each.split(","))) for each in svg.find("polyline").get("points").split()]
    (left, top), (right, bottom) = points[0], points[-1]
    assert (top, bottom) == (8, 80)
    for epoch, height in ((50, 8), (100, 8), (150, 44), (200, 80), (230, 80)):
        at = left + epoch / 240 * (right - left)
        assert min(points, key=lambda point: abs(point[0] - at))[1] == pytest.approx(height, abs=0.5)
    assert [each.text for each in svg.findall("text")] == ["0", "100", "0", "50", "100", "150", "200"]


def test_a_jump_is_vertical_and_equal_curves_share_a_picture(figures):
    html = figures(lossspec.load("vqgan"))
    assert drawn(html) == [["G_GAN"], ["D_real", "D_fake"]]
    assert "by step: 0, jumps to 0.8 at 250001" in html
    points = [each.split(",") for each in re.search(r'points="([^"]+)"', html)[1].split()]
    before = max(float(x) for x, y in points if y == "80.0")
    after = min(float(x) for x, y in points if y == "8.0")
    assert after == before


@pytest.mark.parametrize(
    ("weight", "last"),
    [
        ('{ type = "exponential_decay", unit = "epoch", start_value = 1.0, rate = 0.5, period = 20 }', "200"),
        (
            '{ type = "exponential_decay", unit = "step", start_value = 1.0, rate = 0.5, period = 20 }',
            "100000",
        ),
        ('{ type = "linear", unit = "fraction", start = 0, end = 0.1, start_value = 0, end_value = 1 }', "1"),
        ('{ type = "linear", unit = "step", start = 0, end = 50, start_value = 0, end_value = -1 }', "60"),
    ],
)
def test_where_the_axis_of_a_picture_ends(figures, spec_of, weight, last):
    words = re.findall(r'text-anchor="middle">([^<]+)<', figures(spec_of(weight)))
    assert words[-1] == last


def test_a_weight_that_never_moves_is_not_drawn(figures, spec_of):
    assert figures(spec_of("3.0")) == ""


def test_the_index_has_one_sentence_for_each_spec(generated):
    rows = re.findall(r"^\| \[`(\w+)`\]\(\1\.md\) \| (.+) \|$", generated["gallery/index.md"], re.MULTILINE)
    assert sorted(name for name, _ in rows) == SPECS
    for name, said in rows:
        assert said.endswith("."), name
        assert len(said) < 150, name


def test_a_page_says_what_the_spec_was_checked_against(generated):
    noted = tomllib.loads((ROOT / "docs" / "generate" / "checked.toml").read_text("utf-8"))
    assert set(noted) <= set(SPECS)
    assert len(noted) >= 15
    for name in SPECS:
        section = generated[f"gallery/{name}.md"].partition("\n## Checked against\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| [")]
        assert len(rows) == len(noted.get(name, ()))
        for row, each in zip(rows, noted.get(name, ()), strict=True):
            assert re.fullmatch(r"[0-9a-f]{7}", each["revision"])
            assert each["difference"] < 2e-5
            assert f"https://github.com/{each['code']}" in row
            assert each["what"] in row


def snippet_of(generated, reference):
    blocks = re.findall(r"```python\n(.*?)```", generated[f"gallery/{reference}.md"], re.DOTALL)
    assert len(blocks) == 1
    return blocks[0]


def taken(table, objective):
    """The tensors of an objective, from the document."""
    holders = [term for term in table["losses"].values() if term.get("objective", "total") == objective]
    balance = table.get("objectives", {}).get(objective, {}).get("balance", {})
    for holder in [*holders, balance]:
        inputs, reduce = holder.get("inputs", []), holder.get("reduce", {})
        found = [*(inputs.values() if isinstance(inputs, dict) else inputs)]
        if isinstance(reduce, dict):
            found += [reduce.get("weights"), reduce["by"] if isinstance(reduce.get("by"), dict) else None]
        for each in found:
            name = each["name"] if isinstance(each, dict) else each
            if isinstance(name, str):
                yield re.split(r"[\[.]", name)[0]


class Stand:
    """Compares each call of a snippet with the spec and the real manager, without computing anything."""

    made: ClassVar[list] = []

    def __init__(self, table):
        self.table, self.called = table, []
        self.made.append(self)

    @classmethod
    def from_spec(cls, reference, **options):
        inspect.signature(LossManager.from_spec).bind(reference, **options)
        return cls(to_table(lossspec.load(reference)))

    def objective(self, name="total"):
        assert name in {term.get("objective", "total") for term in self.table["losses"].values()}

        def call(**tensors):
            assert set(tensors) == set(taken(self.table, name))
            self.called.append(name)
            return torch.zeros((), requires_grad=True)

        return call

    def __getattr__(self, name):
        real = getattr(LossManager, name)
        return lambda **given: inspect.signature(real).bind(self, **given)


class Names(dict):
    """A namespace that has every tensor."""

    def __missing__(self, name):
        if hasattr(__import__("builtins"), name):
            raise KeyError(name)
        return object()


@pytest.mark.parametrize("name", SPECS)
def test_a_snippet_calls_every_objective_with_its_tensors(generated, monkeypatch, name):
    monkeypatch.setattr(lossspec, "LossManager", Stand)
    exec(snippet_of(generated, name), Names(epochs=1, loader=[None]))
    stand = Stand.made.pop()
    table = to_table(lossspec.load(name))
    assert stand.called == list(
        dict.fromkeys(each.get("objective", "total") for each in table["losses"].values())
    )


def test_a_snippet_trains(generated, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    image = {"y": torch.rand(2, 3, 8, 8), "y_fake": torch.rand(2, 3, 8, 8, requires_grad=True)}
    scores = {name: torch.randn(2, 1, 2, 2, requires_grad=True) for name in ("pred_fake", "pred_real")}
    exec(snippet_of(generated, "pix2pix"), {**image, **scores, "epochs": 2, "loader": range(3)})
    assert len(lossspec.read_log("runs/1").losses["G_L1"].raw) == 6
    assert image["y_fake"].grad.any()


def test_a_page_names_its_extra_and_mentions_skipped_terms(generated):
    assert 'pip install "lossspec[lpips]"' in generated["gallery/vqgan.md"]
    assert "downloads=True" in snippet_of(generated, "vqgan")
    assert 'pip install "lossspec[torch]"' in generated["gallery/pix2pix.md"]
    assert "downloads" not in snippet_of(generated, "pix2pix")
    resting = {name for name in SPECS if "`needed()`" in page_of(generated, name)}
    assert {"stylegan2", "vqgan"} <= resting
    assert not {"pix2pix", "hinge_gan"} & resting
