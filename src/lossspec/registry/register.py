"""Registers a loss of the caller's own by decorator: its signature and docstring say the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from lossspec.errors import RegistrationError
from lossspec.names import is_name, unknown
from lossspec.registry.lookup import refuse_taken, registered
from lossspec.registry.signature import read_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lossspec.registry.entry import LossType

_Loss = TypeVar("_Loss", bound="Callable[..., object]")


def register_loss(
    name: str, *, live: Iterable[str] = (), formula: str = "", reference: str = ""
) -> Callable[[_Loss], _Loss]:
    """Make a class or a function a loss type that specs of this process can name.

    A class takes its arguments in its constructor and its inputs in ``forward``. Of a function, what has no
    default, or is annotated as a tensor, is an input; the rest are arguments. Annotations say what a value
    may be (``int``, ``float``, ``bool``, ``str``, ``Literal``, lists and unions of them, ``Tensor``,
    ``Path``), and a Google-style docstring describes it.

    Args:
        name: ``<package>.<Class>``, as a spec's ``type`` will say.
        live: arguments that may be a schedule, because setting them on the module changes the next call.
        formula: in plain text.
        reference: a paper or a page.

    Raises:
        RegistrationError: the name is malformed or taken, an argument that must be given can't be written
            as a TOML value, or ``live`` names no argument.

    Example:
        >>> import lossspec
        >>> @lossspec.register_loss("mylib.charbonnier", reference="https://doi.org/10.1109/83.551699")
        ... def charbonnier(input, target, eps: float = 1e-3):
        ...     '''Smooth L1.
        ...
        ...     Args:
        ...         input: (N, C, H, W)
        ...         target: same shape as input
        ...         eps: how round the tip is
        ...     '''
        ...     return ((input - target) ** 2 + eps**2).sqrt().mean()
        >>> from lossspec.registry import find
        >>> found = find("mylib.charbonnier")
        >>> found.summary, found.args["eps"].description, found.inputs[0].shape
        ('Smooth L1.', 'how round the tip is', '(N, C, H, W)')
    """
    require_type_name(name)

    def register(loss: _Loss) -> _Loss:
        entry = attrs.evolve(read_signature(loss, name), formula=formula, reference=reference)
        entry = _with_live(entry, live)
        refuse_taken(entry)
        registered[name] = (entry, loss)
        return loss

    return register


def require_type_name(name: str) -> None:
    """Raise unless ``name`` has the form of a type's."""
    library, _, key = name.partition(".")
    if not is_name(library) or not is_name(key):
        raise RegistrationError(f"`{name}` is no name of a loss type: it has the form `package.Class`")


def _with_live(entry: LossType, live: Iterable[str]) -> LossType:
    args = dict(entry.args)
    for each in live:
        if each not in args:
            raise RegistrationError(unknown("argument", each, args, f" in `live` of `{entry.name}`"))
        args[each] = attrs.evolve(args[each], live=True)
    return attrs.evolve(entry, args=args)
