"""Schedules of the user's own: from a signature, under a name, and given as a bare callable."""

from __future__ import annotations

import math
from typing import Literal

import pytest
from attrs import frozen

import lossspec
from lossspec import schedules
from lossspec.errors import RegistrationError
from lossspec.schedules import ScheduleError, lookup, register_schedule


@pytest.fixture(autouse=True)
def registered():
    """Give each test a registry of its own."""
    before = dict(lookup.REGISTERED)
    lookup.REGISTERED.clear()
    yield
    lookup.REGISTERED.clear()
    lookup.REGISTERED.update(before)


def ramp(
    t: float,
    slope: float,
    steps: int = 1,
    *,
    sign: bool = True,
    shape: Literal["line", "square"] = "line",
    knots: list[float] = (1.0, 2.0),
    top: float | None = None,
) -> float:
    """A ramp of steps.

    Some more words.

    Args:
        slope: how steep it is.
        steps (int): into how many steps.
        knots: two numbers
    """
    value = slope * (t // steps) * (1 if sign else -1) + sum(knots) * 0
    value = value**2 if shape == "square" else value
    return value if top is None else min(value, top)


def test_a_function_becomes_a_type_with_its_signature_as_fields():
    assert register_schedule("mylib.ramp")(ramp) is ramp
    made = schedules.from_table({"type": "mylib.ramp", "slope": 2, "top": 9.0, "unit": "step", "minimum": 1})
    assert [made(t) for t in (0, 1, 3, 100)] == [1.0, 2.0, 6.0, 9.0]
    assert type(made(3)) is float
    assert made.to_table() == {"type": "mylib.ramp", "unit": "step", "slope": 2.0, "top": 9.0, "minimum": 1.0}
    assert schedules.from_table(made.to_table()) == made
    assert made == schedules.find("mylib.ramp")(slope=2, top=9, unit="step", minimum=1)
    assert repr(made).startswith("mylib.ramp(")
    holder = schedules.from_table({"type": "product", "schedules": [made, {"type": "constant", "value": 2}]})
    assert holder(3) == 12.0
    inside = schedules.warmup(over=2, start_value=4.0, then=schedules.find("mylib.ramp")(slope=1))
    assert [inside(t) for t in (0, 1, 5)] == [4.0, 2.0, 3.0]


def test_json_schema_comes_from_annotations_and_docstring():
    register_schedule("mylib.ramp")(ramp)
    schema = schedules.json_schema()["mylib.ramp"]
    assert schema["description"] == "A ramp of steps"
    assert schema["required"] == ["type", "slope"]
    properties = schema["properties"]
    assert list(properties) == [
        "type", "unit", "slope", "steps", "sign", "shape", "knots", "top", "minimum", "maximum",
    ]  # fmt: skip
    number, reference = {"$ref": "#/$defs/number"}, {"$ref": "#/$defs/reference"}
    assert properties["slope"] == {"description": "how steep it is", **number}
    assert properties["steps"] == {
        "description": "into how many steps",
        "anyOf": [{"type": "integer"}, reference],
        "default": 1,
    }
    assert properties["sign"] == {
        "description": "the argument `sign`",
        "anyOf": [{"type": "boolean"}, reference],
        "default": True,
    }
    assert properties["shape"]["enum"] == ["line", "square"]
    assert properties["knots"] == {
        "description": "two numbers",
        "type": "array",
        "items": number,
        "default": [1.0, 2.0],
    }
    assert properties["top"] == {"description": "the argument `top`", **number}


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"slope": "1"}, ("slope",), '`slope` must be a number, got `"1"`'),
        ({"slope": 1, "steps": 1.5}, ("steps",), "`steps` must be a whole number, got `1.5`"),
        ({"slope": 1, "shape": "cube"}, ("shape",), '`shape` must be one of `line`, `square`, got `"cube"`'),
        (
            {"slope": 1, "knots": [1, math.nan]},
            ("knots", 1),
            "`knots[1]` must be a finite number of at most 1e100 in magnitude, got `nan`",
        ),
        ({"slop": 1}, ("slop",), "unknown key `slop` in a schedule of type `mylib.ramp`"),
        ({}, (), "key `slope` is missing in a schedule of type `mylib.ramp`"),
    ],
)
def test_the_fields_of_a_registered_type_are_checked(fields, path, message):
    register_schedule("mylib.ramp")(ramp)
    first = schedules.faults({"type": "mylib.ramp", **fields})[0]
    assert (first.path, first.message) == (path, message)


