"""The errors for a missing library that is an extra: they say how to install it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lossspec.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def torch_for(what: str) -> Iterator[None]:
    """Turn a failed import of torch in this context into an error that says what needs it.

    >>> with torch_for("the answer"):  # doctest: +ELLIPSIS
    ...     raise ModuleNotFoundError("No module named 'torch'", name="torch")
    Traceback (most recent call last):
        ...
    lossspec.errors.MissingExtraError: the answer needs torch, which is not installed: pip install ...

    Raises:
        MissingExtraError: torch is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingExtraError(
            f'{what} needs torch, which is not installed: pip install "lossspec[torch]", '
            "or choose the build for your GPU at https://pytorch.org/get-started/locally/"
        ) from None


@contextmanager
def extra_for(what: str, extra: str) -> Iterator[None]:
    """Turn a failed import of a library in this context into an error that names the extra.

    >>> with extra_for("the answer", "ignite"):
    ...     raise ModuleNotFoundError("No module named 'ignite'", name="ignite")
    Traceback (most recent call last):
        ...
    lossspec.errors.MissingExtraError: the answer needs ignite: pip install "lossspec[ignite]"

    Raises:
        MissingExtraError: the library is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(f'{what} needs {error.name}: pip install "lossspec[{extra}]"') from None
