"""Registers a balancer of the caller's own by decorator: what weighs the losses of an objective."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar

import attrs

from lossspec.errors import RegistrationError
from lossspec.registry.lookup import refuse_taken, registered
from lossspec.registry.register import require_type_name
from lossspec.registry.signature import read_signature

if TYPE_CHECKING:
    from collections.abc import Callable

_Class = TypeVar("_Class", bound=type)
#: What a balancer is given besides its own arguments and inputs.
_GIVEN = ("losses", "values", "weights")


def register_balancer(name: str, *, formula: str = "", reference: str = "") -> Callable[[_Class], _Class]:
    """Make a class a balancer, which the ``balance`` of an objective in a spec can name.

    Its constructor takes ``losses``, the names of those it balances, and its own arguments. Its ``forward``
    takes ``values`` and ``weights``, each a dict by those names, and its own inputs, and returns what the
    losses contribute to the total and the weights that it applied; see
    ``lossspec.losses.balancing.balancer``.

    Args:
        name: ``<package>.<Class>``, as a balance's ``type`` will say.
        formula: in plain text.
        reference: a paper or a page.

    Raises:
        RegistrationError: the name is malformed or taken, or the class does not take what it is given.

    Example:
        >>> import lossspec
        >>> from lossspec.losses.balancing.balancer import Balancer
        >>> @lossspec.register_balancer("mylib.Product")
        ... class Product(Balancer):
        ...     '''Multiplies the losses.'''
        ...     def forward(self, values, weights):
        ...         total = sum(weights[name] * value.log() for name, value in values.items()).exp()
        ...         return total, {name: total.detach() / value.detach() for name, value in values.items()}
        >>> from lossspec.registry import find_balancer
        >>> find_balancer("mylib.Product").summary
        'Multiplies the losses.'
    """
    require_type_name(name)

    def register(balancer: _Class) -> _Class:
        forward = getattr(balancer, "forward", None)
        taken = [*_parameters(balancer), *_parameters(forward)]
        if missing := [f"`{each}`" for each in _GIVEN if each not in taken]:
            raise RegistrationError(
                f"the balancer `{name}` does not take {' and '.join(missing)}: its constructor must take "
                "`losses`, and its `forward` must take `values` and `weights`"
            )
        entry = read_signature(balancer, name, given=_GIVEN)
        entry = attrs.evolve(entry, balancer=True, formula=formula, reference=reference)
        refuse_taken(entry)
        registered[name] = (entry, balancer)
        return balancer

    return register


def _parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters) if callable(function) else []
