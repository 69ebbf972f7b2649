"""Where the weights of VGG19 come from: torchvision, or a file on this machine."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch

from lossspec.errors import LossInputError, MissingExtraError, MissingWeightsError

if TYPE_CHECKING:
    from torch import Tensor


def weights_from_torchvision() -> dict[str, Tensor]:
    """Return the weights that torchvision fetches from its hub, or that the hub keeps from the last time.

    Raises:
        MissingExtraError: torchvision is not installed.
        MissingWeightsError: they are not kept, and can't be fetched.
    """
    try:
        models = import_module("torchvision.models")
    except ImportError as error:
        raise MissingExtraError(
            "the ImageNet weights of VGG19 come through torchvision, which is not installed: "
            'pip install "lossspec[vision]", or name a file that has them in `weights`'
        ) from error
    wanted = models.VGG19_Weights.IMAGENET1K_V1
    try:
        state: dict[str, Tensor] = wanted.get_state_dict(progress=False, check_hash=True)
    except (OSError, MissingWeightsError) as error:
        raise MissingWeightsError(
            f"the weights of VGG19 are not on this machine and can't be fetched: get {wanted.url} where "
            'there is a connection, then give its path, weights = "path/to/vgg19.pth", '
            f"or keep it in {Path(torch.hub.get_dir()) / 'checkpoints'}"
        ) from error
    return state


def weights_from_file(path: Path) -> dict[str, Tensor]:
    """Return the ``state_dict`` in a file that ``torch.save`` wrote; no code of the file is run.

    Raises:
        MissingWeightsError: there is no such file.
        LossInputError: it holds something else.
    """
    if not path.is_file():
        raise MissingWeightsError(f"no file of VGG19's weights at {path} (named in `weights`)")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, EOFError, RuntimeError) as error:
        raise LossInputError(
            f"{path} is no file of weights (a state_dict saved by torch.save): {error}"
        ) from error
    if not isinstance(state, dict):
        raise LossInputError(f"{path} holds a {type(state).__name__}, not a state_dict of VGG19")
    return state
