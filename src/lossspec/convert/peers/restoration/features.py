"""The perceptual and the style loss on VGG19 that BasicSR has, and neosr's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lossspec.convert.options import NotCarriedError
from lossspec.convert.peers.part import Part, weighted

if TYPE_CHECKING:
    from lossspec.convert.options import Options

_LAYER = re.compile("(conv|relu)([12]_[12]|[345]_[1234])")
#: Of traiNNer-redux and neosr: those of Real-ESRGAN.
USUAL_LAYERS = {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1.0, "conv4_4": 1.0, "conv5_4": 1.0}


def perceptual(options: Options) -> dict[str, Part]:
    """Return the parts ``percep`` and ``style`` of BasicSR's ``PerceptualLoss``, those that it computes.

    ``sum_l w_l criterion(phi_l(x), phi_l(y))``, and the same of the Gram matrices, which are divided by
    C H W; each has a weight of its own, and is left out unless that is above 0.
    """
    args, sources = _features(options, None, "l1")
    types = {"percep": ("VGGPerceptualLoss", "perceptual_weight"), "style": ("VGGStyleLoss", "style_weight")}
    parts = {}
    for name, (type_, key) in types.items():
        default = 1.0 if name == "percep" else 0.0
        if options.number(key, default) > 0.0:
            parts[name] = weighted(options, f"lossspec.{type_}", default, key=key, args=args, sources=sources)
    return parts


def scaled_perceptual(options: Options) -> Part:
    """Return neosr's ``vgg_perceptual_loss``, which compares features times 0.1."""
    if options.flag("patchloss", default=False):
        raise NotCarriedError("lossspec has no PatchLoss: `patchloss` must be false")
    options.has("ipk")  # both are for PatchLoss
    options.has("patch_weight")
    criterion = options.text("criterion", "chc")
    args, sources = _features(options, USUAL_LAYERS, "chc")
    factor = 0.1 if criterion == "l1" else 0.01
    part = weighted(options, "lossspec.VGGPerceptualLoss", args=args, sources=sources)
    return part.times(factor, f"times {factor}, since neosr scales the features by 0.1")


def _features(
    options: Options, layers: dict[str, float] | None, criterion: str
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the arguments that both losses share, and their sources."""
    weights = options.numbers("layer_weights", layers)
    if unknown := [name for name in weights if not _LAYER.fullmatch(name)]:
        raise NotCarriedError(f"`layer_weights` must name convolutions or ReLUs of VGG19, got `{unknown[0]}`")
    network = options.text("vgg_type", "vgg19")
    if network != "vgg19":
        raise NotCarriedError(f"`vgg_type` must be vgg19, the network of lossspec's losses, got {network}")
    distance = options.text("criterion", criterion)
    if distance not in ("l1", "l2"):
        raise NotCarriedError(f'`criterion` must be "l1" or "l2", got "{distance}": no loss here computes it')
    normalize = options.flag("use_input_norm", default=True)
    shifted = options.flag("range_norm", default=False)
    if shifted and not normalize:
        raise NotCarriedError(
            "`range_norm` without `use_input_norm` maps images to [0, 1] and no further, "
            "which lossspec's losses don't"
        )
    args: dict[str, object] = {"layers": [*weights]}
    sources = {f"args.{name}": options.source("layer_weights") for name in ("layers", "layer_weights")}
    if set(weights.values()) != {1.0}:
        args["layer_weights"] = [*weights.values()]
    if distance != "l1":
        args["criterion"], sources["args.criterion"] = distance, options.source("criterion")
    if not normalize:
        args["normalize"], sources["args.normalize"] = False, options.source("use_input_norm")
    if shifted:
        args["input_range"], sources["args.input_range"] = [-1.0, 1.0], options.source("range_norm")
    return args, sources