def test_a_class_is_made_once_and_called():
    made = []

    @register_schedule("mylib.Decay")
    @frozen
    class Decay:
        """A decay with a memo."""

        rate: float = 0.5

        def __attrs_post_init__(self):
            if self.rate > 1:
                raise ValueError("rate is above 1")
            made.append(self.rate)

        def __call__(self, t):
            return self.rate**t

    schedule = schedules.from_table({"type": "mylib.Decay", "rate": 0.1})
    assert [schedule(t) for t in (0, 1, 2)] == pytest.approx([1.0, 0.1, 0.01])
    assert made == [0.1]
    [fault] = schedules.faults({"type": "mylib.Decay", "rate": 3.0})
    assert fault.message == "schedule `mylib.Decay` refused its fields: rate is above 1"
    assert Decay().rate == 0.5


def test_a_schedule_may_hold_schedules():
    @register_schedule("mylib.twice")
    def twice(t: float, of: schedules.Schedule) -> float:
        return 2 * of(t)

    made = schedules.from_table({"type": "mylib.twice", "of": {"type": "constant", "value": 3.0}})
    assert made(0) == 6.0
    assert schedules.json_schema()["mylib.twice"]["properties"]["of"]["$ref"] == "#/$defs/schedule"
    [fault] = schedules.faults({"type": "mylib.twice", "of": {"type": "constant", "value": "3"}})
    assert fault.path == ("of", "value")


def test_a_string_is_a_string():
    @register_schedule("mylib.named")
    def named(t: float, name: str = "a") -> float:
        return float(len(name))

    assert schedules.find("mylib.named")(name="four")(0) == 4.0
    [fault] = schedules.faults({"type": "mylib.named", "name": 3})
    assert fault.message == "`name` must be a string, got `3`"


def test_a_taken_name_names_both_owners():
    def other(t: float) -> float:
        return t

    register_schedule("mylib.ramp")(ramp)
    here = __name__
    with pytest.raises(RegistrationError) as caught:
        register_schedule("mylib.ramp")(other)
    assert str(caught.value) == (
        f"schedule `mylib.ramp` is already registered by {here}:ramp: "
        f"{here}:test_a_taken_name_names_both_owners.<locals>.other must use another name"
    )
    with pytest.raises(RegistrationError) as caught:
        register_schedule("linear")(ramp)
    assert str(caught.value) == (
        f"schedule `linear` is already registered by lossspec: {here}:ramp must use another name"
    )
    assert schedules.find("mylib.ramp")(slope=1)(3) == 3.0


def test_the_same_code_can_be_registered_again():
    register_schedule("mylib.ramp")(ramp)
    register_schedule("mylib.ramp")(ramp)  # as when a notebook cell runs twice
    assert schedules.find("mylib.ramp")(slope=1)(3) == 3.0


def test_numpy_docstrings_describe_fields_too():
    @register_schedule("mylib.scaled")
    def scaled(t: float, by: float) -> float:
        """Scaled.

        Parameters
        ----------
        by : float
            The factor.
        """
        return by * t

    field = schedules.json_schema()["mylib.scaled"]["properties"]["by"]
    assert field["description"] == "The factor"


@pytest.mark.parametrize("name", ["ramp", "mylib.", ".ramp", "my lib.ramp", "mylib.rämp", "mylib..ramp", ""])
def test_a_name_starts_with_a_package(name):
    with pytest.raises(RegistrationError, match=r"must have the form `<your package>\.<name>`, such as"):
        register_schedule(name)(ramp)


