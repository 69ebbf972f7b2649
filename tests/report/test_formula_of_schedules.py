"""The formula of a schedule, evaluated as an expression and as text, equals the schedule."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossspec import schedules
from lossspec.report.formula.math.expression import evaluate
from lossspec.report.formula.math.notation import PLAIN
from lossspec.report.formula.math.writer import Writer, local_names
from lossspec.report.formula.schedules.compose import pieces_of
from lossspec.report.formula.schedules.pieces import stretches


def table(type_name, **fields):
    return {"type": type_name, **fields}


WAVE = table("cyclical", start=0, end=40, start_value=0.0, end_value=1.0)
TABLES = [
    table("constant", value=2.5),
    table("linear", start=100, end=200, start_value=100.0, end_value=0.0),
    table("linear", start=-3.5, end=20, start_value=1 / 3, end_value=2),
    table(
        "linear",
        start=0,
        end=200,
        start_value=-1e-07,
        end_value=3000000000.0,
        minimum=10,
        maximum=1000000000.0,
    ),
    table("polynomial", start=4, end=14, start_value=30.0, end_value=10.0, power=2),
    table("polynomial", start=4, end=14, start_value=3.0, end_value=10.0, power=0.9),
    table("exponential", start=0, end=20, start_value=100.0, end_value=1.0),
    table("exponential", start=1, end=20, start_value=-3.0, end_value=-7.0),
    table("cosine", start=0, end=100, start_value=10.0, end_value=1.0, exponent=2),
    table("cosine", start=5, end=100, start_value=0.0, end_value=1.0),
    table("cosine", start=5, end=100, start_value=2.0, end_value=-1.0),
    table("exponential_decay", start_value=1.0, rate=0.5, period=3, floor=0.2),
    table("exponential_decay", start_value=-1.0, rate=0.5, period=3, floor=-0.2, staircase=True),
    table("inverse_time", start_value=1.0, rate=0.5, period=4, start=2),
    table("inverse_time", start_value=1.0, rate=0.5, period=4, staircase=True),
    table("inverse_sqrt", start_value=2.0, period=4, start=3),
    table("step", start_value=1.0, gamma=0.5, period=10),
    table("multistep", start_value=1.0, gamma=0.5, milestones=[2, 5, 5]),
    table("multistep", start_value=1.0, gamma=0.5, milestones=[5, 5]),
    table("piecewise_constant", values=[1.0, 0.1, 0.0], boundaries=[30, 60]),
    table("piecewise", points=[[2, 1.0], [5, 0.4], [9, 0.6]]),
    table("piecewise", points=[[2, 1.0], [5, 0.4], [9, 0.6]], shape="cosine"),
    table("cosine_restarts", start_value=1.0, end_value=0.1, period=10, period_mult=2, cycles=3),
    table(
        "cosine_restarts", start_value=1.0, end_value=0.1, period=3, period_mult=2, cycles=7, peak_mult=0.5
    ),
    table("cosine_restarts", start_value=1.0, end_value=0.0, period=10, cycles=20, peak_mult=0.9),
    WAVE,
    table("cyclical", start=0, end=40, start_value=0.0, end_value=1.0, cycles=3, ratio=0.3, shape="sigmoid"),
    table("cyclical", start=10, end=40, start_value=1.0, end_value=-0.5, shape="cosine"),
    table("triangular", low=0.0, high=1.0, up=4, down=6),
    table("triangular", low=0.5, high=1.5, up=4, down=6, amplitude_mult=0.5),
    table("sawtooth", low=0.5, high=1.0, period=4),
    table("one_cycle", start=0, end=10, start_value=0.0, peak_value=1.0, end_value=0.5, ratio=0.4),
    table("one_cycle", start=3, end=10, start_value=0.0, peak_value=1.0, end_value=0.5, shape="linear"),
    table("warmup_stable_decay", warmup=10, stable=80, decay=10, peak_value=2.0, shape="1-sqrt"),
    table("warmup_stable_decay", warmup=0, stable=0, decay=10, peak_value=2.0, shape="linear"),
    table("tanh", start=0, end=10, start_value=1.0, end_value=0.0),
    table("rampup", start=0, end=80, start_value=0.0, end_value=1.0),
    table("logistic", rate=0.5, midpoint=10, start_value=-1.0, end_value=1.0),
    table("window", value=0.8, start=50),
    table("window", value=0.8, start=50, end=60),
    table("warmup", over=10, then=table("cyclical", start=0, end=40, start_value=0.5, end_value=1.0)),
    table(
        "join",
        boundaries=[4, 45],
        schedules=[
            table("linear", start=0, end=4, start_value=0.0, end_value=1.0),
            WAVE,
            table("triangular", low=0.0, high=2.0, up=1, down=2),
        ],
    ),
    table(
        "product",
        maximum=3.0,
        schedules=[
            table("linear", start=0, end=10, start_value=1.0, end_value=0.0),
            table("window", value=8.0, start=5),
        ],
    ),
]
TABLES += [
    table("warmup_stable_decay", warmup=3, stable=8, decay=10, peak_value=2.0, end_value=-1, shape="exp"),
    table("linear", start=5, start_value=0.5, slope=-0.01),
    table("linear", start=5, start_value=0.0, slope=0.25, maximum=3.0),
    table("cosine_restarts", start_value=1.0, end_value=0.1, period=7, peak_mult=0.9),
    table("cosine_restarts", start_value=1.0, end_value=0.1, period=7, period_mult=1.5),
]
IDS = [f"{index}-{each['type']}" for index, each in enumerate(TABLES)]
#: Never a multiple of a period above: at a jump, rounding can choose the other side.
positions = st.floats(-5, 250).filter(lambda t: abs(t * 2 - round(t * 2)) > 1e-6)


def test_every_family_is_here():
    assert {each["type"] for each in TABLES} == set(schedules.types())


def expression_at(pieces, t):
    return next(expression for begin, end, expression in stretches(pieces) if begin <= t < end)


@pytest.mark.parametrize("fields", TABLES, ids=IDS)
@given(t=positions)
def test_the_formula_is_the_schedule(fields, t):
    schedule = schedules.from_table(fields)
    found = evaluate(expression_at(pieces_of(schedule), t), t)
    assert found == pytest.approx(schedule(t), rel=1e-8, abs=1e-9 * scale(schedule))


@pytest.mark.parametrize("fields", TABLES, ids=IDS)
@given(t=positions)
def test_the_formula_that_people_read_is_the_schedule(fields, t):
    schedule = schedules.from_table(fields)
    pieces = pieces_of(schedule)
    names = local_names(piece.expression for piece in pieces)
    write = Writer(PLAIN, "e", names).write
    known = {
        "e": t,
        "pi": math.pi,
        **{name: getattr(math, name) for name in ("cos", "exp", "tanh", "sqrt", "floor")},
    }
    known |= {"min": min, "max": max, "ln": math.log}
    expression = expression_at(pieces, t)
    for local, name in names.items():
        if local in local_names([expression]):  # elsewhere it can be undefined
            known[name] = eval(python(write(local.meaning)), known)
    found = eval(python(write(expression)), known)
    assert found == pytest.approx(schedule(t), rel=1e-8, abs=1e-9 * scale(schedule))


def scale(schedule):
    return max(abs(schedule(t)) for t in (0, 7, 60, 249))


def python(text):
    """Translate what a person reads to what Python reads."""
    text = text.replace("\N{MINUS SIGN}", "-").replace("π", "pi").replace("⌊", "floor(").replace("⌋", ")")
    text = text.replace("√", "sqrt").replace(" · ", "*").replace(" mod ", "%")
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    text = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**({found[0].translate(digits)})", text).replace(
        "^", "**"
    )
    return re.sub(r"(?<=[\w)]) (?=[\w(])", "*", text)


def test_a_registered_schedule_goes_by_its_name():
    from attrs import field, frozen

    from lossspec.schedules.kinds import number

    @frozen(kw_only=True)
    class jitter(  # noqa: N801 - as schedules are named
        schedules.Schedule
    ):
        size: float = field(metadata=number("how much"))

        def curve(self):
            size = self.size
            return lambda t: size * math.sin(t)

    (piece,) = pieces_of(jitter(size=2.0, unit="step", maximum=1.5))
    assert Writer(PLAIN, "s").write(piece.expression) == "min(1.5, jitter(s, size = 2))"
    assert evaluate(piece.expression, 0.5) == pytest.approx(2 * math.sin(0.5))


def test_parts_of_one_name_get_distinct_names():
    two = {"type": "join", "schedules": [WAVE, WAVE], "boundaries": [40]}
    names = local_names(piece.expression for piece in pieces_of(schedules.from_table(two)))
    assert list(names.values()) == ["u_1", "u_2"]


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        (TABLES[1], ["100", "100 - (e - 100)", "0"]),
        (TABLES[3], ["10", "max(10, min(10⁹, -10⁻⁷ + 1.5 · 10⁷ e))", "10⁹"]),
        (TABLES[5], ["3", "10 - 7 (1 - (e - 4) / 10)^(0.9)", "10"]),
        (TABLES[7], ["-3", "-3 (7 / 3)^((e - 1) / 19)", "-7"]),
        (TABLES[8], ["10", "1 + 9 ((1 + cos(π e / 100)) / 2)²", "1"]),
        (TABLES[36], ["0", "exp(-5 (1 - e / 80)²)", "1"]),
    ],
)
def test_formulas_are_as_a_person_writes_them(fields, written):
    pieces = pieces_of(schedules.from_table(fields))
    found = [Writer(PLAIN, "e").write(piece.expression).replace("\N{MINUS SIGN}", "-") for piece in pieces]
    assert found == written
