"""Keras: ``model.get_compile_config()``, or the configuration of a whole model that holds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

from lossspec.convert.options import NotCarriedError, Options
from lossspec.convert.peers.keras_losses import find_loss
from lossspec.names import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lossspec.convert.model import Imported

Table = dict[str, object]
_WITHIN = ("compile_config", "training_config")


def read_keras(document: Mapping[str, object], imported: Imported) -> None:
    """Carry over what a Keras model was compiled with."""
    imported.description = "The losses that a Keras model was compiled with."
    where = next((key for key in _WITHIN if isinstance(document.get(key), dict)), "")
    compiled = document[where] if where else document
    prefix = f"{where}." if where else ""
    config = document.get("config")
    outputs = _outputs(config) if where and isinstance(config, dict) else []
    for key, name in _regularizers(document):
        imported.miss(key, name, "a layer adds it to the loss; weight decay is the optimiser's in PyTorch")
    if not isinstance(compiled, dict) or compiled.get("loss") is None:
        return
    try:
        losses = _spread(_plain(compiled["loss"]), outputs)
        weights = _weights(_plain(compiled.get("loss_weights")), losses)
    except NotCarriedError as error:
        imported.miss(f"{prefix}loss", "", str(error))
        return
    for name, (key, loss) in losses.items():
        if loss is not None:
            _add(imported, name, f"{prefix}loss{key}", loss, (f"{prefix}loss_weights{key}", weights[name]))


def _add(imported: Imported, output: str, key: str, loss: object, weight: tuple[str, float | None]) -> None:
    """Add the loss of one output; the only one's is called after the loss."""
    try:
        kind, part = find_loss(loss, key)
        if weight[1] is not None:
            part = evolve(part, weight=weight[1]).sourced("weight", weight[0])
    except NotCarriedError as error:
        imported.miss(key, _name_of(loss), str(error))
        return
    pred, true = (output, f"{output}_true") if output else ("y_pred", "y_true")
    imported.inputs[pred] = f"the model's output{f' {output}' if output else ''}: {kind.pred}"
    imported.inputs[true] = f"what it should be: {kind.true}"
    imported.losses[output or kind.name] = part.term([pred, true])


def _spread(loss: object, outputs: list[str]) -> dict[str, tuple[str, object]]:
    """Return the loss of each output, and where it stands; "" is the name of a single, unnamed output.

    Raises:
        NotCarriedError: there are more or fewer losses than outputs, or two outputs of one name.
    """
    if isinstance(loss, dict) and "class_name" not in loss:
        return _named((name, (f".{name}", each)) for name, each in loss.items())
    if isinstance(loss, list) and (len(loss) != 1 or outputs):
        names = outputs or [f"output_{index}" for index in range(len(loss))]
        if len(names) != len(loss):
            raise NotCarriedError(f"there are {len(loss)} losses for {len(names)} outputs")
        return _named((name, (f"[{index}]", loss[index])) for index, name in enumerate(names))
    if isinstance(loss, list):
        return {"": ("[0]", loss[0])}
    return _named((name, ("", loss)) for name in outputs) if outputs else {"": ("", loss)}


def _named(losses: Iterable[tuple[str, tuple[str, object]]]) -> dict[str, tuple[str, object]]:
    """Give each output a name that a spec may use."""
    named: dict[str, tuple[str, object]] = {}
    for name, loss in losses:
        legal = _legal(name)
        # the target of an output is called as it is, with `_true`
        if legal in named or f"{legal}_true" in named or legal.removesuffix("_true") in named:
            raise NotCarriedError(f"the output `{shorten(str(name))}` needs a name of its own in a spec")
        named[legal] = loss
    return named


def _weights(weights: object, losses: Mapping[str, tuple[str, object]]) -> dict[str, float | None]:
    """Return the weight of each output's loss; None where there is none."""
    if weights is None:
        return dict.fromkeys(losses)
    if isinstance(weights, dict):
        named: Table = {_legal(name): each for name, each in weights.items()}
    else:
        values = weights if isinstance(weights, list) else [weights]
        if len(values) != len(losses):
            raise NotCarriedError(f"there are {len(values)} loss_weights for {len(losses)} losses")
        named = dict(zip(losses, values, strict=True))
    options = Options(named, "loss_weights", "Keras")
    found = {name: None if loss is None else options.number(name) for name, (_, loss) in losses.items()}
    if rest := [name for name in options.rest() if name not in losses]:
        raise NotCarriedError(f"`loss_weights` names `{rest[0]}`, which has no loss")
    return found


def _outputs(config: Mapping[str, object]) -> list[str]:
    """Return the names of a functional model's outputs; none if it has one, or does not name them."""
    layers = config.get("output_layers")
    found = [*layers.values()] if isinstance(layers, dict) else layers if isinstance(layers, list) else []
    names = [str(each[0]) for each in found if isinstance(each, list) and each]
    return names if len(names) > 1 else []


def _regularizers(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the regularisers of layers: Keras adds them to the loss."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in items:
        inner = f"{key}[{name}]" if isinstance(name, int) else f"{key}.{name}" if key else str(name)
        if isinstance(name, str) and name.endswith("_regularizer") and each is not None:
            yield inner, _name_of(each)
        else:
            yield from _regularizers(each, inner)


def _plain(value: object) -> object:
    """Return a tuple as Keras writes it as a list."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return value.get("items")
    return value


def _legal(name: object) -> str:
    legal = re.sub(r"\W", "_", str(name), flags=re.ASCII)
    return legal if re.match("[A-Za-z_]", legal) else f"_{legal}"


def _name_of(loss: object) -> str:
    if isinstance(loss, dict):
        name, config = loss.get("class_name"), loss.get("config")
        return str(config if name == "function" else name)
    return str(loss)
