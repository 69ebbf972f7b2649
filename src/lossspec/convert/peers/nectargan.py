"""NectarGAN's configuration: the weights ``train.loss.lambda_*`` of its objective ``pix2pix``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.model import Carried, Imported
from lossspec.convert.options import NotCarriedError, Options
from lossspec.convert.peers.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Its losses between two images, by the end of the name of their weight: the term, the loss, the arguments.
IMAGE_LOSSES = {
    "l1": ("G_L1", Part("torch.L1Loss")),
    "l2": ("G_L2", Part("torch.MSELoss")),
    "sobel": ("G_SOBEL", Part("lossspec.SobelLoss", args={"grayscale": "mean"})),
    "laplacian": ("G_LAP", Part("lossspec.LaplacianLoss", args={"grayscale": "mean"})),
    "vgg": ("G_VGG", Part("lossspec.VGGPerceptualLoss", args={"normalize": False})),
}
#: What its trainer adds to the objective `basic` when it is asked to.
_SUBSPECS = {"extended": ("l2", "sobel", "laplacian"), "vgg": ("vgg",)}
#: Where its types, targets and arguments come from.
_CODE = {
    "type": "pix2pix_objective.py",
    "inputs": "pix2pix_trainer.py",
    "args.grayscale": "losses.py",
    "args.normalize": "losses.py",
}
_INPUTS = {
    "y": "the ground truth (N, C, H, W) in [-1, 1]",
    "y_fake": "the generator's output G(x), same shape and range",
    "pred_fake": "logits D(x, y_fake); for objective D computed on y_fake.detach()",
    "pred_real": "logits D(x, y)",
}


def read_nectargan(document: Mapping[str, object], imported: Imported) -> None:
    """Carry over a configuration of NectarGAN.

    Its trainer picks one of the objectives basic, basic+vgg, extended and extended+vgg: the first is the
    spec, and what the others add are its variants.
    """
    options = _losses(document)
    if not any(str(key).startswith("lambda_") for key in options.values):
        return
    imported.description = "NectarGAN's objective pix2pix, with the weights of a configuration."
    imported.inputs |= _INPUTS
    imported.notes.append(
        "Its trainer's loss_subspec picks what is computed: basic is this spec, basic+vgg its variant vgg, "
        "extended and extended+vgg the variants extended and extended+vgg."
    )
    _add(imported, options, "gan", imported.losses)
    _add(imported, options, "l1", imported.losses)
    unweighted = Part("torch.BCEWithLogitsLoss", sources={**_CODE, "weight": "LMLoss's default"})
    imported.losses["D_real"] = unweighted.term(["pred_real", 1.0], "D")
    imported.losses["D_fake"] = unweighted.term(["pred_fake", 0.0], "D")
    imported.objectives["D"] = Carried({"weight": 0.5}, {"weight": "Pix2pixTrainer.forward_D"})
    for variant, names in _SUBSPECS.items():
        imported.variants[variant] = {}
        for name in names:
            _add(imported, options, name, imported.variants[variant])
    for key in options.rest():
        imported.miss(f"{options.key}.{key}", "", "NectarGAN has no such weight")


def _losses(document: Mapping[str, object]) -> Options:
    keys = ("config", "train", "loss") if "config" in document else ("train", "loss")
    table: object = document
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return Options(table if isinstance(table, dict) else {}, ".".join(keys), "NectarGAN")


def _add(imported: Imported, options: Options, name: str, losses: dict[str, Carried]) -> None:
    key = f"lambda_{name}"
    try:
        weight = options.number(key)
    except NotCarriedError as error:
        imported.miss(f"{options.key}.{key}", name, str(error))
        return
    sources = {**_CODE, "weight": options.source(key)}
    if name == "gan":
        gan = Part("torch.BCEWithLogitsLoss", weight, sources=sources)
        losses["G_GAN"] = gan.term(["pred_fake", 1.0], "G")
    else:
        term, part = IMAGE_LOSSES[name]
        losses[term] = Part(part.type, weight, part.args, sources).term(["y_fake", "y"], "G")
