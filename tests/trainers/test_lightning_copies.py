"""Copies of a module (EMA, SWA, spawned processes) record nothing, or say how to make them record."""

import copy

import pytest
from lightning.pytorch.callbacks import EMAWeightAveraging, StochasticWeightAveraging
from tests.trainers.small import Small, trainer

from lossspec import LossManager, read_log
from lossspec.errors import LogError, LossSpecError
from lossspec.integrations.lightning import LossCallback


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "average",
    [lambda: EMAWeightAveraging(decay=0.9), lambda: StochasticWeightAveraging(0.1, swa_epoch_start=1)],
    ids=["EMA", "SWA"],
)
def test_averages_of_a_module(spec, run, average, first):
    """The log is that of a run without them: 4 epochs of 5 steps."""
    callbacks = [LossCallback(), average()] if first else [average(), LossCallback()]
    module = Small(spec, run)
    trainer(callbacks, run.parent, max_epochs=4).fit(module)
    log = read_log(run)
    assert log.losses["near"].step.tolist() == list(range(20))
    assert len(log.sections()["validation"]["near"]) == 8
    assert module.losses.state_dict()["step"] == 20
    assert not module.losses.is_copy


def test_a_module_without_manager_is_an_error(spec, tmp_path):
    module = Small(spec)
    del module.losses
    with pytest.raises(
        LossSpecError, match="no LossManager was found in `Small`: keep it as an attribute, as in"
    ):
        trainer([LossCallback()], tmp_path).fit(module)


def test_a_module_that_is_a_copy_is_an_error(spec, tmp_path):
    with pytest.raises(LossSpecError, match=r"the LossManager is a copy.*in `configure_model`"):
        trainer([LossCallback()], tmp_path).fit(copy.deepcopy(Small(spec)))
    with pytest.raises(LossSpecError, match="the LossManager is a copy"):
        LossCallback(copy.copy(LossManager()))


@pytest.mark.parametrize("wrong", [3, [], {}, [LossManager, 3], "losses"])
def test_what_is_no_manager_is_an_error(wrong):
    with pytest.raises(LossSpecError, match="`managers` must be a LossManager or several, got"):
        LossCallback(wrong)


def test_two_managers_on_one_folder_are_an_error(spec, run):
    first = Small(spec, run)
    with pytest.raises(LogError, match="is open in another LossManager: give each run its own folder"):
        Small(spec, run)
    del first


@pytest.mark.parametrize("pack", [lambda x: x, lambda x: [x], lambda x: {"a": x}, lambda x: (x,)])
def test_a_manager_outside_of_the_module(spec, run, pack):
    module = Small(spec, run)
    manager, module.losses = module.losses, None
    module.loss = lambda batch: manager.objective()(y_fake=module.model(batch[0]), y=batch[0])
    fit = trainer([LossCallback(pack(manager))], run.parent)
    fit.fit(module)
    assert len(read_log(run).losses["near"]) == 10
    assert "raw/near_epoch" in fit.callback_metrics


def test_hyperparameters_may_hold_a_manager(spec, run):
    """``save_hyperparameters`` keeps the manager, and a copy of it."""

    class Given(Small):
        def __init__(self, manager):
            super().__init__(spec)
            self.losses = manager
            self.save_hyperparameters(ignore=["spec"])

    manager = LossManager.from_spec(spec, experiment_dir=run)
    trainer([LossCallback()], run.parent).fit(Given(manager))
    assert len(read_log(run).losses["near"]) == 10


def test_a_manager_that_is_made_late_is_found(spec, run):
    class Late(Small):
        def configure_model(self):
            self.losses = LossManager.from_spec(spec, experiment_dir=run)

    module = Late(spec)
    del module.losses
    trainer([LossCallback()], run.parent).fit(module)
    assert len(read_log(run).losses["near"]) == 10


def test_a_manager_of_a_submodule_is_found(spec, run):
    class Outer(Small):
        def __init__(self):
            super().__init__(spec)
            del self.losses
            self.inner = Small(spec, run)

        def loss(self, batch):
            return self.inner.loss(batch)

    trainer([LossCallback()], run.parent).fit(Outer())
    assert len(read_log(run).losses["near"]) == 10


def test_a_crash_keeps_what_was_recorded(spec, run):
    module = Small(spec, run)
    step = module.training_step
    module.training_step = lambda batch, batch_idx: step(batch, 0) * (1 / (batch_idx != 3))
    with pytest.raises(ZeroDivisionError):
        trainer([LossCallback()], run.parent).fit(module)
    assert read_log(run).losses["near"].step.tolist() == [0, 1, 2, 3]
