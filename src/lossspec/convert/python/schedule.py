"""A schedule as a small function: a call of the plain function of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.python.layout import literal, statement
from lossspec.convert.python.plain import curves, ramps
from lossspec.convert.python.refusal import refuse
from lossspec.schedules.lookup import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from lossspec.schedules import Schedule


def function_of(schedule: Schedule, name: str, what: str, used: dict[str, ModuleType]) -> list[str]:
    """Return the lines of a function of the clock that returns the value of a schedule.

    Args:
        schedule: of a resolved spec.
        name: what the function is called.
        what: what the value is, for the docstring and for the message of a refusal.
        used: gets the plain functions that it calls, and where they are.

    Raises:
        ExportError: a schedule that was registered, or that is a bare callable.
    """
    unit = schedule.unit or "epoch"
    table = schedule.to_table()
    t = "t" if _has_type(table, unit) else unit
    return [
        f"def {name}({t}: float) -> float:",
        f'    """Return {what}."""',
        *statement("return ", _expression(table, t, what, used), indent=4),
    ]


def _has_type(table: object, name: str) -> bool:
    """Whether a schedule or one inside it is of a type: `step` is one, too."""
    if isinstance(table, dict):
        return table.get("type") == name or any(_has_type(each, name) for each in table.values())
    return isinstance(table, list | tuple) and any(_has_type(each, name) for each in table)


def _expression(table: Mapping[str, object], t: str, what: str, used: dict[str, ModuleType]) -> str:
    name = str(table["type"])
    if name not in TYPES:
        refuse(what, f"its schedule is `{name}`, a function of yours: copy it into the module by hand")
    if name == "constant":
        text = literal(table["value"])
    else:
        home = ramps if hasattr(ramps, name) else curves
        used[name] = home
        fields = {
            key: value
            for key, value in table.items()
            if key not in {"type", "unit", "minimum", "maximum", "floor"}
        }
        given = [f"{key}={_field(value, what, used)}" for key, value in fields.items()]
        text = f"{name}({', '.join([t, *given])})"
    low, high = table.get("minimum"), table.get("maximum")
    if (floor := table.get("floor")) is not None:
        falls = float(str(table["start_value"])) > 0
        text = f"{'max' if falls else 'min'}({text}, {literal(floor)})"
    text = text if low is None else f"max({text}, {literal(low)})"
    return text if high is None else f"min({text}, {literal(high)})"


def _field(value: object, what: str, used: dict[str, ModuleType]) -> str:
    if isinstance(value, dict):
        return f"lambda t: {_expression(value, 't', what, used)}"
    if isinstance(value, list | tuple) and any(isinstance(each, dict) for each in value):
        return f"[{', '.join(_field(each, what, used) for each in value)}]"
    return literal(value)
