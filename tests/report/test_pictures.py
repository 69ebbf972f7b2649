"""Pictures are written, reproducible, and without overlapping names."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

import lossspec
from lossspec.errors import MissingExtraError
from lossspec.report import plot_run
from lossspec.report.draw.lines import Line
from lossspec.report.draw.picture import Picture
from lossspec.report.forecast.plot import draw_weights
from lossspec.report.forecast.weights import RunLength

pytestmark = pytest.mark.slow

TWO = """
[losses.rec]
type = "lossspec.Precomputed"
inputs = ["rec"]
weight = 100.0
objective = "G"

[losses.adv]
type = "lossspec.Precomputed"
inputs = ["adv"]
weight = { type = "linear", unit = "epoch", start = 1, end = 3, start_value = 0.0, end_value = 1.0 }
objective = "D"
"""


def texts(svg):
    """The words of an SVG: matplotlib draws them as shapes and writes them in comments."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    tree = ET.parse(svg, parser)
    return [node.text.strip() for node in tree.iter() if node.tag is ET.Comment]


def test_a_run_is_two_pictures(spec_of, log_of, tmp_path):
    log = log_of(
        spec_of(TWO), {"rec": lambda _, step: 1.0 / (step + 1), "adv": lambda *_: 0.7}, epochs=4, steps=5
    )
    found = plot_run(log, tmp_path)
    assert found == [tmp_path / "losses.png", tmp_path / "weights.png"]
    for path in found:
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("steps", [1, 7], ids=["one value", "one epoch"])
def test_a_short_run_is_drawn_too(spec_of, log_of, tmp_path, steps):
    log = log_of(spec_of(TWO), {"rec": lambda *_: 0.0, "adv": lambda *_: float("nan")}, epochs=1, steps=steps)
    assert all(path.exists() for path in plot_run(log, tmp_path))


def test_weights_have_names_titles_and_marked_changes(tmp_path):
    path = tmp_path / "weights.svg"
    draw_weights(lossspec.load("pix2pix+decay"), RunLength(150), path)
    found = texts(path)
    assert [word for word in found if word.startswith("objective")] == ["objective G", "objective D"]
    for name in ("G_GAN", "G_L1", "D_real", "D_fake"):
        assert found.count(name) == 1
    assert found.count("100") == 3  # where the decay begins, on the time axis, on the axis of weights


def test_the_same_spec_gives_the_same_file(tmp_path):
    spec = lossspec.load("pix2pix+decay")
    for name in ("a.svg", "b.svg"):
        draw_weights(spec, RunLength(10), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_names_of_lines_that_end_together_do_not_touch(tmp_path):
    picture = Picture(["one"], "epoch", 0, 10)
    panel = picture.panels[0]
    lines = [Line(f"term_{index}", [0.0, 10.0], [1.0, 1.0 + 1e-3 * index]) for index in range(9)]
    panel.scale([line.ys for line in lines])
    panel.lines(lines)
    picture.save(tmp_path / "names.png")
    boxes = sorted(
        (text.get_window_extent() for text in panel.axes.texts if text.get_text().startswith("term_")),
        key=lambda box: box.y0,
    )
    assert len(boxes) == 9
    assert all(above.y0 >= below.y1 for below, above in pairwise(boxes))
    assert max(box.x1 for box in boxes) <= picture.panels[0].axes.figure.bbox.x1


def test_pyplot_and_torch_are_left_alone(tmp_path):
    code = (
        "import sys, lossspec; from pathlib import Path\n"
        "from lossspec.report.forecast.plot import draw_weights\n"
        "from lossspec.report.forecast.weights import RunLength\n"
        "draw_weights(lossspec.load('pix2pix'), RunLength(3), Path(sys.argv[1]))\n"
        "print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "x.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "False False\n", done.stderr


def test_without_matplotlib_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError) as error:
        draw_weights(lossspec.load("pix2pix"), RunLength(3), tmp_path / "x.png")
    assert (
        str(error.value) == 'pictures need matplotlib, which is not installed: pip install "lossspec[plot]"'
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (5e-324, 1.0),
        (5e-324, 0.0),
        (5e-324, 1.7e308),
        (100.0, -1e308),
        (1.7e308, -1.7e308),
        (1.7e308, -5e-324),
    ],
)
def test_the_largest_and_smallest_floats_are_drawn(one, other, tmp_path):
    """Beyond some size matplotlib warns, or fails."""
    picture = Picture(["panel"], "epoch", 0, 10)
    lines = [Line("one", [0, 10], [one] * 2), Line("other", [0, 10], [other] * 2)]
    picture.panels[0].scale([line.ys for line in lines], from_zero=True)
    picture.panels[0].lines(lines)
    picture.save(tmp_path / "a.svg")
    assert {"one", "other"} <= {*texts(tmp_path / "a.svg")}
