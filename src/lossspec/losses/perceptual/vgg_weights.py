"""Loads the weights of VGG19 from torchvision or from a local file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, MissingExtraError, MissingWeightsError
from lossspec.losses.weights_file import open_weights
from lossspec.names import type_name

if TYPE_CHECKING:
    from torch import Tensor


def weights_from_torchvision() -> dict[str, Tensor]:
    """Return the weights that torchvision downloads, or that are in the cache of torch.hub.

    Raises:
        MissingExtraError: torchvision is not installed.
        MissingWeightsError: they are not in the cache, and cannot be downloaded.
    """
    try:
        models = import_module("torchvision.models")
    except ImportError as error:
        raise MissingExtraError(
            "the ImageNet weights of VGG19 need torchvision, which is not installed: "
            'pip install "lossspec[vision]", or set `weights` to the path of a local file'
        ) from error
    wanted = models.VGG19_Weights.IMAGENET1K_V1
    try:
        state: dict[str, Tensor] = wanted.get_state_dict(progress=False, check_hash=True)
    except (OSError, MissingWeightsError) as error:
        raise MissingWeightsError(
            f"the weights of VGG19 are not on this machine and cannot be downloaded: get {wanted.url} on a "
            'machine with a connection, then set its path, weights = "path/to/vgg19.pth", '
            f"or copy it to {Path(torch.hub.get_dir()) / 'checkpoints'}"
        ) from error
    return state


def weights_from_file(path: Path) -> dict[str, Tensor]:
    """Return the ``state_dict`` in a file written by ``torch.save``; code in the file is not run.

    Raises:
        MissingWeightsError: the file does not exist.
        LossInputError: it is not a ``state_dict``, is compressed, or cannot be read.
    """
    try:
        with open_weights(path) as file:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise MissingWeightsError(
            f"VGG19's weights are missing: {path}, the value of `weights`, does not exist"
        ) from error
    except (UnpicklingError, EOFError, RuntimeError) as error:
        raise LossInputError(
            f"{path} is not a file of weights (a state_dict saved by torch.save): {error}"
        ) from error
    if not isinstance(state, dict):
        raise LossInputError(f"{path} must contain a state_dict of VGG19, got {type_name(state)}")
    return state
