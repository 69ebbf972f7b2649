"""The formula of a spec as plain text with Unicode symbols."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lossspec.report.formula.equations import Function, Total, functions, totals
from lossspec.report.formula.math.notation import MINUS, PLAIN
from lossspec.report.formula.symbols import legend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossspec.language.model import Spec

#: The width at which descriptions are wrapped.
WIDTH = 100


def unicode(spec: Spec) -> str:
    """Return the objectives of a spec, its schedules, and the meanings of the symbols.

    >>> import lossspec
    >>> print(unicode(lossspec.load("hinge_gan")).splitlines()[0])
    L_G = GANLoss(pred_fake; mode = hinge, role = G)
    """
    lines: list[str] = []
    for total in totals(spec, PLAIN):
        lines += [*_total(total), ""]
    for function in functions(spec, PLAIN):
        lines += [*_function(function), ""]
    explained = legend(spec, PLAIN)
    longest = max((len(entry.symbol) for entry in explained), default=0)
    for entry in explained:
        first, *more = textwrap.wrap(f"{entry.meaning} {entry.formula}", WIDTH - longest - 2) or [""]
        lines.append(f"{entry.symbol:<{longest}}  {first}")
        lines += [f"{'':<{longest}}  {line}" for line in more]
    return "\n".join(lines)


def _total(total: Total) -> Iterator[str]:
    head = f"{total.symbol} = "
    rows = [_signed(sign, text, first=at == 0) for at, (sign, text) in enumerate(total.terms)] or ["0"]
    if total.factor and len(rows) == 1:
        rows = [PLAIN.product([total.factor, rows[0]])]
    elif total.factor:
        head += f"{total.factor} [ "
        rows[-1] += " ]"
    yield head + rows[0]
    for row in rows[1:]:
        yield " " * (len(head) - 2) + row
    if total.monitored:
        yield f"{'':<{len(head)}}monitored: {', '.join(total.monitored)}"


def _signed(sign: str, text: str, *, first: bool) -> str:
    if not sign:
        return f"      {text}"  # continues a bracket
    minus = MINUS if sign == "-" else ""
    return f"{minus}{text}" if first else f"{minus or '+'} {text}"


def _function(function: Function) -> Iterator[str]:
    head = f"{function.symbol} = "
    if len(function.cases) == 1:
        yield head + function.cases[0][0]
    else:
        longest = max(len(expression) for expression, _ in function.cases)
        middle = len(function.cases) // 2 if len(function.cases) > 2 else 0
        for at, (expression, condition) in enumerate(function.cases):
            brace = "⎩" if at + 1 == len(function.cases) else "⎧" if at == 0 else "⎨" if at == middle else "⎪"
            begin = head if at == middle else " " * len(head)
            yield f"{begin}{brace} {expression:<{longest}}   {condition}"
    for name, text in function.parts:
        yield f"{name:>{len(function.symbol)}} = {text}"
