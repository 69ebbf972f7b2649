"""The clock, the log and the metrics of a resumed run are those of one that was never interrupted."""

import csv

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from tests.trainers.small import Small, data, trainer

from lossspec import read_log
from lossspec.errors import CheckpointError
from lossspec.integrations.lightning import LossCallback


class CrashError(Exception):
    pass


class Resumable(Small):
    """Each batch depends on the step alone, as if from a dataloader that resumes within an epoch."""

    crash_at = None

    def training_step(self, batch, batch_idx):
        if self.trainer.global_step == self.crash_at:
            raise CrashError
        return self.loss((data(2, self.trainer.global_step).tensors[0],))


def fit(spec, folder, epochs, *, checkpoint=None, every=None, crash_at=None):
    module = Resumable(spec, folder)
    module.crash_at = crash_at
    saving = {"every_n_train_steps": every} if every else {"every_n_epochs": 1}
    saver = ModelCheckpoint(folder / "saved", filename="{step}", save_top_k=-1, **saving)
    logger = CSVLogger(folder, version=0 if checkpoint is None else 1)
    run = trainer([LossCallback(), saver], folder, max_epochs=epochs, logger=logger, log_every_n_steps=4)
    try:
        run.fit(module, ckpt_path=checkpoint)
    except CrashError:
        assert crash_at
    module.losses.close()
    return run, module


def everything(folder):
    log = read_log(folder)
    return {
        (section, name): [getattr(columns, each).tolist() for each in ("raw", "term_weight", "epoch", "step")]
        for section, losses in log.sections().items()
        for name, columns in losses.items()
    }


def metrics(folder, version):
    with (folder / "lightning_logs" / f"version_{version}" / "metrics.csv").open() as file:
        return [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]


@pytest.mark.parametrize(("every", "step"), [(None, 5), (None, 10), (3, 3), (3, 6), (3, 9), (5, 5)])
def test_resume_equals_the_uninterrupted_run(spec, run, every, step):
    """At the end of an epoch, in its middle, and in the middle of the steps between two log entries."""
    whole, _ = fit(spec, run / "whole", 3, every=every)
    short = run / "short"
    fit(spec, short, 3, every=every, crash_at=11)
    resumed, module = fit(spec, short, 3, checkpoint=short / "saved" / f"step={step}.ckpt", every=every)
    expected, found = everything(run / "whole"), everything(short)
    if step == every == 5:  # Lightning leaves out the validation that follows the saved batch
        expected = {
            name: [each[2:] if name[0] == "validation" else each for each in columns]
            for name, columns in expected.items()
        }
    assert found == expected
    assert module.losses.state_dict()["step"] == whole.global_step == 15
    expected, found = metrics(run / "whole", 0), metrics(short, 1)
    assert found == expected[-len(found) :]
    assert len(found) >= 3
    assert resumed.callback_metrics == whole.callback_metrics


def test_weights_set_by_hand_are_in_the_checkpoint(tmp_path, run):
    path = tmp_path / "hand.loss.toml"
    path.write_text('format = 1\nlosses.near = { type = "torch.L1Loss", inputs = ["y_fake", "y"] }\n')
    module = Small(path, run)
    module.losses.get_registered_losses(strip=False)["near"].loss_weight = 7.0
    saver = ModelCheckpoint(run, filename="end")
    trainer([LossCallback(), saver], tmp_path).fit(module)
    module.losses.close()
    resumed = Small(path, run)
    trainer([LossCallback(), saver], tmp_path, max_epochs=3).fit(resumed, ckpt_path=run / "end.ckpt")
    assert resumed.losses.get_loss_weights() == {"near": 7.0}
    assert torch.load(run / "end.ckpt", weights_only=True)["callbacks"]["LossCallback"]["managers"]


def test_validating_a_checkpoint_uses_its_clock(spec, run):
    """The weights are those of the checkpoint's step, and the log is left alone."""
    _, module = fit(spec, run, 2)
    before = (run / "loss_log.jsonl").read_bytes()
    module = Resumable(spec, run)
    seen = []
    module.validation_step = lambda *_: seen.append(module.losses.get_loss_weights())
    trainer([LossCallback()], run).validate(module, ckpt_path=run / "saved" / "step=5.ckpt")
    assert seen == [{"near": 2.0, "far": 2.0}] * 2
    assert (run / "loss_log.jsonl").read_bytes() == before


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_checkpoint_without_the_callback(spec, run):
    module = Small(spec)
    saver = ModelCheckpoint(run, filename="end")
    trainer([saver], run).fit(module)
    resumed = Small(spec, run / "log")
    continued = trainer([LossCallback()], run, max_epochs=3)
    with pytest.warns(RuntimeWarning, match="the run continues at step 10, but the checkpoint has no state"):
        continued.fit(resumed, ckpt_path=run / "end.ckpt")
    assert read_log(run / "log").losses["near"].step.tolist() == [10, 11, 12, 13, 14]


def test_another_number_of_managers_is_an_error(spec, run):
    saver = ModelCheckpoint(run, filename="end")
    trainer([LossCallback(), saver], run).fit(Small(spec))
    both = Small(spec)
    both.more = Small(spec).losses
    with pytest.raises(CheckpointError, match="the state of 1 managers, the module has 2"):
        trainer([LossCallback(), saver], run, max_epochs=3).fit(both, ckpt_path=run / "end.ckpt")
