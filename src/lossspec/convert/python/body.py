"""What ``forward`` does: the terms that run, what they were, and their weighted sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from lossspec.convert.python.layout import WIDTH, statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lossspec.convert.python.part import Part


@frozen
class Line:
    """A statement: how it begins, and its expression."""

    head: str
    expression: str


@frozen
class Block:
    """A block: its head, and its statements."""

    head: str
    items: list[Line | Block]


Item: TypeAlias = Line | Block

#: The most summands of one expression: Python gives up on sums of some thousands.
_LONGEST = 64
_NOTHING = "torch.zeros((), requires_grad=True)"


def body(parts: Sequence[Part], scale: str, *, scale_moves: bool, indent: int) -> list[str]:
    """Return the lines of the body.

    Args:
        parts: the terms in the order of their sum.
        scale: the expression of the objective's weight, or "" for 1.
        scale_moves: whether that weight moves.
        indent: how far the lines are indented.
    """
    plain = next((number for number, each in enumerate(parts) if not each.is_plain), len(parts))
    # What is only recorded may stand among plain terms: it is in no sum.
    while plain < len(parts) and (parts[plain].is_plain or _is_recorded(parts[plain])):
        plain += 1
    first, rest = parts[:plain], parts[plain:]
    items = [item for each in first for item in _value(each)]
    detached = ", ".join(f'"{each.term.name}": {each.variable}.detach()' for each in first)
    items.append(Line("self.values = ", f"{{{detached}}}"))
    *sums, total = _sums([each for each in first if not each.only_recorded])
    items += [Line("total = ", each) for each in sums]
    if not rest and not scale_moves:
        return [*_lines(_merged(items), indent), *_result(total, scale, indent)]
    head: list[Item] = [Line("scale = ", scale)] if scale_moves else []
    items.append(Line("total = ", total) if total else Line("total: Tensor | float = ", "0.0"))
    for each in rest:
        items += _moving(each)
    lines = _lines([*head, *_merged(items)], indent)
    pad = " " * indent
    if not total and all(each.rests or each.only_recorded or each.zero for each in rest):
        lines += [
            f"{pad}if not isinstance(total, Tensor):",
            f"{pad}    return {_NOTHING}  # no term runs now",
        ]
    factor = "scale" if scale_moves else scale
    return [*lines, f"{pad}return {factor} * total" if factor else f"{pad}return total"]


def _is_recorded(part: Part) -> bool:
    return part.only_recorded and not part.rests


def _result(total: str, scale: str, indent: int) -> list[str]:
    if not total:
        return statement("return ", _NOTHING, indent=indent)
    if not scale:
        return statement("return ", total, indent=indent)
    if total.isidentifier():
        return statement("return ", f"{scale} * {total}", indent=indent)
    if len(line := f"return {scale} * ({total})") + indent <= WIDTH:
        return [" " * indent + line]
    return [*statement("total = ", total, indent=indent), f"{' ' * indent}return {scale} * total"]


def _value(part: Part) -> list[Item]:
    """Return the statements that compute the raw value of a term."""
    found: list[Item] = [Line("", each) for each in part.written.before]
    found.append(Line(f"{part.variable} = ", part.written.call))
    return [Block("with torch.no_grad():", found)] if part.only_recorded else found


def _moving(part: Part) -> list[Item]:
    """Return the statements of a term whose weight moves, or that rests at times."""
    items = _running(part)
    return [Block(f"if {part.written.there}:", items)] if part.written.there else items


def _running(part: Part) -> list[Item]:
    """Return these statements for a call that has the tensors of the term."""
    every = part.term.every
    due = "" if every is None else f'self.is_due("{part.term.name}", {every.steps})'
    kept = Line(f'self.values["{part.term.name}"] = ', f"{part.variable}.detach()")
    added = Line("total = ", f"total {_signed('weight' if part.moves else part.weight, part.variable)}")
    if every is not None and part.term.at_zero == "compute":
        weight = Line("weight = ", f"{part.weight or '1.0'} if {due} else 0.0")
        return [weight, *_value(part), kept, Line("total = ", f"total + weight * {part.variable}")]
    items: list[Item] = [Line("weight = ", part.weight)] if part.moves else []
    if part.only_recorded:
        items += [*_value(part), kept]
    elif not part.zero:
        items += [*_value(part), kept, added]
    elif part.term.at_zero == "skip":
        items.append(Block(f"if {part.zero}:", [*_value(part), kept, added]))
    else:
        items.append(Block(f"if {part.zero}:", [*_value(part), added]))
        items.append(Block("else:", [Block("with torch.no_grad():", _value(part))]))
        items.append(kept)
    return [Block(f"if {due}:", items)] if due else items


def _sums(parts: Sequence[Part]) -> list[str]:
    """Return the sum of parts; a long one as several, each of which goes on from the ``total`` so far."""
    signed = [_signed(each.weight, each.variable) for each in parts]
    chunks = [" ".join(signed[begin : begin + _LONGEST]) for begin in range(0, len(signed), _LONGEST)] or [""]
    first, *more = chunks
    first = "-" + first.removeprefix("- ") if first.startswith("- ") else first.removeprefix("+ ")
    return [first, *(f"total {each}" for each in more)]


def _signed(weight: str, variable: str) -> str:
    sign, size = ("-", weight[1:]) if weight.startswith("-") else ("+", weight)
    return f"{sign} {variable}" if size in {"", "1.0"} else f"{sign} {size} * {variable}"


def _merged(items: Iterable[Item]) -> list[Item]:
    """Join blocks of one head that follow one another, unless what the head asks about moves."""
    merged: list[Item] = []
    for item in items:
        last = merged[-1] if merged else None
        if (
            isinstance(item, Block)
            and isinstance(last, Block)
            and item.head == last.head
            and "weight" not in item.head
        ):
            last.items.extend(item.items)
        else:
            merged.append(item)
    return merged


def _lines(items: Iterable[Item], indent: int) -> list[str]:
    lines: list[str] = []
    for item in items:
        if isinstance(item, Block):
            lines += [" " * indent + item.head, *_lines(item.items, indent + 4)]
        elif item.head:
            lines += statement(item.head, item.expression, indent=indent)
        else:
            lines.append(" " * indent + item.expression)
    return lines
