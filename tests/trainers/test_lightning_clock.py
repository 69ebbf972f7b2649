"""LossCallback moves the clock: inside step k the log has step k; after N steps the clock is at N."""

import itertools
import warnings

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from tests.trainers.small import Small, data, trainer
from torch.utils.data import DataLoader, IterableDataset

from lossspec import read_log
from lossspec.errors import ClockError, LossSpecError
from lossspec.integrations.lightning import LossCallback


def steps(run, name="near"):
    return read_log(run).losses[name].step.tolist()


def epochs(run, name="near"):
    return read_log(run).losses[name].epoch.tolist()


def position(manager):
    state = manager.state_dict()
    return state["epoch"], state["step"]


def test_a_batch_is_a_step(spec, run, tmp_path):
    module = Small(spec, run)
    fit = trainer([LossCallback()], tmp_path)
    fit.fit(module)
    assert fit.global_step == 10
    assert steps(run) == list(range(10))
    assert epochs(run) == [0.0] * 5 + [1.0] * 5
    assert position(module.losses) == (1, 10)
    log = read_log(run)
    assert log.losses["near"].term_weight.tolist() == pytest.approx([1 + 0.2 * step for step in range(10)])
    assert log.losses["far"].term_weight.tolist() == [2.0] * 5 + [1.625] * 5


def test_accumulated_batches_are_one_step(spec, run, tmp_path):
    """The last step of an epoch has one batch: Lightning steps there."""
    module = Small(spec, run)
    trainer([LossCallback()], tmp_path, accumulate_grad_batches=2).fit(module)
    assert steps(run) == [0, 0, 1, 1, 2, 3, 3, 4, 4, 5]
    assert position(module.losses) == (1, 6)


class Two(Small):
    """Two optimizers: the second one steps in each batch, the first one in every ``often``-th."""

    def __init__(self, *args, often=1, inner=1, **kwargs):
        super().__init__(*args, **kwargs)
        self.automatic_optimization = False
        self.often, self.inner = often, inner
        self.seen = []

    def training_step(self, batch, batch_idx):
        first, second = self.optimizers()
        for optimizer, times in ((second, self.inner), (first, (batch_idx + 1) % self.often == 0)):
            for _ in range(times):
                optimizer.zero_grad()
                self.manual_backward(self.loss(batch))
                optimizer.step()

    def configure_optimizers(self):
        return [torch.optim.SGD(self.parameters(), lr=0.01), torch.optim.Adam(self.parameters(), lr=0.01)]


def test_a_batch_with_two_optimizers_is_one_step(spec, run, tmp_path):
    module = Two(spec, run, batches=4)
    fit = trainer([LossCallback()], tmp_path, max_epochs=1)
    fit.fit(module)
    assert fit.global_step == 8
    assert steps(run) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert position(module.losses) == (0, 4)


@pytest.mark.parametrize(
    ("index", "expected"), [(0, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]), (1, [0, 1, 2, 3, 4, 4, 5, 6, 7, 8])]
)
def test_the_steps_of_one_optimizer_can_count(spec, run, tmp_path, index, expected):
    """Two critic steps in each batch, one generator step in every second."""
    module = Two(spec, run, batches=4, often=2, inner=2)
    trainer([LossCallback(optimizer=index)], tmp_path, max_epochs=1).fit(module)
    assert steps(run) == expected
    assert position(module.losses)[1] == [2, 8][index]


