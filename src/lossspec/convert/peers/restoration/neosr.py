"""neosr's option files: a table a loss under ``train``, in TOML (YAML in its older versions)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from lossspec.convert.options import NotCarriedError
from lossspec.convert.peers.restoration.family import Family, given, train_of
from lossspec.convert.peers.restoration.features import scaled_perceptual
from lossspec.convert.peers.restoration.gan import adversarial
from lossspec.convert.peers.restoration.pixels import focal_frequency, huber, l1, mse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.convert.model import Carried, Imported
    from lossspec.convert.options import Options

#: The tables of losses in the order in which they are added up, and what their terms are called.
_TERMS = {
    "pixel_opt": "pix",
    "mssim_opt": "mssim",
    "ncc_opt": "ncc",
    "kl_opt": "kl",
    "fdl_opt": "fdl",
    "consistency_opt": "consistency",
    "msswd_opt": "msswd",
    "perceptual_opt": "percep",
    "dists_opt": "dists",
    "ldl_opt": "ldl",
    "ff_opt": "ff",
}
_CHANGES = {
    "wavelet_guided": "from step wavelet_init on, the discriminator sees only high frequencies; "
    "compute pred_fake and pred_real of objective D from those",
    "eco": "it mixes another network's output into the ground truth",
}
_READERS = {
    "l1loss": l1,
    "mseloss": mse,
    "huberloss": huber,
    "ff_loss": focal_frequency,
    "vgg_perceptual_loss": scaled_perceptual,
}
_REASONS = {
    "chc_loss": "it clips the error of each pixel, which no loss of lossspec does",
    "mssim_loss": "it pads before it blurs, so its values differ from piq.MultiScaleSSIMLoss",
    "dists_loss": "its weights differ from those of piq.DISTS",
}


def read_neosr(document: Mapping[str, object], imported: Imported) -> None:
    """Carry over an option file of neosr."""
    train = train_of(document)
    imported.description = "The losses of neosr's image model."
    imported.inputs |= {
        "sr": "the network's output (N, C, H, W) in [0, 1]",
        "hr": "the ground truth, same shape as sr",
        "pred_fake": "scores D(sr); for objective D computed on sr.detach()",
        "pred_real": "scores D(hr)",
    }
    family = Family("neosr", imported, _READERS, _REASONS)
    family.unknown(train, (*_TERMS, "gan_opt"))
    for key, reason in given(train, _CHANGES):
        imported.miss(key, "", reason)
    gan = family.options(train.get("gan_opt"), "train.gan_opt")
    side = "" if gan is None else "G"
    for key, name in _TERMS.items():
        read = partial(_term, family, name=name, side=side)
        family.add(family.options(train.get(key), f"train.{key}"), read)
    family.add(gan, _adversarial)


def _term(family: Family, options: Options, name: str, side: str) -> dict[str, Carried]:
    target = {"name": "hr", "detach": True} if name == "percep" else "hr"
    prefix = f"{side}_" if side else ""
    return {f"{prefix}{name}": family.part(options).term(["sr", target], side)}


def _adversarial(options: Options) -> dict[str, Carried]:
    if options.text("type") != "gan_loss":
        raise NotCarriedError("neosr has no such adversarial loss")
    kind = options.text("gan_type", "bce")
    if kind not in ("bce", "mse", "huber"):
        raise NotCarriedError(f'`gan_type` must be "bce", "mse" or "huber", got "{kind}"')
    terms = adversarial(options, 0.1, "bce").terms()
    note = "neosr computes these scores in inference_mode: there, no gradient reaches the generator."
    return {**terms, "G_GAN": evolve(terms["G_GAN"], note=note)}
