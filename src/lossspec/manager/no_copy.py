"""Refuses copies of what belongs to one run."""

from __future__ import annotations

from typing import NoReturn

from lossspec.errors import LossSpecError


class NoCopy:
    """A manager: a copy of it would share its file, its lock and its losses, and record twice or nowhere."""

    def __reduce_ex__(self, _: object) -> NoReturn:
        """Refuse to be copied or pickled.

        Raises:
            LossSpecError: always.
        """
        raise LossSpecError(
            f"a {type(self).__name__} can't be copied or pickled: it has the log of its run open. Keep it "
            "out of the object that is, save `manager.state_dict()`, or make a new manager of the same spec"
        )
