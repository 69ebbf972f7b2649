"""Notations for formulas: LaTeX and plain text with Unicode symbols."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.clean import latex as clean_latex
from lossspec.report.draw.text import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.report.formula.math.expression import Operator

MINUS = "\N{MINUS SIGN}"
_TAG = re.compile("<[^>]*>")
_SUPERSCRIPTS = str.maketrans(f"{MINUS}0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@frozen
class Notation:
    """How formulas are written. Attributes with ``{}`` are templates for ``str.format``.

    Attributes:
        escape: escapes arbitrary text.
        letters: the letters L, λ, Λ, τ and the placeholder ``·``.
        index: a letter and its index.
        minus: the minus sign.
        identifier: the name of a tensor, as in code.
        operator: the name of a loss or a schedule.
        words: text between symbols.
        brackets: round brackets.
        beside: the separator of two factors.
        dot: the separator of two factors if the second begins with a digit.
        fraction: a numerator and a denominator.
        fraction_is_tight: whether a fraction needs no brackets around its parts.
        raised: writes a base and an exponent.
        calls: the known functions, by name.
        detached: a detached input.
        at_steps: 1 at every n-th step, else 0; takes n and the variable of the step.
        element: one element of an expression; takes the expression and the index.
        part: one element of a tensor; takes the tensor and the index.
        pairs: the index of the pairs of two lists, by which of them are taken.
        over: "sum", "mean", "min" or "max" over an index, of an expression; takes both.
        less: the sign for "is less than".
        not_more: the sign for "is at most".
    """

    escape: Callable[[str], str]
    letters: Mapping[str, str]
    index: str
    minus: str
    identifier: str
    operator: str
    words: str
    brackets: str
    beside: str
    dot: str
    fraction: str
    fraction_is_tight: bool
    raised: Callable[[str, str], str]
    calls: Mapping[Operator, str]
    detached: str
    at_steps: str
    element: str
    part: str
    pairs: Mapping[str, str]
    over: Mapping[str, str]
    less: str
    not_more: str

    def symbol(self, letter: str, name: str) -> str:
        """Write a letter, or a name from code, with a name as its index."""
        known = self.letters.get(letter) or self.named(letter)
        return self.index.format(known, self.escape(name)) if name else known

    def named(self, name: str) -> str:
        """Write the name of a tensor or an argument."""
        return self.identifier.format(self.escape(name))

    def loss(self, name: str) -> str:
        """Write the name of a loss or a schedule."""
        return self.operator.format(self.escape(name))

    def text(self, words: str) -> str:
        """Write text between symbols."""
        return self.words.format(self.escape(words))

    def number(self, value: float) -> str:
        r"""Write a number, with a power of ten if it is very small or large.

        >>> print(LATEX.number(-2.5e-5), LATEX.number(1e-7), LATEX.number(100.0))
        -2.5 \cdot 10^{-5} 10^{-7} 100
        """
        mantissa, _, exponent = exact(abs(value)).partition("e")
        sign = self.minus if value < 0 else ""
        if not exponent:
            return sign + mantissa
        power = self.raised("10", exponent.replace("-", self.minus))
        return sign + (power if mantissa == "1" else self.product([mantissa, power]))

    def product(self, factors: Sequence[str]) -> str:
        """Write a product."""
        text = factors[0]
        for factor in factors[1:]:
            text += (self.dot if _TAG.sub("", factor)[:1].isdigit() else self.beside) + factor
        return text


def _superscript(base: str, exponent: str) -> str:
    if re.fullmatch(f"{MINUS}?[0-9]+", exponent):
        return base + exponent.translate(_SUPERSCRIPTS)
    return f"{base}^{exponent}" if re.fullmatch(r"\w+|⌊[^⌊⌋]*⌋", exponent) else f"{base}^({exponent})"


LATEX = Notation(
    escape=clean_latex,
    letters={"L": r"\mathcal{L}", "λ": r"\lambda", "Λ": r"\Lambda", "τ": r"\tau", "·": r"\cdot"},
    index=r"{}_{{\mathrm{{{}}}}}",
    minus="-",
    identifier=r"\mathtt{{{}}}",
    operator=r"\operatorname{{{}}}",
    words=r"\text{{{}}}",
    brackets=r"\left({}\right)",
    beside=r"\, ",
    dot=r" \cdot ",
    fraction=r"\frac{{{}}}{{{}}}",
    fraction_is_tight=True,
    raised="{}^{{{}}}".format,
    calls={
        "pi": r"\pi",
        "cos": r"\cos\left({}\right)",
        "exp": r"\exp\left({}\right)",
        "tanh": r"\tanh\left({}\right)",
        "log": r"\ln\left({}\right)",
        "sqrt": r"\sqrt{{{}}}",
        "floor": r"\left\lfloor {} \right\rfloor",
        "min": r"\min\left({},\, {}\right)",
        "max": r"\max\left({},\, {}\right)",
        "mod": r"{} \;\mathrm{{mod}}\; {}",
    },
    detached=r"\operatorname{{sg}}({})",
    at_steps=r"\left[{} \mid {}\right]",
    element=r"\left[{}\right]_{{{}}}",
    part="{}_{{{}}}",
    pairs={"all": "i, k", "different": r"i \neq k"},
    over={
        "sum": r"\sum_{{{}}} {}",
        "mean": r"\operatorname{{mean}}_{{{}}} {}",
        "min": r"\min_{{{}}} {}",
        "max": r"\max_{{{}}} {}",
    },
    less="<",
    not_more=r"\leq",
)

PLAIN = Notation(
    escape=str,
    letters={letter: letter for letter in "LλΛτ·"},
    index="{}_{}",
    minus=MINUS,
    identifier="{}",
    operator="{}",
    words="{}",
    brackets="({})",
    beside=" ",
    dot=" · ",
    fraction="{} / {}",
    fraction_is_tight=False,
    raised=_superscript,
    calls={
        "pi": "π",
        "cos": "cos({})",
        "exp": "exp({})",
        "tanh": "tanh({})",
        "log": "ln({})",
        "sqrt": "√({})",
        "floor": "⌊{}⌋",
        "min": "min({}, {})",
        "max": "max({}, {})",
        "mod": "{} mod {}",
    },
    detached="sg({})",
    at_steps="[{} | {}]",
    element="[{}]_{}",
    part="{}_{}",
    pairs={"all": "(i, k)", "different": "(i ≠ k)"},
    over={"sum": "Σ_{} {}", "mean": "mean_{} {}", "min": "min_{} {}", "max": "max_{} {}"},
    less="<",
    not_more="≤",
)
