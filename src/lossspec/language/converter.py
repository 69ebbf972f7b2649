"""From Python values to those of TOML, and the cattrs converter that the model and its digest share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast, get_args

from lossspec.faults import Fault
from lossspec.scalars import plain_number
from lossspec.schedules import Schedule
from lossspec.wording import dotted

if TYPE_CHECKING:
    from cattrs import Converter
    from cattrs.dispatch import UnstructureHook

    from lossspec.faults import KeyPath

    Fields = Mapping[type, tuple[str, ...]]


def new_converter(unwritten: Fields, *, omit_if_default: bool) -> Converter:
    """Return a converter that writes schedules as tables and leaves some fields out.

    Args:
        unwritten: the fields that are left out, by class.
        omit_if_default: whether fields at their default are left out, too.
    """
    from cattrs import Converter  # validating does not need it

    made = Converter(omit_if_default=omit_if_default, forbid_extra_keys=True)
    made.register_unstructure_hook(Schedule, lambda schedule: schedule.to_table())
    made.register_unstructure_hook_func((object,).__contains__, made.unstructure)
    made.register_unstructure_hook_factory(
        unwritten.__contains__, lambda cls: unstructure_without(made, cls, unwritten[cls])
    )
    return made


def unstructure_without(made: Converter, cls: type, omitted: tuple[str, ...]) -> UnstructureHook:
    """Return a hook that writes a class without some of its fields."""
    from cattrs.gen import make_dict_unstructure_fn, override

    overrides: dict[str, Any] = {name: override(omit=True) for name in omitted}
    return make_dict_unstructure_fn(cls, made, _cattrs_omit_if_default=made.omit_if_default, **overrides)


def exactly(value: Any, kind: Any) -> Any:
    """Return a value whose type is the given one, or one of a union.

    Raises:
        TypeError: it has another type.
    """
    if type(value) not in (get_args(kind) or (kind,)):
        raise TypeError(f"expected {kind}, got {value!r}")
    return value


def as_toml(values: Mapping[str, object]) -> dict[str, object]:
    """Return a mapping as TOML has it; values that TOML does not have are left as they are.

    >>> as_toml({"inputs": ("y_fake", "y")})
    {'inputs': ['y_fake', 'y']}
    """
    return {str(key): _as_toml(each) for key, each in values.items()}


def _as_toml(value: object) -> object:
    if isinstance(value, Schedule):
        value = value.to_table()
    if isinstance(value, Mapping):
        return as_toml(cast("Mapping[str, object]", value))
    if isinstance(value, list | tuple):
        return [_as_toml(each) for each in value]
    if isinstance(value, str):  # an enum may be one
        return str.__str__(value)
    return plain_number(value)


def large_integers(value: object, path: KeyPath = ()) -> Iterator[Fault]:
    """Yield a fault for each integer of a table made in Python that no TOML file can have.

    >>> [fault.message for fault in large_integers({"losses": {"l1": {"weight": 10**5000}}})]
    ['`losses.l1.weight` does not fit in 64 bits']
    """
    if isinstance(value, dict):
        for key, each in value.items():
            yield from large_integers(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from large_integers(each, (*path, index))
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        message = f"`{dotted(path)}` does not fit in 64 bits"
        yield Fault("integer-too-large", message, path, help="write it as a float, such as 1e20")
