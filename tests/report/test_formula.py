"""The formula of a spec: its text, and that LaTeX and Markdown are well formed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from matplotlib.mathtext import MathTextParser

import lossspec
from lossspec.report.formula import latex, markdown, unicode

SPECS = Path(__file__).parents[2] / "specs"
SHIPPED = sorted(
    f"{path.name.removesuffix('.loss.toml')}{variant}"
    for path in SPECS.glob("*.loss.toml")
    for variant in ["", *(f"+{name}" for name in tomllib.loads(path.read_text()).get("variants", {}))]
)
EVERYTHING = r"""
[inputs]
y_2 = "the truth"
x = "50% of a {b} & c_d ~ e^f \\ #1 <|>"

[losses.plain]
type = "torch.L1Loss"
inputs = ["x", "y_2"]
weight = -2.5
objective = "G"

[losses.named]
type = "lossspec.R1Penalty"
inputs = { pred = "y_2", images = { name = "x", detach = true } }
every = { steps = 16, gain = 16.0 }
weight = { type = "window", unit = "epoch", value = 1e-7, start = 1 }
objective = "G"

[losses.over_lists]
type = "torch.MSELoss"
inputs = ["x", 0.9]
lists = [0.5, 0.25]
objective = "G"

[losses.long]
type = "torch.BCEWithLogitsLoss"
args = { pos_weight = [1.0, 2.0, 3.0, 4.0], reduction = "mean" }
inputs = ["x", 1.0]
lists = "mean"
weight = -1
objective = "G"

[losses.watched]
type = "torch.HuberLoss"
inputs = ["x", "y_2"]
weight = 0
at_zero = "record"
objective = "G"

[losses.off]
type = "torch.HuberLoss"
inputs = ["x", "y_2"]
weight = 0.0
objective = "G"

[losses.live]
type = "torch.SmoothL1Loss"
inputs = ["x", "y_2"]
objective = "D"
args.beta = { type = "linear", unit = "fraction", start = 0, end = 1, start_value = 1, end_value = 2 }

[losses.cyc]
type = "torch.L1Loss"
inputs = ["x", "y_2"]
objective = "D"
weight = { type = "cyclical", unit = "step", start = 0, end = 40, start_value = 0, end_value = 3 }

[objectives.G.weight]
type = "constant"
unit = "epoch"
value = 3.0

[objectives.D]
weight = 0.5
"""


WRITTEN = """\
L_G = Λ_G(e) [ -2.5 L1Loss(x, y_2)
             + 16 λ_named(e) [16 | s] R1Penalty(pred = y_2, images = sg(x))
             + Σ_i c_i [MSELoss(x, 0.9)]_i
             - mean_i [BCEWithLogitsLoss(x, 1)]_i ]
               monitored: HuberLoss(x, y_2)

L_D = 0.5 [ SmoothL1Loss(x, y_2; beta = beta_live(τ))
          + λ_cyc(s) L1Loss(x, y_2) ]

Λ_G(e) = 3

λ_named(e) = ⎧ 0      e < 1
             ⎩ 10⁻⁷   1 ≤ e

λ_cyc(s) = ⎧ 3 min(1, u)   s < 40
           ⎩ 3             40 ≤ s
       u = (s mod 10) / 5

beta_live(τ) = ⎧ τ + 1   τ < 1
               ⎩ 2       1 ≤ τ

