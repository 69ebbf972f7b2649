"""Every error that lossspec raises: what was found, what was expected, and what to do."""

from __future__ import annotations


class LossSpecError(Exception):
    """The base of all errors of this package: catch it to catch them all."""


class UnknownNameError(LossSpecError):
    """A name that nothing bears: a loss, term, tensor, tag, variant, parameter or spec."""


class RegistrationError(LossSpecError):
    """A name that is taken, or a loss or schedule that can't be registered as it is."""


class MissingExtraError(LossSpecError):
    """A library that is not installed; the message says which command installs it."""


class MissingWeightsError(LossSpecError):
    """Pretrained weights that are not on this machine; the message says which file, and where to put it."""
