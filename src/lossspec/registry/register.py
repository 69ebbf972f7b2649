"""The decorators that register a loss or a balancer, described by its signature and docstring."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar

import attrs

from lossspec.errors import RegistrationError
from lossspec.names import is_name, unknown
from lossspec.registry.lookup import refuse_taken, registered
from lossspec.registry.signature import read_signature
from lossspec.signatures import not_called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lossspec.registry.entry import LossType

_Loss = TypeVar("_Loss", bound="Callable[..., object]")
_Class = TypeVar("_Class", bound=type)

#: What lossspec passes to a balancer besides its own arguments and inputs.
_GIVEN = ("losses", "values", "weights")


def register_loss(
    name: str, *, live: Iterable[str] = (), formula: str = "", reference: str = ""
) -> Callable[[_Loss], _Loss]:
    """Register a class or a function as a loss type that specs of this process can name.

    A class takes its arguments in its constructor and its inputs in ``forward``. The inputs of a function
    are the parameters without a default, and those annotated as a tensor; the others are arguments.
    Annotations define which values are valid (``int``, ``float``, ``bool``, ``str``, ``Literal``, lists and
    unions of them, ``Tensor``, ``Path``). Descriptions come from a docstring in Google, NumPy or reST style.

    Args:
        name: ``<package>.<Class>``, the ``type`` in a spec.
        live: arguments that can be a schedule, because setting them on the module changes the next call.
        formula: in plain text.
        reference: a paper or a page.

    Raises:
        RegistrationError: the name is malformed or taken, a required argument cannot be written as a TOML
            value, or ``live`` contains an unknown argument.

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
    _check_name(name, "register_loss")

    def register(loss: _Loss) -> _Loss:
        entry = _with_live(read_signature(loss, name), live)
        _add(attrs.evolve(entry, formula=formula, reference=reference), loss)
        return loss

    return register


def register_balancer(name: str, *, formula: str = "", reference: str = "") -> Callable[[_Class], _Class]:
    """Register a class as a balancer, which the ``balance`` of an objective in a spec can name.

    Its constructor takes ``losses``, the names of the losses that it balances, and its own arguments. Its
    ``forward`` takes ``values`` and ``weights``, each a dict by those names, and its own inputs. It returns
    what the losses contribute to the total and the weights that it applied; see
    ``lossspec.losses.balancing.balancer``.

    Args:
        name: ``<package>.<Class>``, the ``type`` of a ``balance``.
        formula: in plain text.
        reference: a paper or a page.

    Raises:
        RegistrationError: the name is malformed or taken, or a parameter is missing in the class.

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
    _check_name(name, "register_balancer")

    def register(balancer: _Class) -> _Class:
        taken = {*_names(balancer), *_names(getattr(balancer, "forward", None))}
        if missing := [f"`{each}`" for each in _GIVEN if each not in taken]:
            raise RegistrationError(
                f"the balancer `{name}` does not take {' and '.join(missing)}: its constructor must take "
                "`losses`, and its `forward` must take `values` and `weights`"
            )
        entry = read_signature(balancer, name, given=_GIVEN)
        _add(attrs.evolve(entry, balancer=True, formula=formula, reference=reference), balancer)
        return balancer

    return register


def _check_name(name: str, decorator: str) -> None:
    if wrong := not_called(decorator, name, "mylib.Mine"):
        raise RegistrationError(wrong)
    library, _, key = name.partition(".")
    if not is_name(library) or not is_name(key):
        raise RegistrationError(f"`{name}` is not a valid type name: it must have the form `package.Class`")


def _with_live(entry: LossType, live: Iterable[str]) -> LossType:
    args = dict(entry.args)
    for each in live:
        if each not in args:
            raise RegistrationError(unknown("argument", each, args, f" in `live` of `{entry.name}`"))
        args[each] = attrs.evolve(args[each], live=True)
    return attrs.evolve(entry, args=args)


def _add(entry: LossType, code: Callable[..., object]) -> None:
    refuse_taken(entry)
    registered[entry.name] = (entry, code)


def _names(function: object) -> list[str]:
    return list(inspect.signature(function).parameters) if callable(function) else []
