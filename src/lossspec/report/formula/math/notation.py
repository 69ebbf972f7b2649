"""How the same mathematics is written: as LaTeX, or in plain text with the symbols that Unicode has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.report.draw.numbers import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lossspec.report.formula.math.expression import FunctionName

MINUS = "\N{MINUS SIGN}"
_TAG = re.compile("<[^>]*>")
_SUPERSCRIPTS = str.maketrans(f"{MINUS}0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@frozen
class Notation:
    """A way to write. What has a ``{}`` in it is a template for ``str.format``.

    Attributes:
        escape: makes any text harmless.
        letters: how the letters L, λ, Λ and π are written.
        index: a letter and a name below it.
        minus: a minus sign.
        identifier: the name of a tensor, as it stands in code.
        operator: the name of a loss or a schedule.
        words: text between symbols.
        brackets: round brackets.
        beside: what stands between two factors.
        dot: what stands between two factors of which the second begins with a digit.
        fraction: one thing over another.
        fraction_is_tight: whether a fraction keeps together what is in it, without brackets.
        raised: a base and an exponent, both written.
        calls: the known functions.
        detached: an input cut from its graph.
        at_steps: 1 at every so manieth step, else 0; of a number and the name of the step.
        element: what is applied to one element of lists.
        lists: what is applied to each element and combined; by how.
        less: is less than.
        not_more: is at most.
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
    calls: Mapping[FunctionName, str]
    detached: str
    at_steps: str
    element: str
    lists: Mapping[str, str]
    less: str
    not_more: str

    def symbol(self, letter: str, name: str) -> str:
        """Write a letter, or a name as it stands in code, with a name as its index."""
        known = self.letters.get(letter) or self.named(letter)
        return self.index.format(known, self.escape(name)) if name else known

    def named(self, name: str) -> str:
        """Write the name of a tensor or an argument."""
        return self.identifier.format(self.escape(name))

    def loss(self, name: str) -> str:
        """Write the name of a loss or a schedule."""
        return self.operator.format(self.escape(name))

    def text(self, words: str) -> str:
        """Write words between symbols."""
        return self.words.format(self.escape(words))

    def number(self, value: float) -> str:
        r"""Write a number, with a power of ten where it is very small or large.

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
        """Write factors beside one another."""
        text = factors[0]
        for factor in factors[1:]:
            text += (self.dot if _TAG.sub("", factor)[:1].isdigit() else self.beside) + factor
        return text


def escape(text: str) -> str:
    r"""Return a text so that LaTeX shows it as it is.

    >>> print(escape("y_fake"), escape("50% {a}"), escape("x^2"))
    y\_fake 50\% \{a\} x\textasciicircum{}2
    """
    return "".join(_ESCAPES.get(character, character) for character in text)


_ESCAPES = {character: f"\\{character}" for character in "{}_&%$#"} | {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def _superscript(base: str, exponent: str) -> str:
    if re.fullmatch(f"{MINUS}?[0-9]+", exponent):
        return base + exponent.translate(_SUPERSCRIPTS)
    return f"{base}^{exponent}" if re.fullmatch(r"\w+|⌊[^⌊⌋]*⌋", exponent) else f"{base}^({exponent})"


LATEX = Notation(
    escape=escape,
    letters={"L": r"\mathcal{L}", "λ": r"\lambda", "Λ": r"\Lambda", "π": r"\pi", "τ": r"\tau", "·": r"\cdot"},
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
    element=r"\left[{}\right]_{{i}}",
    lists={
        "sum": r"\sum_{{i}} \left[{}\right]_{{i}}",
        "mean": r"\operatorname{{mean}}_{{i}} \left[{}\right]_{{i}}",
        "weights": r"\sum_{{i}} c_{{i}} \left[{}\right]_{{i}}",
    },
    less="<",
    not_more=r"\leq",
)

PLAIN = Notation(
    escape=str,
    letters={letter: letter for letter in "LλΛπτ·"},
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
    element="[{}]_i",
    lists={"sum": "Σ_i [{}]_i", "mean": "mean_i [{}]_i", "weights": "Σ_i c_i [{}]_i"},
    less="<",
    not_more="≤",
)