e                  the epoch, counted from 0
s                  the optimiser step, counted from 0
τ                  the fraction of the run that is done, from 0 to 1
[16 | s]           1 where the step is a multiple of 16, else 0
sg(·)              detached from its graph: no gradient passes
[·]_i              applied to the i-th elements of its lists
c_i                in over_lists, in order: 0.5, 0.25
y_2                the truth
x                  50% of a {b} & c_d ~ e^f \\ #1 <|>
L1Loss             torch.L1Loss. Mean absolute error. mean(|input - target|)
"""


ELEMENTS = """
inputs = { x = "a list", y = "a list", m = "a mask", n = "a count" }
losses.masked = { L, inputs = ["x[-1]", "y"], reduce = { weights = "m", by = "weights" } }
losses.mean = { L1, reduce = "mean" }
losses.total = { L1, reduce = "sum" }
losses.item = { L1, reduce = "batch", if_missing = "skip" }
losses.counted = { L1, reduce = { by = { name = "n", minimum = 1 } } }
losses.plain = { L1, reduce = { by = { name = "n" } } }
losses.weighed = { L1, reduce = { weights = { name = "m.a", detach = true } } }
losses.fifth = { L1, reduce = { weights = "m", by = 5 } }
losses.least = { L1, lists = "min", reduce = "sum" }
losses.pixels = { L1, lists = { combine = "min", of = "elements" }, reduce = "sum" }
losses.raft = { L, inputs = ["x[:-1]", "y"], lists = { combine = "sum", decay = 0.8 } }
losses.decayed = { L1, lists = { combine = "mean", decay = 0.8 } }
losses.all = { L, inputs = ["x[*].out", "y"], lists = { combine = "mean", pairs = "all" } }
losses.dino = { L1, lists = { combine = "max", pairs = "different" } }
""".replace("L1,", 'L, inputs = ["x", "y"],').replace("L,", 'type = "torch.L1Loss",')
OF_ELEMENTS = """\
L = Σ_j m_j [L1Loss(x[-1], y)]_j / Σ_j m_j
  + mean_j [L1Loss(x, y)]_j
  + Σ_j [L1Loss(x, y)]_j
  + Σ_j [L1Loss(x, y)]_j / N
  + Σ_j [L1Loss(x, y)]_j / max(n, 1)
  + Σ_j [L1Loss(x, y)]_j / n
  + mean_j sg(m.a)_j [L1Loss(x, y)]_j
  + Σ_j m_j [L1Loss(x, y)]_j / 5
  + min_i [Σ_j [L1Loss(x, y)]_j]_i
  + Σ_j [min_i [L1Loss(x, y)]_i]_j
  + Σ_i 0.8^(n - 1 - i) [L1Loss(x[:-1], y)]_i
  + Σ_i 0.8^(n - 1 - i) [L1Loss(x, y)]_i / Σ_i 0.8^(n - 1 - i)
  + mean_(i, k) [L1Loss(x[*].out, y)]_(i, k)
  + max_(i ≠ k) [L1Loss(x, y)]_(i ≠ k)

