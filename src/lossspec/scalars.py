"""Numbers as users give them: of Python, NumPy or torch."""

from __future__ import annotations


def plain_number(value: object) -> object:
    """Return a number of any library as one of Python, and anything else as it is.

    A number is a NumPy scalar, or an array or a tensor without dimensions. Reading a tensor waits for its
    device.

    >>> import numpy as np
    >>> plain_number(np.int64(3)), plain_number(np.float64(0.5)), plain_number("3"), plain_number([3])
    (3, 0.5, '3', [3])
    """
    if type(value) in {bool, int, float} or isinstance(value, str):
        return value
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        found: object = item()
        return found if isinstance(found, bool | int | float) else value
    if isinstance(value, int):  # an enum may be one
        return int(value)
    return float(value) if isinstance(value, float) else value


def repr_of(value: object) -> str:
    """Return the repr of a value; that of a huge integer, which Python refuses, is its length.

    >>> repr_of(0.5), repr_of(10**5000)
    ('0.5', 'an integer of 16610 bits')
    """
    if isinstance(value, int) and value.bit_length() > 14_000:  # about 4,300 digits
        return f"an integer of {value.bit_length()} bits"
    return repr(value)
