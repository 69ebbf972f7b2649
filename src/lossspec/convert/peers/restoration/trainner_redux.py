"""traiNNer-redux's option files: the list ``train.losses``, or a table a loss as in its older files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lossspec.convert.options import NotCarriedError, Options
from lossspec.convert.peers.restoration.family import NO_TWIN, Family, given, train_of
from lossspec.convert.peers.restoration.gan import adversarial
from lossspec.convert.peers.restoration.pixels import charbonnier, focal_frequency, l1, mse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lossspec.convert.model import Carried, Imported

#: The tables of the older files, in the order in which their losses are added up.
_OLD = (
    "pixel_opt",
    "mssim_opt",
    "ms_ssim_l1_opt",
    "perceptual_opt",
    "contextual_opt",
    "dists_opt",
    "hr_inversion_opt",
    "dinov2_opt",
    "topiq_opt",
    "pd_opt",
    "fd_opt",
    "ldl_opt",
    "hsluv_opt",
    "gan_opt",
    "color_opt",
    "luma_opt",
    "avg_opt",
    "bicubic_opt",
)
_NAMES = {"l1loss": "l1", "mseloss": "mse", "charbonnierloss": "charbonnier", "ffloss": "ff"}
_READERS = {"l1loss": l1, "mseloss": mse, "charbonnierloss": charbonnier, "ffloss": focal_frequency}
_VGG = "its VGG19 replicates the border in the first convolution; lossspec.VGGPerceptualLoss pads with zeros"
_REASONS = {
    "perceptualloss": _VGG,
    "perceptualfp16loss": _VGG,
    "multiscaleganloss": "traiNNer-redux passes it images instead of scores",
}
_INPUTS = {
    "sr": "the network's output (N, C, H, W) in [0, 1]",
    "hr": "the ground truth, same shape as sr",
    "lq_up": "the low-resolution input, enlarged to the shape of sr (bicubic, antialiased) and clamped",
    "pred_fake": "scores D(sr); for objective D computed on sr.detach()",
    "pred_real": "scores D(hr)",
}


def read_trainner_redux(document: Mapping[str, object], imported: Imported) -> None:
    """Carry over an option file of traiNNer-redux."""
    train = train_of(document)
    imported.description = "The losses of traiNNer-redux's SRModel."
    imported.inputs |= _INPUTS
    family = Family("traiNNer-redux", imported, _READERS, _REASONS)
    family.unknown(train, _OLD)
    for key, reason in given(train, {"adaptive_d": "it skips updates of the discriminator during training"}):
        imported.miss(key, "", reason)
    eco = train.get("eco")
    if isinstance(eco, dict) and eco.get("enabled"):
        imported.miss("train.eco", "", "it mixes another network's output into the ground truth")
    tables = list(_tables(family, train))
    has_gan = any(_type(each) == "ganloss" for each in tables)
    last = {_type(each): each for each in tables}
    for options in tables:
        if last[_type(options)] is not options:
            imported.notes.append(
                f"{options.key} is left out: traiNNer-redux keeps one {_type(options)}, the last of them."
            )
        else:
            family.add(options, partial(_term, objective="G" if has_gan else ""))


def _tables(family: Family, train: Mapping[str, object]) -> Iterator[Options]:
    """Yield the tables of losses whose weight is not 0."""
    losses = train.get("losses")
    if isinstance(losses, list):
        named = [(f"train.losses[{index}]", each) for index, each in enumerate(losses)]
    else:
        named = [(f"train.{key}", train.get(key)) for key in _OLD]
    for key, values in named:
        options = family.options(values, key)
        if options is not None and options.values.get("loss_weight") != 0:
            yield options


def _type(options: Options) -> str:
    return str(options.values.get("type", "")).lower()


def _term(options: Options, objective: str) -> dict[str, Carried]:
    """Carry over a loss; a negative weight counts as positive, and compares with the input, enlarged."""
    name = _type(options)
    if name == "ganloss":
        weight = options.number("loss_weight")
        terms = adversarial(options, None, "vanilla").terms()
        terms["G_GAN"].table["weight"] = abs(weight)
        return dict(terms)
    if name not in _NAMES:
        raise NotCarriedError(_REASONS.get(name, NO_TWIN))
    part = _READERS[name](options, None)
    target = "hr"
    if options.number("loss_weight") < 0:
        part, target = part.times(-1.0, "without its sign, which selects the target"), "lq_up"
    prefix = f"{objective}_" if objective else ""
    return {f"{prefix}{_NAMES[name]}": part.term(["sr", target], objective)}
