"""BasicSR's ``StyleGAN2Model``: its regularisers stand beside the adversarial loss, each with an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.options import Options
from lossspec.convert.peers.part import Part
from lossspec.convert.peers.restoration.gan import adversarial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lossspec.convert.model import Carried, Imported


def stylegan_terms(
    train: Mapping[str, object], imported: Imported
) -> Callable[[Options], dict[str, Carried]]:
    """Return the reader of ``train.gan_opt``.

    The penalties are computed every ``net_d_reg_every`` and ``net_g_reg_every`` steps, and multiplied by
    that number; R1's weight is halved.
    """

    def read(gan_options: Options) -> dict[str, Carried]:
        options = Options(train, "train", "BasicSR")
        terms = adversarial(gan_options).terms()
        r1 = _penalty(options, "lossspec.R1Penalty", "r1_reg_weight")
        path = _penalty(options, "lossspec.PathLengthPenalty", "path_reg_weight")
        imported.inputs.update(_INPUTS)
        imported.notes.append(
            "Steps count as BasicSR's current_iter does, from 1: manager.set_progress(step=current_iter)."
        )
        return {
            **terms,
            "D_r1": r1.times(0.5, "halved").term(
                ["pred_real", "real"], "D", every=_interval(options, "net_d_reg_every")
            ),
            "G_path": path.term(["fake", "latents"], "G", every=_interval(options, "net_g_reg_every")),
        }

    return read


_INPUTS = {
    "pred_fake": "scores of generated images; for objective D computed on detached ones",
    "pred_real": "scores of real, with their graph",
    "real": "real images (N, C, H, W); requires_grad where D_r1 is due",
    "fake": "generated images with their graph, of the batch for the path length",
    "latents": "the latents that fake was made from, (N, L, D)",
}


def _penalty(options: Options, type_: str, key: str) -> Part:
    return Part(type_, options.number(key), sources={"weight": options.source(key)})


def _interval(options: Options, key: str) -> dict[str, object]:
    steps = options.whole(key, None, 1)
    return {"steps": steps, "gain": float(steps)}
