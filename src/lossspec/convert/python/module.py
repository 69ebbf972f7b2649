"""A resolved spec as one module of plain PyTorch."""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING

from lossspec.convert.python.formula import docstring
from lossspec.convert.python.layout import WIDTH, statement
from lossspec.convert.python.refusal import refuse_balances
from lossspec.extras import torch_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lossspec.convert.python.scope import Scope
    from lossspec.language.model import Spec

_BASE = '''\
class Objective(nn.Module):
    """A weighted sum of losses.

    Attributes:
        values: what the terms were in the last call, before they were weighed; without gradient, for a log.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Tensor] = {}
'''

_STILL = '''
    def set_progress(self, **progress: float) -> None:
        """Do nothing: no weight moves."""
'''

_MOVING = '''\
        self.epoch, self.step = 0.0, 0

    def set_progress(self, epoch: float | None = None, step: int | None = None, **_: float) -> None:
        """Say where the run is. Both count from 0; what is left out stays as it is."""
        self.epoch = self.epoch if epoch is None else epoch
        self.step = self.step if step is None else step
'''

_OF_KNOWN_LENGTH = '''\
        self.epoch, self.step = 0.0, 0
        self.total_epochs: float | None = None
        self.total_steps: int | None = None

    def set_progress(
        self,
        epoch: float | None = None,
        step: int | None = None,
        total_epochs: float | None = None,
        total_steps: int | None = None,
        **_: float,
    ) -> None:
        """Say where the run is, from 0, and how long it is. What is left out stays as it is."""
        self.epoch = self.epoch if epoch is None else epoch
        self.step = self.step if step is None else step
        self.total_epochs = self.total_epochs if total_epochs is None else total_epochs
        self.total_steps = self.total_steps if total_steps is None else total_steps

    @property
    def fraction(self) -> float:
        """The part of the run that is over."""
        if self.total_steps is not None:
            return self.step / self.total_steps
        if self.total_epochs is not None:
            return self.epoch / self.total_epochs
        raise RuntimeError("call `set_progress(total_steps=...)` or `set_progress(total_epochs=...)` first")
'''


_LAZY = '''
    def is_due(self, term: str, steps: int) -> bool:
        """Return whether a term runs now: at the first step at or after each multiple of `steps`."""
        last = self.last_due.get(term)
        due = last is None or last == self.step or self.step // steps > last // steps
        if due and self.training:
            self.last_due[term] = self.step
        return due
'''

_FORGET = """\
        for term, last in [*self.last_due.items()]:
            if self.step < last:  # the clock was set back: what lies ahead is due again
                self.last_due[term] = self.step - 1
"""


def to_python(spec: Spec) -> str:
    """Return a module of plain PyTorch that computes what the manager does with a resolved spec.

    Args:
        spec: from ``lossspec.load``.

    Raises:
        ExportError: the spec has a part that plain Python can't say; the message names it.
        MissingExtraError: torch, or a library of losses, is not installed.

    Example:
        >>> import lossspec
        >>> text = to_python(lossspec.load("pix2pix"))
        >>> [line for line in text.splitlines() if line.startswith("class ")]
        ['class Objective(nn.Module):', 'class G(Objective):', 'class D(Objective):']
    """
    refuse_balances(spec)
    with torch_for("`lossspec export --to python`"):
        from lossspec.convert.python.objective import write_objective
        from lossspec.convert.python.scope import Scope
    scope = Scope(spec)
    classes = {
        name: scope.names.take(name[:1].upper() + name[1:], f"{name}_objective") for name in spec.objectives
    }
    written = [write_objective(each, scope, classes[name]) for name, each in spec.objectives.items()]
    made = ", ".join(f'"{name}": {each}()' for name, each in classes.items())
    objectives = [
        "def objectives() -> dict[str, Objective]:",
        '    """Return the objectives by name."""',
        *statement("return ", f"{{{made}}}", indent=4),
    ]
    parts = [_base(scope), *("\n".join(each) for each in [*written, objectives, *scope.schedules])]
    parts += [*_helpers(scope), *scope.source.definitions.values()]
    text = "\n\n\n".join(part.strip("\n") for part in _spaced(parts))
    head = "\n".join([*docstring(spec), "", *_imports(text, scope)])
    return f"{head}\n\n\n{text}\n"


def _base(scope: Scope) -> str:
    is_lazy = any(term.every is not None for term in scope.spec.losses.values())
    if not scope.units and not is_lazy:
        return _BASE + _STILL
    clock = _OF_KNOWN_LENGTH if "fraction" in scope.units else _MOVING
    if not is_lazy:
        return _BASE + clock
    first, second = (
        "        self.epoch, self.step = 0.0, 0\n",
        "        self.step = self.step if step is None else step\n",
    )
    clock = clock.replace(first, f"{first}        self.last_due: dict[str, int] = {{}}\n")
    return _BASE + clock.replace(second, second + _FORGET) + _LAZY


def _helpers(scope: Scope) -> Iterator[str]:
    """Yield the text of the plain functions that the module calls."""
    from lossspec.convert.python.plain import curves, helpers, ramps

    wanted = [*scope.curves, *sorted(scope.helpers)]
    for name in wanted:
        home = next(each for each in (ramps, curves, helpers) if hasattr(each, name))
        text = re.sub(r"  # (noqa|type): [^\n]*", "", inspect.getsource(getattr(home, name)))
        yield text.strip()
        for other in ("shaped", "power", "entry", "is_list", "Guard"):
            if re.search(rf"\b{other}[(.]", text) and other not in wanted:
                wanted.append(other)


def _spaced(parts: Iterable[str]) -> Iterator[str]:
    """Yield parts; constants that follow one another stand together."""
    block: list[str] = []
    for part in parts:
        is_block = part.startswith(("class ", "def ", "@"))
        if is_block and block:
            yield "\n".join(block)
            block = []
        if is_block:
            yield part
        else:
            block.append(part)
    if block:
        yield "\n".join(block)


def _imports(text: str, scope: Scope) -> list[str]:
    """Return the imports that a text needs, sorted as formatters sort them."""
    known = {
        ("torch", "Tensor"): "Tensor",
        ("torch", "nn"): "nn",
        ("torch", ""): "torch",
        ("math", ""): "math",
    }
    known |= {("bisect", "bisect_right"): "bisect_right", ("typing", "Any"): "Any"}
    known |= {("collections.abc", name): name for name in ("Callable", "Iterable", "Iterator", "Mapping")}
    known |= {each: each[1] or each[0] for each in scope.source.imports} | scope.imports
    whole, parts = set[str](), dict[str, list[str]]()
    for (module, name), alias in known.items():
        if not re.search(rf"(?<![\w.]){alias}\b", text):
            continue
        if name:
            parts.setdefault(module, []).append(name if name == alias else f"{name} as {alias}")
        else:
            whole.add(module)
    lines = [f"import {each}" for each in sorted(whole)]
    lines += [
        "\n".join(_import(module, sorted(names, key=_isort))) for module, names in sorted(parts.items())
    ]
    standard = [each for each in lines if each.split()[1].partition(".")[0] in sys.stdlib_module_names]
    others = [each for each in lines if each not in standard]
    return [*standard, *([""] if standard and others else []), *others]


def _isort(name: str) -> tuple[bool, bool, str]:
    """Return what isort sorts imported names by: constants, then classes, then functions."""
    return not (name.isupper() and len(name) > 1), name[0].islower(), name


def _import(module: str, names: list[str]) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    return (
        [line]
        if len(line) <= WIDTH
        else [f"from {module} import (", *(f"    {each}," for each in names), ")"]
    )
