"""Keras's losses that have a twin here: what they compute, and where they differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from lossspec.convert.options import NotCarriedError, Options
from lossspec.convert.peers.part import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Keras's fuzz factor, ``keras.config.epsilon()``, unless it was set.
_EPSILON = 1e-7
_ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
}
_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "auto")


@frozen
class Kind:
    """A loss of Keras.

    Attributes:
        name: what Keras calls its function.
        read: from its configuration to what it is here.
        pred: the shape of the model's output, as the loss here wants it.
        true: the shape of the target.
        sums: whether Keras's sum of it is the sum of all elements: elsewhere it sums means.
    """

    name: str
    read: Callable[[Options], Part]
    pred: str = "(N, *)"
    true: str = "same shape"
    sums: bool = False


def find_loss(loss: object, key: str) -> tuple[Kind, Part]:
    """Return a loss as Keras names or serialises it: its kind, and what it is here.

    Raises:
        NotCarriedError: it has no twin, it is the user's own, or it asks for another reduction.
    """
    name, config = _serialised(loss)
    kind = _KINDS.get(name)
    if kind is None:
        raise NotCarriedError(_REASONS.get(name, "lossspec has no loss that computes the same"))
    options = Options(config, key, "Keras")
    part = kind.read(options).sourced("type", f"{key} = {name}").sourced("weight", "Keras's default")
    reduction = config.get("reduction", "sum_over_batch_size")
    if reduction in _MEANS:
        return kind, part
    if reduction == "sum" and kind.sums:
        summed = Part(part.type, part.weight, {**part.args, "reduction": "sum"}, part.sources, part.note)
        return kind, summed.sourced("args.reduction", f"{key}.config.reduction")
    raise NotCarriedError(f"its reduction is `{reduction}`; only the mean over all elements is carried over")


def _serialised(loss: object) -> tuple[str, Mapping[str, object]]:
    if isinstance(loss, str):
        return _function_name(loss), {}
    if not isinstance(loss, dict):
        raise NotCarriedError("must be a name or a serialised loss")
    name, config = loss.get("class_name"), loss.get("config")
    if loss.get("module") not in (None, "keras.losses", "builtins", "keras.src.losses.losses"):
        raise NotCarriedError("it is not one of Keras's losses")
    if name == "function" and isinstance(config, str):
        return _function_name(config), {}
    return _function_name(str(name)), config if isinstance(config, dict) else {}


def _function_name(name: str) -> str:
    """Return the name of Keras's function: ``MeanSquaredError`` is ``mean_squared_error``."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return _ALIASES.get(snake, snake)


def _simple(type_: str, **args: object) -> Callable[[Options], Part]:
    return lambda _: Part(type_, args=args)


def _huber(options: Options) -> Part:
    if options.values and not options.has("delta"):
        raise NotCarriedError("Keras does not save its `delta`: add it to the loss's config, such as 1.0")
    return Part(
        "torch.HuberLoss", args={"delta": options.number("delta", 1.0)}, sources=_of(options, "delta")
    )


def _binary(options: Options) -> Part:
    _without_smoothing(options)
    if options.flag("from_logits", default=False):
        return Part("torch.BCEWithLogitsLoss")
    return Part("torch.BCELoss", note=f"Keras clips probabilities to [{_EPSILON:g}, 1 - {_EPSILON:g}].")


def _focal(options: Options) -> Part:
    _without_smoothing(options)
    if not options.flag("from_logits", default=False):
        raise NotCarriedError("`from_logits` is false, and lossspec's focal losses take logits")
    gamma = options.number("gamma", 2.0)
    note = f"Keras clips probabilities to [{_EPSILON:g}, 1 - {_EPSILON:g}]."
    if not options.flag("apply_class_balancing", default=False):
        return Part("monai.FocalLoss", args={"gamma": gamma}, sources=_of(options, "gamma"), note=note)
    args: dict[str, object] = {"alpha": options.number("alpha", 0.25), "gamma": gamma, "reduction": "mean"}
    return Part(
        "torchvision.sigmoid_focal_loss", args=args, sources=_of(options, "alpha", "gamma"), note=note
    )


def _categorical(options: Options) -> Part:
    _with_logits(options)
    smoothing = options.number("label_smoothing", 0.0)
    args = {"label_smoothing": smoothing} if smoothing else {}
    return Part("torch.CrossEntropyLoss", args=args, sources=_of(options, "label_smoothing"))


def _sparse(options: Options) -> Part:
    _with_logits(options)
    args = {"ignore_index": int(options.number("ignore_class"))} if options.has("ignore_class") else {}
    return Part(
        "torch.CrossEntropyLoss", args=args, sources={"args.ignore_index": options.source("ignore_class")}
    )


def _of(options: Options, *names: str) -> dict[str, str]:
    inner = Options(options.values, f"{options.key}.config", options.peer)
    return {f"args.{name}": inner.source(name) for name in names}


def _without_smoothing(options: Options) -> None:
    if options.number("label_smoothing", 0.0):
        raise NotCarriedError("`label_smoothing` changes the targets; apply it to the target tensor yourself")


def _with_logits(options: Options) -> None:
    if not options.flag("from_logits", default=False):
        raise NotCarriedError(
            "`from_logits` is false, torch.CrossEntropyLoss takes logits; remove the softmax from the model"
        )


_POISSON = _simple("torch.PoissonNLLLoss", log_input=False, eps=_EPSILON)
_CLASSES = "(N, C, *) logits, the classes in the second dimension"
_KINDS = {
    kind.name: kind
    for kind in (
        Kind("mean_absolute_error", _simple("torch.L1Loss")),
        Kind("mean_squared_error", _simple("torch.MSELoss")),
        Kind("huber", _huber),
        Kind("poisson", _POISSON, "(N, *), rates above 0", "same shape, counts"),
        Kind("binary_crossentropy", _binary, "(N, *)", "same shape, 0 to 1"),
        Kind("binary_focal_crossentropy", _focal, "(N, *) logits", "same shape, 0 or 1"),
        Kind("categorical_crossentropy", _categorical, _CLASSES, "(N, C, *) probabilities", sums=True),
        Kind("sparse_categorical_crossentropy", _sparse, _CLASSES, "(N, *) class indices", sums=True),
    )
}
_REASONS = {
    "cosine_similarity": "torch.CosineEmbeddingLoss is 1 more: Keras has the negative cosine",
    "kl_divergence": "torch.KLDivLoss takes the logarithm of the predictions, Keras the predictions",
}
