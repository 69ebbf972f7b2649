"""The formula of a spec as LaTeX, Markdown, MathML or plain text.

>>> import lossspec
>>> from lossspec.report import formula
>>> text = formula.unicode(lossspec.load("beta_vae+capacity"))
>>> print(text[: text.index("x_logits  ")].rstrip())
L = BernoulliReconstructionLoss(x_logits, x)
  + 1000 GaussianKLLoss(mu, logvar; capacity = capacity_kl(s))
<BLANKLINE>
capacity_kl(s) = ⎧ s / 4000   s < 100000
                 ⎩ 25         100000 ≤ s
<BLANKLINE>
s                            the optimiser step, counted from 0
x                            image (N, C, H, W) in [0, 1]
"""

from lossspec.report.formula.latex import latex
from lossspec.report.formula.markdown import markdown
from lossspec.report.formula.mathml import mathml
from lossspec.report.formula.unicode import unicode

__all__ = ["latex", "markdown", "mathml", "unicode"]
