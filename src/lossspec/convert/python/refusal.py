"""What keeps a spec from becoming a module, by name and with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from lossspec.errors import LossSpecError

if TYPE_CHECKING:
    from lossspec.language.model import Spec


class ExportError(LossSpecError):
    """A spec that plain Python can't say; the message names the term or objective and the reason."""


def refuse(what: str, why: str) -> NoReturn:
    """Raise an ``ExportError`` about one part of a spec."""
    raise ExportError(f"{what} cannot be exported: {why}")


def refuse_balances(spec: Spec) -> None:
    """Refuse objectives whose terms are balanced.

    Raises:
        ExportError: there is one.
    """
    for name, objective in spec.objectives.items():
        if objective.balance is not None:
            refuse(
                f"the objective `{name}`",
                f"its balance, `{objective.balance.type}`, has a state that moves in each step; export the "
                f"spec without it (`--set 'remove=[\"objectives.{name}.balance\"]'`), or keep the manager",
            )
