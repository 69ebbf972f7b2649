"""The cattrs converter that the model and its digest share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lossspec.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cattrs import Converter
    from cattrs.dispatch import UnstructureHook

    Fields = Mapping[type, tuple[str, ...]]


def new_converter(unwritten: Fields, *, omit_if_default: bool) -> Converter:
    """Return a converter that writes schedules as tables, and some fields not at all.

    Args:
        unwritten: the fields that are left out, by class.
        omit_if_default: whether what is at its default is left out, too.
    """
    from cattrs import Converter  # validating does not pay for it

    made = Converter(omit_if_default=omit_if_default, forbid_extra_keys=True)
    made.register_unstructure_hook(Schedule, lambda schedule: schedule.to_table())
    made.register_unstructure_hook_func(is_one_of(object), made.unstructure)
    made.register_unstructure_hook_factory(
        unwritten.__contains__, lambda cls: unstructure_without(made, cls, unwritten[cls])
    )
    return made


def unstructure_without(made: Converter, cls: type, omitted: tuple[str, ...]) -> UnstructureHook:
    """Return what writes a class without some of its fields."""
    from cattrs.gen import make_dict_unstructure_fn, override

    overrides: dict[str, Any] = {name: override(omit=True) for name in omitted}
    return make_dict_unstructure_fn(cls, made, _cattrs_omit_if_default=made.omit_if_default, **overrides)


def is_one_of(*kinds: Any) -> Callable[[Any], bool]:
    """Return a predicate for hooks: whether a type is one of these."""
    return lambda kind: kind in kinds