def no_t() -> float: ...
def keyword_t(*, t: float) -> float: ...
def bare(t, rate): ...
def rest(t: float, *args: float) -> float: ...
def keywords(t: float, **kwargs: float) -> float: ...
def taken(t: float, minimum: float = 0.0) -> float: ...
def hidden(t: float, _rate: float = 0.0) -> float: ...
def strange(t: float, rate: complex = 0j) -> float: ...
def wrong_default(t: float, rate: float = "fast") -> float: ...
def two_kinds(t: float, rate: float | str = 1.0) -> float: ...
def unresolved(t: float, rate: Rate = 1.0) -> float: ...  # noqa: F821


class NotCallable: ...


NO_KIND = (
    "parameter `rate` cannot be written in a table: annotate it as "
    "float, int, bool, str, Literal, list or Schedule, got "
)
UNFIT = {
    no_t: "its first parameter must be t",
    keyword_t: "its first parameter must be t",
    bare: "parameter `rate` must be annotated, such as `rate: float`",
    rest: "`*args: float` is not a single field: write out the parameters",
    keywords: "`**kwargs: float` is not a single field: write out the parameters",
    taken: "parameter `minimum` has a reserved name: rename it",
    hidden: "parameter `_rate` has a reserved name: rename it",
    strange: f"{NO_KIND}<class 'complex'>",
    wrong_default: 'the default of `rate` must be a number, got `"fast"`',
    two_kinds: f"{NO_KIND}float | str",
    unresolved: f"{NO_KIND}'Rate'",
    NotCallable: "its objects are not callable: give it a `__call__(self, t)`",
}


@pytest.mark.parametrize("target", UNFIT, ids=lambda target: target.__name__)
def test_a_signature_without_fields_is_an_error(target):
    with pytest.raises(RegistrationError) as caught:
        register_schedule("mylib.unfit")(target)
    name = f"{__name__}:{target.__qualname__}"
    assert str(caught.value) == f"{name} cannot be registered as schedule `mylib.unfit`: {UNFIT[target]}"
    assert schedules.find("mylib.unfit") is None


def test_the_package_names_the_decorator():
    assert lossspec.register_schedule is register_schedule


# --- bare callables ------------------------------------------------------------------------------------


def misbehave(t):
    return {0: 1, 1: math.nan, 2: "2", 3: None}[t] if t < 4 else 1 / 0


@pytest.mark.parametrize(
    ("t", "what"),
    [
        (1, "returned nan"),
        (2, 'returned "2", not a number'),
        (3, "returned None, not a number"),
        (4, "raised ZeroDivisionError: division by zero"),
    ],
)
def test_the_result_of_a_callable_is_checked(t, what):
    schedule = schedules.from_callable(misbehave)
    assert schedule(0) == 1.0
    assert type(schedule(0)) is float
    with pytest.raises(ScheduleError) as caught:
        schedule(t)
    assert str(caught.value) == (
        f"schedule `{__name__}:misbehave` {what} at t = {t}; "
        "a schedule must return a finite number for every t"
    )


def test_a_mistake_inside_a_callable_is_not_hidden():
    with pytest.raises(KeyError):
        schedules.from_callable(lambda t: {}[t])(0)


def test_a_schedule_stays_itself_and_a_number_is_refused():
    linear = schedules.linear(start=0, end=1, start_value=0, end_value=1)
    assert schedules.from_callable(linear) is linear
    assert schedules.from_callable(math.sqrt, unit="step").unit == "step"
    with pytest.raises(ScheduleError) as caught:
        schedules.from_callable(3.0)
    assert str(caught.value) == "a schedule must be callable, got `3`; pass a schedule, or a function of t"


def test_a_bare_callable_has_no_table():
    with pytest.raises(ScheduleError) as caught:
        schedules.from_callable(misbehave).to_table()
    assert str(caught.value) == (
        f"`{__name__}:misbehave` is not registered, so it cannot be written as a table; "
        'register it: `@lossspec.register_schedule("mylib.name")`'
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_an_invalid_position_does_not_reach_a_callable(bad):
    with pytest.raises(ScheduleError, match=r"^t must be a finite number"):
        schedules.from_callable(misbehave)(bad)
