"""Calls a function and carries over the losses that it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.code.collect import collect
from lossspec.convert.code.translate import translate
from lossspec.convert.model import Carried, Imported
from lossspec.convert.options import NotCarriedError
from lossspec.convert.prove import drop_invalid, drop_unused_inputs
from lossspec.errors import ConfigError, LossSpecError
from lossspec.language.checks.objectives import TOTAL
from lossspec.language.model import Term
from lossspec.language.write import terms_to_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lossspec.convert.code.collect import Found


def import_callable(
    function: Callable[..., object], arguments: Mapping[str, object], origin: str
) -> Imported:
    """Import the losses that a function returns.

    Args:
        function: returns a dict, a list or a tuple of losses, or one. A loss is a module, or an object with
            ``function`` and ``loss_weight`` as NectarGAN's ``LMLoss``, or a pair of a module and a number.
        arguments: its keyword arguments.
        origin: what to call it.

    Returns:
        What was carried over, and what was not. Which tensors a loss gets is in the loop that calls it:
        where there are several losses, each has inputs of its own, to be renamed.

    Raises:
        ConfigError: it fails, or returns no losses.

    Example:
        >>> import torch
        >>> imported = import_callable(lambda: {"l1": torch.nn.L1Loss()}, {}, "my_losses:make")
        >>> imported.losses["l1"].table
        {'type': 'torch.L1Loss', 'inputs': ['input', 'target'], 'weight': 1.0}
    """
    try:
        returned = function(**arguments)
    except LossSpecError:
        raise
    except Exception as error:  # whatever it raises, its user needs to know what was called
        raise ConfigError(f"`{origin}` raised {type(error).__name__}: {error}") from error
    found = collect(returned, origin)
    imported = Imported("Python", origin, "The losses that a Python function returns.")
    if len(found) > 1:
        imported.notes.append(
            "Which tensors a loss gets is in the loop: rename the inputs, the same tensor the same name."
        )
    objectives = _objectives(found)
    terms = terms_to_table({each.name: each.term for each in found if isinstance(each.term, Term)})
    for each in found:
        if each.name in terms:
            imported.losses[each.name] = Carried(terms[each.name])
            continue
        _add(imported, each, objectives.get(each.name, ""), alone=len(found) == 1)
    if terms:  # a spec names its tensors; `[inputs]` would have to hold them, too
        imported.inputs.clear()
        for term in imported.losses.values():
            term.table.setdefault("objective", TOTAL)
    drop_invalid(imported)
    drop_unused_inputs(imported)
    return imported


def _add(imported: Imported, found: Found, objective: str, *, alone: bool) -> None:
    try:
        part, inputs = translate(found)
    except NotCarriedError as error:
        imported.miss(found.name, found.kind, str(error))
        return
    prefix = "" if alone else f"{found.name}_"
    imported.inputs |= {f"{prefix}{name}": text for name, text in inputs.items()}
    term = part.term([f"{prefix}{name}" for name in inputs], objective)
    if found.tags and not objective:
        term = Carried({**term.table, "tags": list(found.tags)}, term.sources, term.note)
    imported.losses[found.name] = term


def _objectives(found: list[Found]) -> dict[str, str]:
    """Return the objectives: the tags, if each loss has just one, and there are several."""
    tags = {each.name: each.tags for each in found}
    single = all(len(each) == 1 for each in tags.values())
    return {name: each[0] for name, each in tags.items()} if single and len(set(tags.values())) > 1 else {}
