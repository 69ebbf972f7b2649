"""Every error that lossspec raises: what was found, what was expected, and what to do."""

from __future__ import annotations


class LossSpecError(Exception):
    """The base of all errors of this package: catch it to catch them all."""


class UnknownNameError(LossSpecError):
    """A name that nothing bears: a loss, term, tensor, tag, variant, parameter or spec."""


class RegistrationError(LossSpecError):
    """A name that is taken, or a loss or schedule that can't be registered as it is."""


class MissingExtraError(LossSpecError, ImportError):
    """A library that is not installed; the message says which command installs it.

    It is an ``ImportError`` too: without torch, ``from lossspec import LossManager`` fails as an import does.
    """


class MissingWeightsError(LossSpecError):
    """Pretrained weights that are not on this machine; the message says which file, and where to put it."""


class LossInputError(LossSpecError, ValueError):
    """A loss was given a tensor or an argument that it can't work with; the message names the loss."""


class LossResultError(LossSpecError):
    """A loss returned something that can't be weighed or summed; the message names the loss."""


class ClockError(LossSpecError):
    """The clock lacks what a schedule needs, or can't move as asked; the message says what to call."""


class LogError(LossSpecError):
    """A loss log that can't be written or read; the message names the folder or the file."""


class CheckpointError(LossSpecError):
    """A checkpoint that does not belong to this manager; the message says how they differ."""


class ConfigError(LossSpecError):
    """A run configuration that can't be read, or lacks a section; the message names the file."""


class NonFiniteError(LossSpecError):
    """A loss became NaN or infinite, and the manager was asked to raise; names the loss and the step."""
