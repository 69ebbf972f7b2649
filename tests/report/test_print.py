"""The HTML report on paper: printed to PDF by a real browser, and read back."""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from lossspec.report.run.page import report
from lossspec.report.run.page_data import NamedLog

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = "the_scores_of_a_discriminator_that_has_a_name_which_takes_a_whole_line_of_paper"
SPEC = f"""
[inputs]
rec = "how far the picture is from the truth"
{LONG} = "scores"

[losses.rec]
type = "lossspec.Precomputed"
inputs = ["rec"]
weight = {{ type = "linear", unit = "epoch", start = 1, end = 3, start_value = 100.0, end_value = 10.0 }}
objective = "G"

[losses.adv]
type = "lossspec.GANLoss"
args = {{ mode = "vanilla", role = "D_fake" }}
inputs = ["{LONG}"]
objective = "G"
"""
VALUES = {"rec": lambda _, step: math.nan if step == 7 else 1.0 / (1 + step), LONG: lambda *_: 0.5}
EPOCHS, STEPS = 4, 5
#: US Letter in points, the default paper of the browser.
WIDTH, HEIGHT, MARGIN = 612, 792, 27


@frozen
class Pdf:
    """What a PDF of this browser draws.

    Attributes:
        pages: the drawing of each page: operators in turn, as text.
        words: the words of each page: each with the place where it begins, from the left and the bottom,
            and the size of its letters, in points.
    """

    pages: list[str]
    words: list[list[tuple[str, float, float, float]]]

    @property
    def text(self) -> str:
        """All words, their spaces left out; slanted letters of a formula are letters."""
        found = "".join(word for page in self.words for word, *_ in page)
        return re.sub(r"\s+", "", unicodedata.normalize("NFKC", found))


@pytest.fixture
def printed(chromium, tmp_path):
    """Print a page as a reader would whose screen is light or dark."""

    def printed(html, *, dark=False):
        page, pdf = tmp_path / "page.html", tmp_path / f"page-{dark}.pdf"
        page.write_text(html, encoding="utf-8")
        chromium(
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--window-size=1600,1000",
            "--no-pdf-header-footer",
            "--virtual-time-budget=20000",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        )
        return read(pdf.read_bytes())

    return printed


def read(data: bytes) -> Pdf:
    objects = dict(re.findall(rb"^(\d+) 0 obj\n(.*?)\nendobj", data, re.MULTILINE | re.DOTALL))
    fonts = {
        number.decode(): letters(stream(objects[found[1]]))
        for number, each in objects.items()
        if (found := re.search(rb"/ToUnicode (\d+) 0 R", each))
    }
    pages = [
        stream(objects[re.search(rb"/Contents (\d+)", each)[1]])
        for each in objects.values()
        if re.search(rb"/Type /Page\b", each)
    ]
    return Pdf(pages, [list(words(page, fonts)) for page in pages])


def stream(content: bytes) -> str:
    return zlib.decompress(re.search(rb"stream\r?\n(.*)endstream", content, re.DOTALL)[1]).decode("latin-1")


def letters(table: str) -> dict[str, str]:
    """The letter of each glyph, from the table that a font has for those who copy text."""
    found = {}
    for line in re.findall(r"^(<.*>)$", table.partition("endcodespacerange")[2], re.MULTILINE):
        first, *more = re.findall(r"<([0-9A-F]+)>", line)
        text = bytes.fromhex(more[-1]).decode("utf-16-be")
        last = more[0] if len(more) == 2 else first
        for at in range(int(last, 16) - int(first, 16) + 1):
            found[f"{int(first, 16) + at:04X}"] = text[:-1] + chr(ord(text[-1]) + at)
    return found


def words(page: str, fonts: dict[str, dict[str, str]]) -> Iterator[tuple[str, float, float, float]]:
    """Run a page: matrices are kept on a stack, texts are where the matrices put them."""
    matrix, text, stack, font, size = (1, 0, 0, 1, 0, 0), (1, 0, 0, 1, 0, 0), [], {}, 0.0
    for line in page.splitlines():
        *given, operator = line.split(" ")
        if operator == "q":
            stack.append(matrix)
        elif operator == "Q":
            matrix = stack.pop()
        elif operator == "cm":
            matrix = times(tuple(map(float, given)), matrix)
        elif operator == "Tm":
            text = times(tuple(map(float, given)), matrix)
        elif operator == "Tf":
            font, size = fonts[given[0].removeprefix("/F")], float(given[1])
        elif operator in {"Tj", "TJ"}:
            glyphs = "".join(re.findall(r"<([0-9A-F]*)>", line))
            shown = "".join(font.get(glyphs[at : at + 4], "?") for at in range(0, len(glyphs), 4))
            yield shown, text[4], text[5], size * abs(text[3])


def times(one, other):
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (
        *(a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j),
        *(e * g + f * i + k, e * h + f * j + m),
    )


@pytest.fixture
def page(spec_of, log_of):
    return report([NamedLog("runs/7", log_of(spec_of(SPEC), VALUES, EPOCHS, STEPS))])


def test_what_is_on_paper_and_what_is_not(page, printed):
    pdf = printed(page)
    text = pdf.text
    there = (
        *("runs/7", "Objective", "Precomputed(rec)", "GANLoss", "mode=vanilla,role=D_fake"),  # the formula
        *("100", "e<1", "1≤e<3", "3≤e"),
        *("Whatthesymbolsmean", "theepoch,countedfrom0", "howfarthepictureisfromthetruth"),  # was folded
        *("objectiveG", "losses", "appliedweight", "shareofthetotal", "✕notfinite", "75%"),  # charts
        *("Firstandlastvalues", "epoch0", "epoch3", "weighted", "total"),  # the table
        *("Resolvedspec", "start_value=100.0", f'inputs=["{LONG}"]'),  # was folded
    )
    assert not [each for each in there if each not in text]
    for control in ("Smoothing", "Wholerun", "Keys", "linearlog", "auto"):
        assert control not in text
    assert "0 .4471 .698 RG" in "".join(pdf.pages), "a curve in the first colour"


def test_nothing_leaves_the_paper(page, printed):
    pdf = printed(page)
    assert len(pdf.words) > 1
    for word, x, y, _ in (each for page in pdf.words for each in page):
        assert MARGIN <= x <= WIDTH - MARGIN, word
        assert MARGIN <= y <= HEIGHT - MARGIN, word


def test_charts_are_drawn_for_paper_not_for_a_screen(page, printed):
    """What was drawn for a screen is shrunk on paper, its letters to less than five points."""
    assert min(size for page in printed(page).words for *_, size in page) >= 5.5


def test_a_dark_screen_prints_as_a_light_one(page, printed):
    light, dark = printed(page), printed(page, dark=True)
    assert dark.pages == light.pages
    grounds = re.findall(r"^([\d.]+) ([\d.]+) ([\d.]+) RG", light.pages[0], re.MULTILINE)
    assert ("0", "0", "0") in grounds, "black letters"
