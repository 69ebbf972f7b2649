"""Tells whose configuration a file is, where it is clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def guess(document: Mapping[str, object], suffix: str) -> str | None:
    """Return the peer that a configuration belongs to, or None if it is not clear.

    >>> guess({"config": {"train": {"loss": {"lambda_l1": 100.0}}}}, ".json")
    'nectargan'
    >>> guess({"model_type": "SRModel", "train": {"pixel_opt": {}}}, ".yml")
    'basicsr'
    >>> guess({"train": {"pixel_opt": {}}}, ".json") is None
    True
    """
    signs = {
        "keras": suffix == ".keras" or "compile_config" in document or "training_config" in document,
        "monai": _targets(document),
        "nectargan": any(str(key).startswith("lambda_") for key in _weights(document)),
        **_signs_of_training(document.get("train"), document, suffix),
    }
    if "loss" in document and ("optimizer" in document or "loss_weights" in document):
        signs["keras"] = signs["keras"] or not signs["monai"]
    found = [peer for peer, is_it in signs.items() if is_it]
    return found[0] if len(found) == 1 else None


def _weights(document: Mapping[str, object]) -> Mapping[str, object]:
    """Return what stands at ``train.loss``, under ``config`` or not."""
    config = document.get("config", document)
    train = config.get("train") if isinstance(config, dict) else None
    loss = train.get("loss") if isinstance(train, dict) else None
    return loss if isinstance(loss, dict) else {}


def _signs_of_training(train: object, document: Mapping[str, object], suffix: str) -> dict[str, bool]:
    if not isinstance(train, dict):
        return {}
    has_list = isinstance(train.get("losses"), list)
    has_tables = any(str(key).endswith("_opt") for key in train)
    return {
        "trainner-redux": has_list,
        "basicsr": has_tables and not has_list and "model_type" in document and suffix != ".toml",
        "neosr": has_tables and suffix == ".toml",
    }


def _targets(value: object) -> bool:
    """Say whether anything in it is described by ``_target_``, as in MONAI's bundles."""
    if isinstance(value, dict):
        return "_target_" in value or any(map(_targets, value.values()))
    return isinstance(value, list) and any(map(_targets, value))
