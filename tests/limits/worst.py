"""The worst files: each fills the limits of the language, or a share of them, with one thing.

``files`` gives specs, which every command has to work through. ``wrong`` gives files with as many mistakes of
one kind as fit, which only ``validate`` gets far with. ``LEAST`` is what they are compared with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.language.text.limits import MAX_BYTES, MAX_LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable


class Raw(str):
    """Text that is TOML."""

    __slots__ = ()


def inline(value: object) -> str:
    """Write a value as TOML on one line."""
    match value:
        case Raw():
            return str(value)
        case dict():
            return "{" + ",".join(f"{key}={inline(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ",".join(map(inline, value)) + "]"
        case str():
            return f'"{value}"'
        case bool():
            return str(value).lower()
        case _:
            return repr(value)


def loss(**keys: object) -> dict[str, object]:
    """Return a loss."""
    return {"type": "torch.L1Loss", "inputs": ["x", "y"], **keys}


def one(**keys: object) -> str:
    """Return a spec of one loss."""
    return f"format=1\nlosses.a={inline(loss(**keys))}\n"


def scheduled(type_: str, **fields: object) -> str:
    """Return a spec of one loss with a schedule."""
    return one(weight={"type": type_, "unit": "step", **fields})


def nested(type_: str, key: str, depth: int, **fields: object) -> dict[str, object]:
    """Return a schedule inside a schedule inside a schedule."""
    found: dict[str, object] = LINE
    for _ in range(depth):
        inner = [found, LINE] if key == "schedules" else found
        found = {"type": type_, key: inner, **fields}
    return {**found, "unit": "step"}


class Filler:
    """Fills a share of the limits."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.size = int((MAX_BYTES - 1024) * share)

    def most(self, number: int) -> int:
        """Return a share of a limit."""
        return max(int(number * self.share), 2)

    def repeat(self, part: Callable[[int], str], part_of: float = 1, most: int = 10**9, sep: str = "") -> Raw:
        """Join parts until they fill a part of the size, or there are ``most``."""
        found, left = [], self.size * part_of
        for index in range(self.most(most)):
            made = part(index)
            left -= len(made) + len(sep)
            if left < 0:
                break
            found.append(made)
        return Raw(sep.join(found))

    def array(self, part: Callable[[int], object], part_of: float = 1, most: int = 10**9) -> Raw:
        """Return an array of as many values as fit."""
        return Raw("[" + self.repeat(lambda index: inline(part(index)), part_of, most, ",") + "]")

    def many(
        self, keys: Callable[[int], dict[str, object]], part_of: float = 1, most: int = MAX_LOSSES
    ) -> str:
        """Return a spec of as many losses as fit."""
        made = self.repeat(lambda index: f"losses.a{index}={inline(loss(**keys(index)))}\n", part_of, most)
        return "format=1\n" + made


RAMP = {"start": 1, "end": 9, "start_value": 1.0, "end_value": 2.0}
LINE: dict[str, object] = {"type": "linear", **RAMP, "end_value": 1.0}
#: A schedule of each type, as small as it can be written, with the numbers that make it work most.
SMALL: dict[str, dict[str, object]] = {
    "constant": {"value": 2.0},
    "linear": RAMP,
    "polynomial": {**RAMP, "power": 2.5},
    "exponential": RAMP,
    "cosine": {**RAMP, "exponent": 2.5},
    "exponential_decay": {"start_value": 1.0, "rate": 0.5, "period": 2},
    "inverse_time": {"start_value": 1.0, "rate": 0.5, "period": 2},
    "inverse_sqrt": {"start_value": 1.0, "period": 2},
    "step": {"start_value": 1.0, "gamma": 0.5, "period": 3},
    "multistep": {"start_value": 1.0, "gamma": 0.5, "milestones": [1, 2]},
    "piecewise_constant": {"values": [1, 2], "boundaries": [3]},
    "piecewise": {"points": [[1, 1], [2, 2]]},
    "cosine_restarts": {"start_value": 1.0, "end_value": 0.0, "period": 1e-9, "cycles": 10_000},
    "cyclical": {**RAMP, "cycles": 10_000_000_000},
    "triangular": {"low": 0, "high": 1, "up": 1e-9, "down": 1e-9},
    "sawtooth": {"low": 0, "high": 1, "period": 1e-9},
    "one_cycle": {**RAMP, "peak_value": 3},
    "warmup_stable_decay": {"warmup": 2, "stable": 3, "decay": 4, "peak_value": 1},
    "tanh": RAMP,
    "rampup": RAMP,
    "logistic": {"rate": 1, "midpoint": 5, "start_value": 0, "end_value": 1},
    "window": {"value": 1, "start": 3, "end": 5},
    "warmup": {"over": 3, "then": LINE},
    "join": {"schedules": [LINE, LINE], "boundaries": [4]},
    "product": {"schedules": [LINE, LINE]},
}