sg(·)        detached from its graph: no gradient passes
[·]_i        applied to the i-th elements of its lists, counted from 0
[·]_(i, k)   applied to the i-th element of one list and the k-th of the other
[·]_(i ≠ k)  applied to the i-th element of one list and the k-th of the other
n            the length of its lists
[·]_j        the j-th element of what the loss returns before its own reduction, or of its weights
N            the size of the batch: the first dimension of the elements
item         left out of a call in which one of its tensors is missing
"""


def test_reductions_in_plain_text(spec_of):
    text = unicode(spec_of(ELEMENTS)).replace("\N{MINUS SIGN}", "-")
    assert text.startswith(OF_ELEMENTS)


def test_reductions_in_latex_can_be_typeset(spec_of):
    text = latex(spec_of(ELEMENTS))
    assert (
        r"\frac{\sum_{j} \mathtt{m}_{j}\, \left[\operatorname{L1Loss}(\mathtt{x[-1]}, \mathtt{y})\right]_{j}}"
        r"{\sum_{j} \mathtt{m}_{j}}" in text
    )
    assert r"\operatorname{mean}_{i, k}" in text
    for row in rows_of(text):
        typeset(row)


def test_everything_in_plain_text(spec_of):
    text = "\n".join(line.rstrip() for line in unicode(spec_of(EVERYTHING)).splitlines())
    assert text.replace("\N{MINUS SIGN}", "-").startswith(WRITTEN)
    assert text.endswith("\nlong               pos_weight = [1.0, 2.0, 3.0, 4.0], reduction = mean")


@pytest.mark.slow
def test_text_of_a_user_is_harmless_in_latex(spec_of):
    text = latex(spec_of(EVERYTHING))
    assert (
        r"\item[$\mathtt{x}$] 50\% of a \{b\} \& c\_d \textasciitilde{} e\textasciicircum{}f "
        r"\textbackslash{} \#1 \textless{}\textbar{}\textgreater{}" in text
    )
    for row in rows_of(text):
        typeset(row)


def test_a_balance_names_what_it_weighs():
    rows = unicode(lossspec.load("vqgan")).splitlines()
    assert rows[:5] == [
        "L_AE = GradientRatio(rec = L1Loss(x_rec, x),",
        "           lpips = LPIPS(x, x_rec),",
        "           G_GAN = λ_G_GAN(s) GANLoss(logits_fake; mode = hinge, role = G),",
        "           last_layer; reference = (rec, lpips), eps = 0.0001, maximum = 10000)",
        "     + CommitmentLoss(z, codes)",
    ]


def test_losses_of_one_name_get_distinct_names(spec_of):
    text = """
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }
losses.b = { type = "kornia.DiceLoss", inputs = ["x", "y"] }
losses.c = { type = "monai.DiceLoss", inputs = ["x", "y"] }
"""
    assert unicode(spec_of(text)).splitlines()[:3] == [
        "L = L1Loss(x, y)",
        "  + kornia.DiceLoss(x, y)",
        "  + monai.DiceLoss(x, y)",
    ]


def rows_of(document):
    """The rows of a LaTeX text's aligned environments, and the cells of each."""
    for body in re.findall(
        r"\\begin\{(?:align\*|aligned)\}\n(.*?)\n\\end\{(?:align\*|aligned)\}", document, re.DOTALL
    ):
        yield from body.split(" \\\\\n")


def typeset(row):
    """Have matplotlib typeset a row cell by cell; it knows no environments and no brackets over lines."""
    parser = MathTextParser("path")
    for cell in re.split(r"(?<!\\)&|\\\\", re.sub(r"\\(begin|end)\{cases\}|\\big[lr]", "", row)):
        if cell.strip():
            parser.parse(f"${cell.strip()}$")


@pytest.mark.slow
@pytest.mark.parametrize("reference", SHIPPED)
def test_the_latex_of_every_shipped_spec_can_be_typeset(reference):
    spec = lossspec.load(reference)
    text = latex(spec)
    opened, closed = (re.findall(rf"\\{word}\{{([a-z*]+)\}}", text) for word in ("begin", "end"))
    assert sorted(opened) == sorted(closed)
    rows = list(rows_of(text))
    assert len(rows) >= len(spec.objectives)
    for row in rows:
        assert (
            row.count("&") - row.count(r"\&") == 1 + 2 * row.count(r"\begin{cases}")
            or r"\begin{cases}" in row
        )
        typeset(row)
    for symbol in re.findall(r"\\item\[\$(.*?)\$\]", text):
        typeset(symbol)
    for name in spec.inputs:
        assert rf"\mathtt{{{name.replace('_', chr(92) + '_')}}}" in text


@pytest.mark.parametrize("reference", SHIPPED)
def test_the_markdown_of_every_shipped_spec_is_whole(reference):
    spec = lossspec.load(reference)
    text = markdown(spec)
    about = " ".join(spec.description.split())  # markup in it is escaped
    head = f"# {reference}\n\n{about}\n\n$$\nbegin{{aligned}}\n"
    assert text.replace("\\", "").startswith(head.replace("\\", ""))
    assert text.count("\n$$\n") % 2 == 0
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(table) == 1 + len(spec.losses)
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in table)
    for source in spec.references:
        assert f"- <{source}>" in text
