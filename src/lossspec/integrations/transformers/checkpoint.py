"""The state of a manager in the checkpoints of the Trainer of transformers: a file in each folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from lossspec.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transformers import TrainerState, TrainingArguments

    from lossspec.manager.loss_manager import LossManager

FILE = "lossspec.pt"


def save(manager: LossManager, args: TrainingArguments, state: TrainerState) -> None:
    """Save the state of a manager in the checkpoint that the Trainer has just saved.

    Raises:
        CheckpointError: it is in another folder.
    """
    folder = _folder(args, state)
    if args.should_save and not folder.is_dir():
        raise CheckpointError(
            f"the Trainer saved no checkpoint in `{folder}`, where the state of the manager belongs: in a "
            'hyperparameter search, which has other folders, set `save_strategy="no"`'
        )
    if args.should_save:
        torch.save(manager.state_dict(), folder / FILE)


def load(manager: LossManager, args: TrainingArguments, state: TrainerState) -> None:
    """Restore the state of a manager from the checkpoint that the Trainer resumes from.

    The Trainer does not tell callbacks which folder that is. It is one whose ``trainer_state.json`` has the
    history of this run.

    Raises:
        CheckpointError: it was not found, or does not fit the manager.
    """
    for folder in _candidates(args, state):
        if _is_of(folder, state):
            try:
                saved = torch.load(folder / FILE, weights_only=True, map_location="cpu")
            except FileNotFoundError:
                break
            manager.load_state_dict(saved)
            return
    folders = ", ".join(f"`{each}`" for each in _candidates(args, state))
    raise CheckpointError(
        f"the run resumes at step {state.global_step}, but the state of its manager, `{FILE}` in the folder "
        f"of the checkpoint, was not found in {folders}: pass the folder as "
        "`TrainingArguments(resume_from_checkpoint=...)` too, and save with `LossCallback` in the callbacks"
    )


def _candidates(args: TrainingArguments, state: TrainerState) -> Iterator[Path]:
    if isinstance(args.resume_from_checkpoint, str):
        yield Path(args.resume_from_checkpoint)
    yield _folder(args, state)


def _folder(args: TrainingArguments, state: TrainerState) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"


def _is_of(folder: Path, state: TrainerState) -> bool:
    """Return whether a folder has a checkpoint of this run, at this step."""
    path = folder / "trainer_state.json"
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    same = json.dumps(saved["log_history"]) == json.dumps(state.log_history)
    return same and saved["global_step"] == state.global_step