LEAST = one()
NEAR = "n" * 55


def types(fill: Filler) -> dict[str, str]:
    """As many schedules of each type as may be."""

    def of(name: str, fields: dict[str, object]) -> str:
        return fill.many(lambda _: {"weight": {"type": name, "unit": "step", **fields}})

    return {name: of(name, fields) for name, fields in SMALL.items()}


def schedules(fill: Filler) -> dict[str, str]:
    """Schedules that are as long as may be."""

    def points(number: int) -> dict[str, object]:
        return {"type": "piecewise", "points": fill.array(lambda i: [i + number / 1000, 1], most=400)}

    def joined(number: int) -> dict[str, object]:
        boundaries = fill.array(lambda i: i + 1 + number / 1000, most=80)
        count = boundaries.count(",") + 2
        return {"type": "join", "schedules": [LINE] * count, "boundaries": boundaries}

    return {
        "points": scheduled("piecewise", points=fill.array(lambda i: [i, 1])),
        "curved points": scheduled("piecewise", shape="cosine", points=fill.array(lambda i: [i, i % 9])),
        "boundaries": scheduled(
            "piecewise_constant",
            values=[1] * (fill.most(30_000) + 1),
            boundaries=[*range(fill.most(30_000))],
        ),
        "milestones": scheduled("multistep", start_value=1, gamma=1, milestones=fill.array(lambda i: i)),
        "children of a join": scheduled(
            "join",
            schedules=[LINE, *[LINE] * fill.most(3000)],
            boundaries=[*range(1, fill.most(3000) + 1)],
        ),
        "factors": scheduled("product", schedules=fill.array(lambda _: LINE)),
        "different factors": scheduled("product", schedules=fill.array(lambda i: {**LINE, "end": i + 2})),
        "factors of points": scheduled("product", schedules=fill.array(points)),
        "factors of joins": scheduled("product", schedules=fill.array(joined)),
        "factors of restarts": scheduled(
            "product",
            schedules=fill.array(
                lambda i: {"type": "cosine_restarts", **SMALL["cosine_restarts"], "period": i + 1}
            ),
        ),
        "products in products": fill.many(lambda _: {"weight": nested("product", "schedules", 13)}),
        "warmups in warmups": fill.many(lambda _: {"weight": nested("warmup", "then", 25, over=1)}),
        "joins in joins": fill.many(lambda _: {"weight": nested("join", "schedules", 13, boundaries=[1])}),
        "weights of objectives": "format=1\n"
        + fill.repeat(
            lambda i: (
                f"losses.a{i}={inline(loss(objective=f'o{i}', weight=nested('product', 'schedules', 0)))}\n"
                f"objectives.o{i}.weight={inline({**LINE, 'unit': 'step'})}\n"
            ),
            most=MAX_LOSSES,
        ),
    }


def numbers(fill: Filler) -> dict[str, str]:
    """The largest and the smallest numbers."""
    far = {"start": 0, "end": 1e100, "start_value": 1e100, "end_value": -1e100}
    near = {"start": 0, "end": 1e-100, "start_value": 1e-100, "end_value": 1e100}
    return {
        "far positions": fill.many(lambda _: {"weight": {"type": "linear", "unit": "step", **far}}),
        "near positions": fill.many(lambda _: {"weight": {"type": "exponential", "unit": "step", **near}}),
        "large integers": fill.many(lambda _: {"weight": 2**63 - 1}),
        "the largest floats": fill.many(lambda i: {"weight": 1.7e308 if i % 2 else -1.7e308}),
        "the smallest floats": fill.many(lambda _: {"weight": 5e-324}),
        "the smallest beside the largest": fill.many(lambda i: {"weight": 5e-324 if i % 2 else -1e308}),
    }


