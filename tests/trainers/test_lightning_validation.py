"""LossCallback puts validation dataloaders in sections, and records no other evaluation."""

import pytest
from tests.trainers.small import Small, data, trainer
from torch.utils.data import DataLoader

from lossspec import read_log
from lossspec.errors import LossSpecError
from lossspec.integrations.lightning import LossCallback


class Named(Small):
    def val_dataloader(self):
        loaders = {
            "seen": DataLoader(data(4, 1), batch_size=2),
            "unseen": DataLoader(data(6, 2), batch_size=2),
        }
        return loaders if self.validations == 2 else {"seen": loaders["seen"]}


@pytest.mark.parametrize(
    ("kind", "validations", "sections"),
    [
        (Small, 1, {"validation": 2}),
        (Small, 2, {"validation_0": 2, "validation_1": 2}),
        (Named, 1, {"seen": 2}),
        (Named, 2, {"seen": 2, "unseen": 3}),
    ],
)
def test_each_dataloader_has_its_section(spec, run, kind, validations, sections):
    module = kind(spec, run, validations=validations)
    trainer([LossCallback()], run.parent).fit(module)
    found = read_log(run).sections()
    assert {name: len(losses["near"]) for name, losses in found.items()} == {
        "training": 10,
        **{name: 2 * batches for name, batches in sections.items()},
    }
    for name, batches in sections.items():
        assert found[name]["near"].step.tolist() == [5] * batches + [10] * batches
        assert found[name]["near"].epoch.tolist() == [0.0] * batches + [1.0] * batches


def test_a_section_needs_a_valid_name(spec, run):
    class Slash(Small):
        def val_dataloader(self):
            return {"val/seen": DataLoader(data(4), batch_size=2)}

    with pytest.raises(LossSpecError, match="'val/seen' is not a valid name for a validation section"):
        trainer([LossCallback()], run.parent).fit(Slash(spec, run))


def test_validation_in_the_middle_of_an_epoch(spec, run):
    trainer([LossCallback()], run.parent, val_check_interval=2, max_epochs=1).fit(Small(spec, run))
    log = read_log(run)
    assert log.sections()["validation"]["near"].step.tolist() == [2, 2, 4, 4]
    assert log.losses["near"].step.tolist() == list(range(5))


def test_the_sanity_check_is_not_recorded(spec, run):
    module = Small(spec, run)
    calls = []
    module.validation_step = lambda *_: calls.append(module.loss((data(2).tensors[0],)))
    trainer([LossCallback()], run.parent, num_sanity_val_steps=2, limit_train_batches=1, max_epochs=1).fit(
        module
    )
    assert len(calls) == 4
    assert len(read_log(run).sections()["validation"]["near"]) == 2


def test_validate_and_test_leave_the_log_alone(spec, run):
    module = Small(spec, run)
    fit = trainer([LossCallback()], run.parent)
    fit.fit(module)
    before = (run / "loss_log.jsonl").read_bytes()
    fit.validate(module)
    fit.test(module)
    module.losses.update_loss_log()
    assert (run / "loss_log.jsonl").read_bytes() == before
    module.loss((data(2).tensors[0],))
    module.losses.update_loss_log()
    assert len(read_log(run).losses["near"]) == 11, "it records again"


def test_an_error_in_validation_ends_the_section(spec, run):
    module = Small(spec, run)
    right = module.validation_step

    def wrong(batch, batch_idx):
        right(batch, batch_idx)
        raise ZeroDivisionError

    module.validation_step = wrong
    with pytest.raises(ZeroDivisionError):
        trainer([LossCallback()], run.parent, num_sanity_val_steps=0).fit(module)
    log = read_log(run)
    assert len(log.losses["near"]) == 5, "what was recorded before the error is in the log"
    assert len(log.sections()["validation"]["near"]) == 1
    with module.losses.validating("again"):
        pass
