"""Writes the reference of the Python API, from signatures and docstrings."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from typing import TYPE_CHECKING

from attrs import NOTHING
from docs.generate.docstrings import docstring
from docs.generate.markdown import block

import lossspec
import lossspec.errors
import lossspec.losses
import lossspec.report
import lossspec.writers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: The pages: title, opening text, module, and the names that the page documents.
GROUPS: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "specs": (
        "Specs",
        "Find, validate and resolve a spec. Nothing here imports torch.",
        "lossspec",
        ("load", "validate", "spec", "Spec", "Diagnostic", "SpecError", "__version__"),
    ),
    "manager": (
        "Training",
        (
            "Build the losses of a spec, run them, and read the log. See also "
            "[the manager](../../manager.md) and [its log](../../log-format.md)."
        ),
        "lossspec",
        ("LossManager", "Objective", "LMLoss", "LMHistory", "build", "read_log", "ConfigManager"),
    ),
    "writers": (
        "Writers",
        (
            "Pass the values of a run on to trackers while it trains. See also "
            "[the guide](../../guides/trainers/trackers.md)."
        ),
        "lossspec.writers",
        tuple(lossspec.writers.__all__),
    ),
    "points": (
        "Points",
        "What a writer of your own is given, and what it must have.",
        "lossspec.log",
        ("Writer", "Run", "SeriesPoint", "Point"),
    ),
    "register": (
        "Registering",
        (
            "Register your own losses, schedules and balancers, so that specs can name them. "
            "[The registry](../../registry.md) shows how a plug-in ships them."
        ),
        "lossspec",
        ("register_loss", "register_schedule", "register_balancer"),
    ),
    "schedules": (
        "Schedules",
        (
            "What all schedules have in common. "
            "[The catalogue](../../catalogue/schedules.md) has each type, with its fields and a picture."
        ),
        "lossspec.schedules",
        tuple(name for name in lossspec.schedules.__all__ if name not in lossspec.schedules.TYPES),
    ),
    "losses": (
        "Losses",
        "The loss modules of lossspec. They are plain `torch.nn.Module`s.",
        "lossspec.losses",
        tuple(sorted(lossspec.losses.__all__)),
    ),
    "report": (
        "Reports",
        "Tables, curves and pages of runs, and formulas of specs.",
        "lossspec.report",
        tuple(lossspec.report.__all__),
    ),
    "errors": (
        "Errors",
        "Every error derives from `LossSpecError`; catch it to catch them all.",
        "lossspec.errors",
        tuple(name for name, each in vars(lossspec.errors).items() if isinstance(each, type)),
    ),
}
#: Values and aliases, which have no docstring.
VALUES = {
    "lossspec.__version__": "The version, a string.",
    "lossspec.schedules.TYPES": "The built-in types: a mapping from name to class.",
    "lossspec.schedules.Function": "`Callable[[float], float]`: the type of a schedule's function.",
    "lossspec.schedules.Unit": '`"epoch"`, `"step"` or `"fraction"`: what the positions of a schedule count.',
}


def pages() -> dict[str, str]:
    """Return the pages by path."""
    return {f"reference/api/{name}.md": "\n\n".join(_page(*group)) + "\n" for name, group in GROUPS.items()}


def _page(title: str, opening: str, module: str, names: tuple[str, ...]) -> Iterator[str]:
    yield f"# {title}"
    yield opening
    yield f"Module `{module}`."
    for name in names:
        yield from _symbol(f"{module}.{name}", getattr(import_module(module), name))


def _symbol(name: str, value: Callable[..., object]) -> Iterator[str]:
    short = name.rpartition(".")[2]
    yield f"## `{short}` {{ #{name} }}"
    if name in VALUES:
        yield VALUES[name]
        return
    yield block(signature(short, value), "python")
    yield docstring(value.__doc__)
    if isinstance(value, type):
        for member, each in members(value).items():
            level = "####" if member == "forward" else "###"  # every module has it: not in the list
            yield f"{level} `{member}` {{ #{name}.{member} }}"
            if not isinstance(each, property):
                yield block(signature(member, each, bound=True), "python")
            yield docstring(each.__doc__)


def members(cls: type) -> dict[str, Callable[..., object] | property]:
    """Return the public methods and properties of a class that this package defines, its own first."""
    found: dict[str, Callable[..., object] | property] = {}
    for base in cls.__mro__:
        if not base.__module__.startswith("lossspec"):
            continue
        for name, each in vars(base).items():
            plain = each.__func__ if isinstance(each, classmethod | staticmethod) else each
            if (
                not name.startswith("_")
                and name != "extra_repr"
                and (inspect.isfunction(plain) or isinstance(plain, property))
            ):
                found.setdefault(name, plain)
    return found


def signature(name: str, value: Callable[..., object], *, bound: bool = False) -> str:
    """Return the signature of a callable as code, with one parameter per line if it is too long."""
    if isinstance(value, type) and not _is_made_by_users(value):
        return f"class {name}"
    found = inspect.signature(value)
    parameters = list(found.parameters.values())[1 if bound else 0 :]
    words: list[str] = []
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not any(word.startswith("*") for word in words):
            words.append("*")
        words.append(_parameter(each))
    returns = (
        ""
        if found.return_annotation in {found.empty, None, "None"}
        else f" -> {_annotation(found.return_annotation)}"
    )
    start, end = (
        f"{'class ' if isinstance(value, type) else ''}{name}(",
        f"){'' if isinstance(value, type) else returns}",
    )
    line = start + ", ".join(words) + end
    return line if len(line) <= 88 else start + "".join(f"\n    {word}," for word in words) + "\n" + end


def _is_made_by_users(cls: type) -> bool:
    """Return whether the docstring documents the arguments of the constructor."""
    return any(f"{section}:" in (cls.__doc__ or "") for section in ("Args", "Attributes"))


def _parameter(parameter: inspect.Parameter) -> str:
    stars = (
        "*"
        if parameter.kind is parameter.VAR_POSITIONAL
        else "**"
        if parameter.kind is parameter.VAR_KEYWORD
        else ""
    )
    annotation = "" if parameter.annotation is parameter.empty else f": {_annotation(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return f"{stars}{parameter.name}{annotation}"
    default = "..." if parameter.default is NOTHING else _value(parameter.default)
    return f"{parameter.name}{annotation}{' = ' if annotation else '='}{default}"


def _value(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _annotation(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
