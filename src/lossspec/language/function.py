"""Python functions that are specs: they return a table of the shape of the TOML, or built losses."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attrs import frozen

from lossspec.errors import LossSpecError
from lossspec.faults import Fault, Span
from lossspec.language.converter import as_toml, large_integers
from lossspec.language.diagnostics.diagnostic import Diagnostic
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.document import Draft, make_draft
from lossspec.language.resolve.merge import merge
from lossspec.names import shorten
from lossspec.scalars import plain_number
from lossspec.wording import kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lossspec.language.diagnostics.findings import Findings
    from lossspec.language.model import Term
    from lossspec.validation.expression import Scalar

Table = dict[str, object]


@runtime_checkable
class LiveLoss(Protocol):
    """A loss that can be written as a term, as the manager's ``LMLoss``."""

    name: str

    def to_term(self) -> Term:
        """Return the loss as a term."""


class SpecFunction:
    """A Python function that is a spec; calling it calls the function.

    Attributes:
        name: the spec's name: that of the function.
        params: the parameters and their defaults: the function's arguments.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self.name = function.__name__
        self.params = _params(function)

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call the function."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<spec function {self._function.__module__}:{self._function.__qualname__}>"

    @property
    def origin(self) -> FunctionOrigin:
        """The place of its faults: the line of its ``def``."""
        return FunctionOrigin(self._function)

    def table(self, **params: object) -> Table:
        """Call the function and return its table as TOML has it: schedules as tables, tuples as arrays.

        Raises:
            SpecError: it does not return a dict.
        """
        returned = self._function(**params)
        if isinstance(returned, Mapping) and returned:
            live = {name: each for name, each in returned.items() if isinstance(each, LiveLoss)}
            returned = _table_of(live) if len(live) == len(returned) else returned
        if not isinstance(returned, Mapping):
            message = f"spec function `{self.name}` must return a dict, got {kind(returned)}"
            raise SpecError(self.origin.diagnose([Fault("wrong-type", message, ())]))
        return {"format": 1, **as_toml(returned)}

    def draft(self, params: Mapping[str, object], findings: Findings) -> Draft:
        """Return the draft of the function called with these values of its parameters."""
        values = {
            name: params[name] if kind(params.get(name)) == kind(default) else default
            for name, default in self.params.items()
        }
        table = merge(self.table(**values), {"params": values} if values else {})
        if faults := list(large_integers(table)):
            raise SpecError(self.origin.diagnose(faults))
        return make_draft(self.name, self.origin, table, findings, filled=frozenset(values))


def _table_of(losses: Mapping[str, LiveLoss]) -> Table:
    from lossspec.language.write import terms_to_table  # imports cattrs, which validation does not need

    for name, loss in losses.items():
        if name != loss.name:
            raise LossSpecError(f"the key `{name}` must be the name of its loss, `{loss.name}`")
    return {"losses": terms_to_table({name: loss.to_term() for name, loss in losses.items()})}


def spec(function: Callable[..., object]) -> SpecFunction:
    """Turn a function into a spec; its arguments, which must have defaults, are the spec's parameters.

    Args:
        function: returns a dict of the shape of the TOML, or a dict of ``LMLoss`` whose modules the
            registry knows. Weights may be schedules, ``lossspec.schedules.linear(...)``.

    Raises:
        LossSpecError: an argument has no default, or one that is not a number, a boolean or a string.
    """
    return function if isinstance(function, SpecFunction) else SpecFunction(function)


@frozen
class FunctionOrigin:
    """A function: its faults are shown at its ``def``, with their key paths in the message."""

    function: Callable[..., object]

    def diagnose(self, faults: Iterable[Fault]) -> list[Diagnostic]:
        """Point at the function, in the order in which the faults were found."""
        from lossspec.language.diagnostics.codes import codes  # the clean path does not pay

        file, number, line = _definition(self.function)
        start = len(line) - len(line.lstrip()) + 1
        span = Span(number, start, number, max(len(line.rstrip()), start) + 1) if line else None
        return [
            Diagnostic(each.code, codes()[each.code].severity, each.message, file, span, each.help, line)
            for each in faults
        ]


def _definition(function: Callable[..., object]) -> tuple[str, int, str]:
    """Return the file, line number and line of a function's ``def``; no line if there is no text."""
    file = inspect.getsourcefile(function) or f"{function.__module__}:{function.__qualname__}"
    try:
        lines, first = inspect.getsourcelines(function)
    except OSError:  # typed at a prompt
        return file, 0, ""
    for offset, line in enumerate(lines):
        if line.lstrip().startswith(("def ", "async def ")):
            return file, first + offset, line.rstrip("\n")
    return file, first, lines[0].rstrip("\n")


def _params(function: Callable[..., object]) -> dict[str, Scalar]:
    params: dict[str, Scalar] = {}
    for name, each in inspect.signature(function).parameters.items():
        default = plain_number(each.default)
        if each.default is each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise LossSpecError(
                f"argument `{name}` of spec function `{function.__name__}` must have a default: "
                "its arguments are the spec's parameters"
            )
        if each.kind is each.POSITIONAL_ONLY or not isinstance(default, bool | int | float | str):
            raise LossSpecError(
                f"argument `{name}` of spec function `{function.__name__}` must be a keyword argument with a "
                f"number, a boolean or a string as its default, got {shorten(repr(each.default))}"
            )
        params[name] = default
    return params
