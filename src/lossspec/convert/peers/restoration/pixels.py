"""Losses that BasicSR and its descendants compute between two images, element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossspec.convert.options import NotCarriedError
from lossspec.convert.peers.part import Part, weighted

if TYPE_CHECKING:
    from lossspec.convert.options import Options


def l1(options: Options, default: float | None = 1.0) -> Part:
    """``mean(|pred - target|)``."""
    return _reduced(options, "torch.L1Loss", default)


def mse(options: Options, default: float | None = 1.0) -> Part:
    """``mean((pred - target)^2)``."""
    return _reduced(options, "torch.MSELoss", default)


def charbonnier(options: Options, default: float | None = 1.0) -> Part:
    """``mean(sqrt((pred - target)^2 + eps))``: BasicSR's eps stands under the root as it is, 1e-12."""
    eps = options.number("eps", 1e-12)
    return _reduced(options, "lossspec.CharbonnierLoss", default, eps=eps)


def huber(options: Options, default: float | None = 1.0) -> Part:
    """``mean(0.5 d^2 where |d| < delta, else delta (|d| - 0.5 delta))``."""
    return _reduced(options, "torch.HuberLoss", default, delta=options.number("delta", 1.0))


def focal_frequency(options: Options, default: float | None = 1.0) -> Part:
    """``50 mean(w |F|^2)``: traiNNer-redux and neosr multiply the loss by 50, and average the spectra."""
    args: dict[str, object] = {
        "alpha": options.number("alpha", 1.0),
        "patch_factor": options.whole("patch_factor", 1, 1),
        "average_spectrum": options.flag("ave_spectrum", default=True),
        "log_matrix": options.flag("log_matrix", default=False),
        "batch_matrix": options.flag("batch_matrix", default=False),
    }
    theirs = {"average_spectrum": "ave_spectrum"}
    sources = {f"args.{name}": options.source(theirs.get(name, name)) for name in args}
    part = weighted(options, "lossspec.FocalFrequencyLoss", default, args=args, sources=sources)
    return part.times(50.0, f"times 50, as in {options.peer}'s code")


def _reduced(options: Options, type_: str, default: float | None, **args: float) -> Part:
    reduction = options.text("reduction", "mean")
    if reduction not in ("mean", "sum"):
        raise NotCarriedError(f'`reduction` must be "mean" or "sum" to give one number, got "{reduction}"')
    named: dict[str, object] = {**args}
    if reduction == "sum":
        named["reduction"] = reduction
    sources = {f"args.{name}": options.source(name) for name in named}
    return weighted(options, type_, default, args=named, sources=sources)
