"""What the parts of a module share: its names, and what it imports, writes out and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.python.names import Names
from lossspec.convert.python.refusal import refuse
from lossspec.convert.python.schedule import function_of
from lossspec.convert.python.source.collect import source_of
from lossspec.registry import find
from lossspec.registry.lookup import registered

if TYPE_CHECKING:
    from types import ModuleType

    from lossspec.language.model import Spec, Term
    from lossspec.registry import LossType
    from lossspec.schedules import Schedule

#: What every module defines or imports.
FIXED = frozenset({"torch", "nn", "Tensor", "Objective", "objectives"})
#: The helpers of ``helpers.py``.
HELPERS = frozenset(
    {"classes", "decayed", "detached", "elements", "entry", "filled", "greatest", "guarded", "has", "least"}
    | {"Guard", "is_list", "mean", "pairs", "per_item", "reduced"}
)
#: The loss type whose value is its input: it needs no module.
PASSED_ON = "lossspec.Precomputed"
_OURS = __name__.partition(".")[0]


class Scope:
    """A module in the making.

    Attributes:
        names: what is taken at its top.
        source: lossspec's own losses that it writes out.
        imports: module, name and the name in this module.
        schedules: the functions of its schedules, as lines.
        curves: the plain functions that these call, and where they are.
        helpers: those that it needs.
        units: what its schedules count.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.types = {name: _type(term) for name, term in spec.losses.items()}
        passed_on = {name for name, term in spec.losses.items() if term.type == PASSED_ON}
        ours = {
            name: entry
            for name, entry in self.types.items()
            if entry.library == _OURS and name not in passed_on
        }
        self.source = source_of(
            dict.fromkeys(_target(entry) for entry in ours.values()),
            [word for name, entry in ours.items() for word in _words(spec.losses[name], entry)],
        )
        self.names = Names(
            FIXED | HELPERS | {str(each.name) for term in spec.losses.values() for each in term.references}
        )
        self.names.taken |= self.source.definitions.keys() | {name for _, name in self.source.imports}
        self.imports: dict[tuple[str, str], str] = {}
        self.schedules: list[list[str]] = []
        self.curves: dict[str, ModuleType] = {}
        self.helpers: set[str] = set()
        self.units: set[str] = set()

    def code(self, entry: LossType) -> str:
        """Return what the class or function of a loss type is called in this module."""
        module, name = _target(entry)
        if module == "torch.nn":
            return f"nn.{name}"
        if entry.library == _OURS:
            return name
        if (module, name) not in self.imports:
            self.imports[module, name] = self.names.take(name, f"{entry.library}_{name}")
        return self.imports[module, name]

    def schedule(self, schedule: Schedule, name: str, what: str) -> str:
        """Add the function of a schedule; return its call."""
        unit = schedule.unit or "epoch"
        self.units.add(unit)
        taken = self.names.take(name)
        self.schedules.append(function_of(schedule, taken, what, self.curves))
        return f"{taken}(self.{unit})"

    def helper(self, name: str) -> str:
        """Return the name of a helper, which the module then has."""
        self.helpers.add(name)
        return name


def _type(term: Term) -> LossType:
    entry = find(term.type)
    if entry is None:
        refuse(f"`{term.name}`", f"its type `{term.type}` is not registered in this process")
    if entry.name in registered:
        refuse(
            f"`{term.name}`",
            f"its type `{entry.name}` is registered by {entry.owner}: only what a library ships can be "
            "imported by a module that stands alone",
        )
    if "weights_path" in term.args and entry.args["weights_path"].ours:
        refuse(
            f"`{term.name}`",
            f"`weights_path` is lossspec's: {entry.target.replace(':', '.')} fetches its weights by itself; "
            "leave it out, and keep the file where `torch.hub` looks",
        )
    return entry


def _target(entry: LossType) -> tuple[str, str]:
    module, _, name = entry.target.partition(":")
    return module, name


def _words(term: Term, entry: LossType) -> list[str]:
    """Return the strings among the arguments of a loss, those at their default included."""
    values = [term.args.get(name, argument.default) for name, argument in entry.args.items()]
    return [each for each in values if isinstance(each, str)]
