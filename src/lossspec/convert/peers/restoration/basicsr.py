"""BasicSR's option files: the losses under ``train``, summed as the model of ``model_type`` sums them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.model import Carried, Imported
from lossspec.convert.options import NotCarriedError, Options
from lossspec.convert.peers.restoration.family import Family, train_of
from lossspec.convert.peers.restoration.features import perceptual
from lossspec.convert.peers.restoration.gan import Adversarial, adversarial
from lossspec.convert.peers.restoration.pixels import charbonnier, l1, mse
from lossspec.convert.peers.restoration.stylegan import stylegan_terms

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = {"SRModel", "SwinIRModel", "EDVRModel", "VideoBaseModel", "VideoRecurrentModel", "RealESRNetModel"}
_GAN = {"SRGANModel", "ESRGANModel", "VideoGANModel", "VideoRecurrentGANModel", "RealESRGANModel"}
_HALVED = {"ESRGANModel", "HiFaceGANModel"}
_MODELS = _PLAIN | _GAN | {"HiFaceGANModel", "StyleGAN2Model"}
_READ = (
    "pixel_opt",
    "perceptual_opt",
    "ldl_opt",
    "gan_opt",
    "feature_matching_opt",
    "r1_reg_weight",
    "path_reg_weight",
)
_REASONS = {
    "weightedtvloss": "it averages over pixels; the losses of lossspec sum over them",
    "ganfeatloss": "BasicSR does not ship it; lossspec.FeatureMatchingLoss compares lists of features",
}


def read_basicsr(document: Mapping[str, object], imported: Imported) -> None:
    """Carry over an option file of BasicSR."""
    train = train_of(document)
    model = str(document.get("model_type"))
    pixel = {"l1loss": l1, "mseloss": mse, "charbonnierloss": charbonnier}
    family = Family("BasicSR", imported, pixel, _REASONS)
    has_gan = bool(train.get("gan_opt"))
    if model not in _MODELS and any(map(train.get, _READ)):
        read_as = "SRGANModel" if has_gan else "SRModel"
        imported.miss(
            "model_type", model, f"BasicSR has no such model; its losses are read as those of {read_as}"
        )
        model = read_as
    imported.description = f"The losses of BasicSR's {model}."
    family.unknown(train, _READ)
    if model == "StyleGAN2Model":
        family.add(family.options(train.get("gan_opt"), "train.gan_opt"), stylegan_terms(train, imported))
        return
    _images(family, document, train, model)
    options = family.options(train.get("gan_opt"), "train.gan_opt")
    if model in _PLAIN:
        for key in ("gan_opt", "ldl_opt"):
            if train.get(key):
                imported.notes.append(f"train.{key} is not carried over: {model} does not read it.")
        return
    family.add(options, lambda options: _adversarial(options, document, model, imported))
    _waits(train, imported)


def _images(family: Family, document: Mapping[str, object], train: Mapping[str, object], model: str) -> None:
    """Add the losses between the generated image and the ground truth."""
    side = "" if model in _PLAIN else "G"
    prefix = f"{side}_" if side else ""
    truths = _truths(document, model)
    family.imported.inputs |= _INPUTS
    if model.startswith("VideoRecurrent"):
        family.imported.inputs["sr"] = "the network's output, its frames in the batch (N T, C, H, W)"

    def pixels(options: Options) -> dict[str, Carried]:
        return {f"{prefix}pix": family.part(options).term(["sr", truths["pixel"]], side)}

    def artifacts(options: Options) -> dict[str, Carried]:
        return {f"{prefix}ldl": family.part(options).term(["ldl_sr", "ldl_hr"], side)}

    def features(options: Options) -> dict[str, Carried]:
        if options.text("type") != "PerceptualLoss":
            raise NotCarriedError("BasicSR has no such perceptual loss")
        target = {"name": truths["percep"], "detach": True}
        parts = perceptual(options)
        return {f"{prefix}{name}": part.term(["sr", target], side) for name, part in parts.items()}

    family.add(family.options(train.get("pixel_opt"), "train.pixel_opt"), pixels)
    if model == "RealESRGANModel":
        family.add(family.options(train.get("ldl_opt"), "train.ldl_opt"), artifacts)
    elif train.get("ldl_opt") and side:
        family.imported.notes.append(f"train.ldl_opt is not carried over: {model} does not use it.")
    family.add(family.options(train.get("perceptual_opt"), "train.perceptual_opt"), features)
    feature_matching = family.options(train.get("feature_matching_opt"), "train.feature_matching_opt")
    if model == "HiFaceGANModel":
        family.add(feature_matching, lambda options: {"G_feat": family.part(options).term([], side)})


_INPUTS = {
    "sr": "the network's output (N, C, H, W)",
    "hr": "the ground truth, same shape as sr",
    "hr_usm": "the ground truth, sharpened (usm_sharpener), same shape as sr",
    "ldl_sr": "get_refined_artifact_map(hr, sr, sr_ema, 7) * sr",
    "ldl_hr": "get_refined_artifact_map(hr, sr, sr_ema, 7) * hr",
    "pred_fake": "scores D(sr); for objective D computed on sr.detach()",
    "pred_real": "scores D(hr)",
}
_USM_SCORES = "scores of the ground truth, sharpened (usm_sharpener)"


def _truths(document: Mapping[str, object], model: str) -> dict[str, str]:
    """Return which ground truth each kind of loss sees."""
    keys = {"pixel": "l1_gt_usm", "percep": "percep_gt_usm", "gan": "gan_gt_usm"}
    if model != "RealESRGANModel":
        return dict.fromkeys(keys, "hr")
    return {kind: "hr" if document.get(key) is False else "hr_usm" for kind, key in keys.items()}


def _adversarial(
    options: Options, document: Mapping[str, object], model: str, imported: Imported
) -> Mapping[str, Carried]:
    name = options.text("type")
    gan = adversarial(options)
    if _truths(document, model)["gan"] == "hr_usm":
        imported.inputs["pred_real"] = _USM_SCORES
    if name not in ("GANLoss", "MultiScaleGANLoss"):
        raise NotCarriedError("BasicSR has no such adversarial loss")
    terms = gan.relativistic_terms() if model == "ESRGANModel" else _scales(gan, name, imported)
    if model in _HALVED:
        imported.objectives["D"] = Carried(
            {"weight": 0.5}, {"weight": f"{model} takes the mean of both halves"}
        )
    return terms


def _scales(gan: Adversarial, name: str, imported: Imported) -> dict[str, Carried]:
    terms = gan.terms()
    if name == "MultiScaleGANLoss":
        for pred in ("pred_fake", "pred_real"):
            imported.inputs[pred] += "; a list, the last output of each scale"
        for term in terms.values():
            term.table["lists"] = "mean"
    return terms


def _waits(train: Mapping[str, object], imported: Imported) -> None:
    """Carry over when the generator is updated: ``net_d_init_iters`` and ``net_d_iters``."""
    options = Options(train, "train", "BasicSR")
    try:
        wait, interval = options.whole("net_d_init_iters", 0), options.whole("net_d_iters", 1, 1)
    except NotCarriedError as error:
        imported.miss("train.net_d_iters, train.net_d_init_iters", "", str(error))
        return
    if wait or interval > 1:
        imported.notes.append(
            "Steps count as BasicSR's current_iter does, from 1: manager.set_progress(step=current_iter)."
        )
    if wait:
        weight = {"type": "window", "unit": "step", "value": 1.0, "start": wait + 1}
        imported.objectives["G"] = Carried(
            {"weight": weight}, {"weight.start": "the step after train.net_d_init_iters"}
        )
    if interval > 1:
        for term in imported.losses.values():
            if term.table.get("objective") == "G":
                term.table["every"] = {"steps": interval, "gain": 1.0}
