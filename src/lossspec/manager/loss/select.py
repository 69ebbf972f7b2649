"""Takes parts of lists and mappings of tensors, as the references of a spec say: ``pred_fake[*][-1]``.

Only lists, tuples, mappings and the fields of named tuples are entered. A tensor never is: ``[-1]`` of one
would be the last item of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lossspec.errors import LossInputError
from lossspec.language.text.selection import written
from lossspec.manager.loss.messages import LISTS, describe
from lossspec.names import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.language.model import Divisor, Input
    from lossspec.language.text.selection import Selector


def select(user: str, reference: Input | Divisor, value: object) -> object:
    """Return the part of a tensor's value that a reference selects.

    Args:
        user: what takes it, for messages, such as the name of a term in backquotes.
        reference: the reference.
        value: what was passed as its tensor.

    Raises:
        LossInputError: a selector does not fit what it is applied to, or nothing is left.

    >>> from lossspec.language.model import Input
    >>> select("`a`", Input("x", selectors=("*", -1)), [[1, 2], [3, 4]])
    [2, 4]
    """
    return _walk(user, reference, value, 0)


def lacks(value: object, selectors: tuple[Selector, ...]) -> bool:
    """Return whether a value is None, or a key of it is absent or None, on the way that selectors take.

    >>> lacks({"depth": None}, (".depth",)), lacks([{"depth": 1}, {}], ("*", ".depth")), lacks({}, ())
    (True, True, False)
    """
    if value is None:
        return True
    if not selectors:
        return False
    first, rest = selectors[0], selectors[1:]
    if isinstance(first, str) and first != "*":
        fields = _fields(value)
        return fields is not None and (first[1:] not in fields or lacks(_field(value, first[1:]), rest))
    return any([lacks(each, rest) for each in _parts(value, first)])  # noqa: C419 - torch.compile traces it


def _parts(value: object, selector: Selector) -> Sequence[object]:
    """Return what the rest of a reference is applied to; nothing where the selector does not fit."""
    if not isinstance(value, LISTS):
        return ()
    if isinstance(selector, int):
        return value[selector : selector + 1 or None]
    return (value[selector[0] : selector[1]],) if isinstance(selector, tuple) else value


def _walk(user: str, reference: Input | Divisor, value: object, depth: int) -> object:
    if depth == len(reference.selectors):
        return value
    selector = reference.selectors[depth]
    if isinstance(selector, str) and selector != "*":
        fields = _fields(value)
        if fields is None:
            raise _misfit(user, reference, value, depth)
        if selector[1:] not in fields:
            known = [each for each in fields if isinstance(each, str)]
            message = unknown("key", selector[1:], known, f" of `{_before(reference, depth)}`")
            raise _error(user, reference, message)
        return _walk(user, reference, _field(value, selector[1:]), depth + 1)
    if not isinstance(value, LISTS):
        raise _misfit(user, reference, value, depth)
    if isinstance(selector, int):
        if not -len(value) <= selector < len(value):
            raise _error(user, reference, f"`{_before(reference, depth)}` has length {len(value)}")
        return _walk(user, reference, value[selector], depth + 1)
    part = value[selector[0] : selector[1]] if isinstance(selector, tuple) else value
    if len(part) == 0:
        length = f"`{_before(reference, depth)}` has length {len(value)}"
        raise _error(user, reference, f"`{_before(reference, depth + 1)}` is empty, {length}")
    if isinstance(selector, tuple):
        return _walk(user, reference, part, depth + 1)
    return [_walk(user, reference, each, depth + 1) for each in part]


def _before(reference: Input | Divisor, depth: int) -> str:
    """Return a reference up to the selector at ``depth``."""
    return written(reference.name or "", reference.selectors[:depth])


def _error(user: str, reference: Input | Divisor, message: str) -> LossInputError:
    return LossInputError(f"{user} cannot take `{reference.reference}`: {message}")


def _misfit(user: str, reference: Input | Divisor, value: object, depth: int) -> LossInputError:
    """Return the error for a selector that does not apply to such a value."""
    selector = reference.selectors[depth]
    is_key = isinstance(selector, str) and selector != "*"
    wanted = "a mapping or a named tuple" if is_key else "a list or a tuple"
    applied = f"`{written('', (selector,))}` applies to {wanted}"
    return _error(user, reference, f"{applied}, got {describe(value)} as `{_before(reference, depth)}`")


def _fields(value: object) -> tuple[object, ...] | Mapping[object, object] | None:
    """Return what holds the keys of a mapping or a named tuple; None for anything else."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, tuple):
        names: tuple[object, ...] | None = getattr(type(value), "_fields", None)
        return names
    return None


def _field(value: Any, key: str) -> object:
    found: object = value[key] if isinstance(value, Mapping) else value[type(value)._fields.index(key)]
    return found