def terms(fill: Filler) -> dict[str, str]:
    """As many losses and objectives as may be, with all that they can have."""
    balancer = {"type": "lossspec.OutputBalancer", "inputs": ["w"]}
    every = {"steps": 1, "gain": 1.5}
    return {
        "losses": fill.many(lambda _: {}),
        "inputs by name": fill.many(
            lambda _: {"inputs": {"input": "x", "target": {"name": "y", "detach": True}}}
        ),
        "selections": fill.many(
            lambda _: {"inputs": ["x[*][1:2][:-1].a.b.c.d.e", "y[*][1:2][:-1].a.b.c.d.e"]}
        ),
        "reductions": fill.many(
            lambda _: {"reduce": {"weights": "w[0].a[1].b", "by": {"name": "n", "minimum": 1}}}
        ),
        "objectives": fill.many(lambda i: {"objective": f"o{i}"}),
        "balances": "format=1\n"
        + fill.repeat(
            lambda i: (
                f"losses.a{i}={inline(loss(objective=f'o{i}'))}\n"
                f"losses.b{i}={inline(loss(objective=f'o{i}'))}\n"
                f"objectives.o{i}.balance={inline({**balancer, 'losses': [f'a{i}', f'b{i}']})}\n"
            ),
            most=MAX_LOSSES // 2,
        ),
        "list weights": one(lists=fill.array(lambda i: i)),
        "numbers of an argument": one(
            type="torch.CrossEntropyLoss", args={"weight": fill.array(lambda i: i)}
        ),
        "lazy losses": fill.many(lambda _: {"every": every}),
        "tags": one(tags=fill.array(lambda i: f"t{i}")),
    }


def expressions(fill: Filler) -> dict[str, str]:
    """As many expressions and parameters as may be, and each as long as may be."""
    deep = "${" + "(" * 32 + "a" + "-b)" * 32 + "/3" + "+a" * 40 + "}"
    return {
        "parentheses": fill.many(lambda _: {"weight": deep}) + "params={a=1.0,b=2}\n",
        "signs": fill.many(lambda _: {"weight": "${" + "-" * 180 + "a}"}) + "params={a=1.0}\n",
        "expressions in a list": one(lists=fill.array(lambda i: f"${{a+{i}}}")) + "params={a=1.0}\n",
        "params": one(lists=fill.array(lambda i: f"${{p{i}}}", most=9_000))
        + fill.repeat(lambda i: f"params.p{i}=1\n", most=9_000),
        "params with bounds": one(lists=fill.array(lambda i: f"${{p{i}}}", most=4_000))
        + fill.repeat(lambda i: f"params.p{i}={{default=1,minimum=0,maximum=2}}\n", most=4_000),
        "choices": one(weight="${p}") + f"params.p={{default=1,choices={fill.array(lambda i: i)}}}\n",
    }


