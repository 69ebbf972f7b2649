"""The errors that lossspec raises. Each message has what was found, what was expected and what to do."""

from __future__ import annotations


class LossSpecError(Exception):
    """The base of all errors of this package: catch it to catch them all."""


class UnknownNameError(LossSpecError):
    """An unknown name: of a loss, term, tensor, tag, variant, parameter or spec."""


class RegistrationError(LossSpecError):
    """A name that is taken, or a loss, schedule or balancer that cannot be registered as it is."""


class MissingExtraError(LossSpecError, ImportError):
    """A library that is not installed; the message says which command installs it.

    It is an ``ImportError`` too: without torch, ``from lossspec import LossManager`` fails as an import does.
    """


class MissingWeightsError(LossSpecError):
    """Pretrained weights that are not on this machine; the message says which file, and where to put it."""


class LossInputError(LossSpecError, ValueError):
    """A loss got a tensor or an argument that it cannot work with; the message names the loss."""


class LossResultError(LossSpecError):
    """A loss returned something that cannot be weighed or summed; the message names the loss."""


class ClockError(LossSpecError):
    """The clock is missing what a schedule needs, or cannot move as asked; the message says what to call."""


class LogError(LossSpecError):
    """A loss log that cannot be written or read; the message names the folder or the file."""


class CheckpointError(LossSpecError):
    """A checkpoint that does not belong to this manager; the message says how they differ."""


class ConfigError(LossSpecError):
    """A run configuration that cannot be read, or has no such section; the message names the file."""


class NonFiniteError(LossSpecError):
    """A loss became NaN or infinite, and the manager was asked to raise; names the loss and the step."""
