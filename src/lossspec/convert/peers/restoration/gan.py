"""Adversarial losses as BasicSR and its descendants have them: several terms out of one table of options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lossspec.convert.options import NotCarriedError
from lossspec.convert.peers.part import Part, weighted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lossspec.convert.model import Carried
    from lossspec.convert.options import Options

#: The kinds that compare scores with labels, and the loss that does it.
_LABELLED = {
    "vanilla": "torch.BCEWithLogitsLoss",
    "lsgan": "torch.MSELoss",
    "bce": "torch.BCEWithLogitsLoss",
    "mse": "torch.MSELoss",
    "huber": "torch.HuberLoss",
}
#: The kinds that have no labels, by their name here.
_UNLABELLED = {"wgan": "wgan", "wgan_softplus": "logistic", "hinge": "hinge"}
_DETACHED = {name: {"name": name, "detach": True} for name in ("pred_real", "pred_fake")}


@frozen
class Adversarial:
    """The options of a ``GANLoss``.

    Attributes:
        kind: ``gan_type``.
        labels: what scores of ``"real"`` and ``"fake"`` images are compared with.
        part: the generator's loss, with its weight; the discriminator's weight is always 1.
    """

    kind: str
    labels: Mapping[str, float]
    part: Part

    def terms(self) -> dict[str, Carried]:
        """Return ``G_GAN``, ``D_real`` and ``D_fake``, to be added up."""
        return {
            "G_GAN": self._term("G", "pred_fake", "real"),
            "D_real": self._term("D_real", "pred_real", "real"),
            "D_fake": self._term("D_fake", "pred_fake", "fake"),
        }

    def relativistic_terms(self) -> dict[str, Carried]:
        """Return the four terms of ESRGAN: each side's scores less the mean of the other's.

        The halves of G are in its weights, those of D in the weight of its objective. What D's means, and
        the scores of real images that G sees, get no gradient, as in BasicSR.

        Raises:
            NotCarriedError: the kind or its labels give other numbers than the loss here.
        """
        labels = (self.labels["real"], self.labels["fake"])
        wanted = {"vanilla": (1.0, 0.0), "wgan_softplus": labels, "lsgan": (1.0, -1.0)}
        if wanted.get(self.kind) != labels:
            raise NotCarriedError(
                f"ESRGANModel with `{self.kind}` and the labels {labels[0]:g} and {labels[1]:g} has no twin: "
                "lossspec.RelativisticAverageLoss is vanilla with 1 and 0, or lsgan with 1 and -1"
            )
        mode = "lsgan" if self.kind == "lsgan" else "vanilla"
        relative = evolve(self.part, type="lossspec.RelativisticAverageLoss", args={"mode": mode})
        whole = _unweighted(relative)
        half = relative.times(0.5, "halved, as the mean of two losses")
        real, fake = _DETACHED["pred_real"], _DETACHED["pred_fake"]
        return {
            "G_real": _like("fake", half).term([real, "pred_fake"], "G"),
            "G_fake": _like("real", half).term(["pred_fake", real], "G"),
            "D_real": _like("real", whole).term(["pred_real", fake], "D"),
            "D_fake": _like("fake", whole).term(["pred_fake", real], "D"),
        }

    def _term(self, role: str, pred: str, label: str) -> Carried:
        part = self.part if role == "G" else _unweighted(self.part)
        if self.kind in _LABELLED:
            part = part.sourced("inputs", self.part.sources[label])
            return part.term([pred, self.labels[label]], role[0])
        args = {"mode": _UNLABELLED[self.kind], "role": role}
        return evolve(part, args=args).term([pred], role[0])


def adversarial(options: Options, default: float | None = 1.0, kind: str | None = None) -> Adversarial:
    """Read the options of a ``GANLoss``.

    Args:
        options: ``gan_type``, ``real_label_val``, ``fake_label_val``, ``loss_weight``.
        default: the peer's default of ``loss_weight``; None if it must be given.
        kind: the peer's default of ``gan_type``; None if it must be given.
    """
    chosen = options.text("gan_type", kind)
    if chosen not in _LABELLED and chosen not in _UNLABELLED:
        raise NotCarriedError(f"`gan_type` is `{chosen}`, which {options.peer} does not have")
    labels = {"real": options.number("real_label_val", 1.0), "fake": options.number("fake_label_val", 0.0)}
    sources = {
        "real": options.source("real_label_val"),
        "fake": options.source("fake_label_val"),
        "type": f"{options.source('gan_type')} = {chosen}",
        "args.mode": f"{options.source('gan_type')} = {chosen}",
    }
    type_ = _LABELLED.get(chosen, "lossspec.GANLoss")
    return Adversarial(chosen, labels, weighted(options, type_, default, sources=sources))


def _unweighted(part: Part) -> Part:
    return evolve(part, weight=1.0).sourced("weight", "always 1 for the discriminator")


def _like(target: str, part: Part) -> Part:
    """Say what the scores should look like."""
    return evolve(part, args={"target": target, **part.args})