def variants(fill: Filler) -> dict[str, str]:
    """As many variants as may be, each of which changes as much as may be."""
    few = fill.many(lambda _: {}, most=20) if fill.share == 1 else Filler(1).many(lambda _: {}, most=5)
    losses = few.count("losses.")
    factors = {"type": "product", "unit": "step", "schedules": [LINE] * 6}

    def spec(change: Callable[[int], str]) -> str:
        return few + fill.repeat(lambda i: f"variants.v{i}.{change(i)}\n", 0.97, most=10_000 // 20 - 1)

    return {
        "variants of one loss": LEAST
        + fill.repeat(lambda i: f"variants.v{i}.losses.a.weight={i}\n", most=500),
        "variants of 100 losses": fill.many(lambda _: {}, most=100)
        + fill.repeat(lambda i: f"variants.v{i}.losses.a{i}.weight={i}\n", most=100),
        "variants that change all": spec(
            lambda i: f"losses={inline({f'a{n}': {'weight': i} for n in range(losses)})}"
        ),
        "variants with schedules": spec(lambda i: f"losses.a{i % losses}.weight={inline(factors)}"),
        "variants that remove": spec(
            lambda i: f"remove={inline([f'losses.a{(i + n) % losses}' for n in range(losses - 1)])}"
        ),
        "variants of a parameter": fill.many(lambda _: {"weight": "${w}"}, most=20)
        + "params.w=1\n"
        + fill.repeat(lambda i: f"variants.v{i}.params.w={i}\n", most=490),
    }


def texts(fill: Filler) -> dict[str, str]:
    """The longest names and texts, and as many of them as may be."""
    return {
        "long names": "format=1\n"
        + fill.repeat(lambda i: f"losses.a{i}_{'n' * 180}={inline(loss())}\n", most=MAX_LOSSES),
        "a long name": f"format=1\nlosses.{'n' * fill.size}={inline(loss())}\n",
        "a long tensor": one(inputs=["x", "y" * fill.size]),
        "a long description": LEAST + f'description="{"a" * fill.size}"\n',
        "lines of a description": LEAST + 'description="""' + fill.repeat(lambda _: "a\n") + '"""\n',
        "sources": LEAST + f"references={fill.array(lambda i: f'http://{i}')}\n",
        "tensors": "format=1\n"
        + fill.repeat(
            lambda i: f'inputs.x{i}="d"\nlosses.a{i}={inline(loss(inputs=["x0", f"x{i}"]))}\n',
            most=MAX_LOSSES,
        ),
        "comments": LEAST + fill.repeat(lambda _: "# a\n"),
    }


def wrong(fill: Filler) -> dict[str, str]:
    """As many mistakes of one kind as fit."""
    half, third = 0.48, 0.32
    many, array, repeat = fill.many, fill.array, fill.repeat
    balance = f'type="lossspec.DynamicWeightAverage",losses={array(lambda i: f"b{i}", half)}'
    return {
        "unknown types": many(lambda i: {"type": f"torch.L{i}Los"}),
        "unknown keys": many(lambda i: {f"weigt{i}": 1, f"inpts{i}": 1}),
        "unknown tensors": LEAST
        + repeat(lambda i: f'inputs.{NEAR}{i}="t"\n', half)
        + repeat(lambda i: f"losses.b{i}={inline(loss(inputs=[f'{NEAR}x{i}', f'{NEAR}y{i}']))}\n", half, 900),
        "unknown params": LEAST
        + repeat(lambda i: f"params.{NEAR}{i}=1\n", half)
        + repeat(lambda i: f"losses.b{i}={inline(loss(weight=f'${{{NEAR}x{i}}}'))}\n", half, 900),
        "unknown arguments": many(lambda i: {"args": {f"redction{i}": 1}}),
        "unknown schedules": many(lambda i: {"weight": {"type": f"linea{i}", "unit": "step"}}),
        "unknown fields": many(lambda i: {"weight": {**LINE, "unit": "step", f"strt{i}": 1}}),
        "unknown removals": many(lambda _: {}, third)
        + f"variants.v.remove={array(lambda i: f'losses.b{i}', half)}\n",
        "unknown variants": LEAST + f'extends="pix2pix{repeat(lambda i: f"+v{i}")}"\n',
        "unknown losses of a balance": many(lambda _: {}, third)
        + f"objectives.total.balance={{{balance}}}\n",
        "wrong numbers": one(lists=array(lambda _: "1")),
        "wrong points": scheduled("piecewise", points=array(lambda i: [-i, 1])),
        "wrong children": scheduled("product", schedules=array(lambda _: {"type": "linear"})),
        "wrong expressions": one(lists=array(lambda _: "${1/0}")),
        "wrong arguments": one(type="torch.CrossEntropyLoss", args={"weight": array(lambda _: -1)}),
        "wrong choices": LEAST + f"params.p={{default=-1,choices={array(lambda i: i)}}}\n",
        "unused params": LEAST + repeat(lambda i: f"params.p{i}=1\n"),
        "too many variants": many(lambda _: {}, third)
        + repeat(lambda i: f"variants.v{i}.losses.a{i}.weight=1\n", half),
    }


#: The groups of files that are right.
RIGHT = (types, schedules, numbers, terms, expressions, variants, texts)


def files(share: float) -> dict[str, str]:
    """Return the files that are right, by group and name."""
    fill = Filler(share)
    return {f"{group.__name__}: {name}": text for group in RIGHT for name, text in group(fill).items()}