class Repeats(Small):
    """One optimizer, which steps twice in a batch, by hand."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        optimizer = self.optimizers()
        for _ in range(2):
            optimizer.zero_grad()
            self.manual_backward(self.loss(batch))
            optimizer.step()


def test_each_step_of_a_single_optimizer_counts(spec, run, tmp_path):
    module = Repeats(spec, run, batches=3)
    fit = trainer([LossCallback()], tmp_path, max_epochs=1)
    fit.fit(module)
    assert steps(run) == list(range(6))
    assert position(module.losses)[1] == fit.global_step == 6


def test_an_index_without_optimizer_is_an_error(spec, tmp_path):
    with pytest.raises(LossSpecError, match="`optimizer` must be the index of one of 1 optimizers, got 3"):
        trainer([LossCallback(optimizer=3)], tmp_path).fit(Small(spec))


@pytest.mark.parametrize("wrong", [-1, True, "1", 1.0])
def test_an_optimizer_is_named_by_its_index(wrong):
    with pytest.raises(LossSpecError, match="`optimizer` must be an index, 0 or more, got"):
        LossCallback(optimizer=wrong)


def test_a_second_callback_is_refused_by_lightning(tmp_path):
    with pytest.raises(RuntimeError, match="more than one stateful callback of type `LossCallback`"):
        trainer([LossCallback(), LossCallback()], tmp_path)


def test_a_second_fit_goes_on(spec, run, tmp_path):
    module = Small(spec, run)
    fit = trainer([LossCallback()], tmp_path, max_epochs=1)
    fit.fit(module)
    fit.fit_loop.max_epochs = 2
    fit.fit(module)
    assert steps(run) == list(range(10))


FRACTION = """\
format = 1
[losses.near]
type = "torch.L1Loss"
inputs = ["y_fake", "y"]
weight = { type = "linear", unit = "fraction", start = 0, end = 1, start_value = 0.0, end_value = 1.0 }
at_zero = "record"
"""


@pytest.fixture
def fraction(tmp_path):
    path = tmp_path / "fraction.loss.toml"
    path.write_text(FRACTION)
    return path


class Endless(IterableDataset):
    def __iter__(self):
        return itertools.cycle(data(4))


class Stream(Small):
    def train_dataloader(self):
        return DataLoader(Endless(), batch_size=2)


@pytest.mark.parametrize(
    ("kind", "options", "weights"),
    [
        (Small, {"max_epochs": 2}, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        (Small, {"max_epochs": 2, "max_steps": 8}, [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]),
        (Small, {"max_epochs": -1, "max_steps": 4}, [0.0, 0.25, 0.5, 0.75]),
        (Small, {"max_epochs": 2, "accumulate_grad_batches": 5}, [0.0] * 5 + [0.5] * 5),
        (Stream, {"max_epochs": 2, "max_steps": 4, "limit_val_batches": 0}, [0.0, 0.25, 0.5, 0.75]),
        (Stream, {"max_epochs": 2, "limit_train_batches": 2}, [0.0, 0.25, 0.5, 0.75]),
        (Repeats, {"max_epochs": 2, "limit_train_batches": 1}, [0.0, 0.0, 0.5, 0.5]),
        (Repeats, {"max_epochs": -1, "max_steps": 4}, [0.0, 0.25, 0.5, 0.75]),
        (Two, {"max_epochs": 2, "limit_train_batches": 1}, [0.0, 0.0, 0.5, 0.5]),
    ],
)
def test_the_length_is_the_trainers(fraction, run, kind, options, weights):
    trainer([LossCallback()], run.parent, **options).fit(kind(fraction, run))
    assert read_log(run).losses["near"].term_weight.tolist() == pytest.approx(weights)


def test_accumulation_that_changes_leaves_the_epochs(fraction, run, tmp_path):
    callbacks = [LossCallback(), GradientAccumulationScheduler({0: 1, 1: 5})]
    trainer(callbacks, tmp_path).fit(Small(fraction, run))
    assert read_log(run).losses["near"].term_weight.tolist() == [0.0] * 5 + [0.5] * 5


@pytest.mark.parametrize("sanity", [0, 1])
def test_a_length_that_nobody_knows_is_an_error(fraction, tmp_path, sanity):
    fit = trainer([LossCallback()], tmp_path, max_epochs=-1, num_sanity_val_steps=sanity)
    with pytest.raises(ClockError, match="pass `max_epochs` or `max_steps` to the Trainer, or call"):
        fit.fit(Small(fraction))


class StopAfter(lightning.Callback):
    def __init__(self, epochs):
        self.epochs = epochs

    def on_train_epoch_end(self, trainer, pl_module):
        trainer.should_stop = trainer.current_epoch + 1 == self.epochs


def test_a_length_that_the_user_sets_is_enough(fraction, run, tmp_path):
    module = Small(fraction, run)
    module.losses.set_progress(total_steps=20)
    fit = trainer([LossCallback(), StopAfter(2)], tmp_path, max_epochs=-1)
    fit.fit(module)
    assert read_log(run).losses["near"].term_weight.tolist() == pytest.approx(
        [step / 20 for step in range(10)]
    )


class Shuffled(Small):
    def train_dataloader(self):
        return DataLoader(data(20), batch_size=2, shuffle=True)

    def loss(self, batch):
        return super().loss([torch.nn.functional.dropout(batch[0])])


@pytest.mark.parametrize("weight", ["1.0", '{ type = "constant", unit = "fraction", value = 1.0 }'])
def test_the_callback_draws_no_random_numbers(tmp_path, weight):
    """The model is the same as without it."""
    spec = tmp_path / "same.loss.toml"
    models = []
    for callbacks, used in (([LossCallback()], weight), ([], "1.0")):
        term = f'{{ type = "torch.L1Loss", inputs = ["y_fake", "y"], weight = {used} }}'
        spec.write_text(f"format = 1\nlosses.near = {term}\n")
        module = Shuffled(spec)
        torch.manual_seed(5)
        trainer(callbacks, tmp_path, log_every_n_steps=1).fit(module)
        models.append(module.model.weight)
    assert torch.equal(*models)


@pytest.mark.parametrize(
    ("options", "steps_of_epochs"),
    [
        ({"fast_dev_run": 2}, [0, 1]),
        ({"overfit_batches": 2}, [0, 1, 2, 3]),
        ({"limit_val_batches": 0}, list(range(10))),
        ({"check_val_every_n_epoch": None, "val_check_interval": 3}, list(range(10))),
        ({"max_epochs": None, "max_steps": 7}, list(range(7))),
        ({"limit_train_batches": 0}, []),
    ],
)
def test_other_ways_to_run(spec, run, options, steps_of_epochs):
    module = Small(spec, run)
    trainer([LossCallback()], run.parent, **options).fit(module)
    module.losses.update_loss_log()
    log = run / "loss_log.jsonl"
    assert (steps(run) if log.stat().st_size else []) == steps_of_epochs


@pytest.mark.parametrize("times", [1, 2])
def test_steps_that_the_module_counts_too_are_not_added(spec, run, tmp_path, times):
    """What a loop that moved into a LightningModule often keeps."""

    class Counting(Small):
        def training_step(self, batch, batch_idx):
            total = self.loss(batch)
            for _ in range(times):
                self.losses.step()
            return total

    module = Counting(spec, run)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")  # Lightning has warnings of its own
        trainer([LossCallback()], tmp_path).fit(module)
    assert len([each for each in found if "remove `manager.step()`" in str(each.message)]) == 1
    assert steps(run) == list(range(10))
    assert position(module.losses) == (1, 10)
