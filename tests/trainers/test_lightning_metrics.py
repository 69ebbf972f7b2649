"""LossCallback logs means of terms, weights and totals to the loggers of the trainer."""

import csv
import statistics
from pathlib import Path

import lightning
import pytest
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from tests.trainers.small import Small, data, trainer
from torch.utils.data import DataLoader

from lossspec import LossManager, read_log
from lossspec.integrations.lightning import LossCallback


def rows_of(logger):
    with Path(logger.experiment.metrics_file_path).open() as file:
        return list(csv.DictReader(file))


def column(rows, name):
    return {int(row["step"]): float(row[name]) for row in rows if row.get(name)}


def test_metrics_are_the_means_of_the_log(spec, run):
    logger = CSVLogger(run.parent)
    fit = trainer([LossCallback()], run.parent, logger=logger, log_every_n_steps=2)
    fit.fit(Small(spec, run))
    rows, log = rows_of(logger), read_log(run)
    near, total = log.losses["near"], log.totals["training"]["total"]
    assert column(rows, "raw/near") == pytest.approx(
        {step + 1: statistics.mean(near.raw[step : step + 2]) for step in range(0, 10, 2)}
    )
    assert column(rows, "weight/near") == pytest.approx(
        {step: near.term_weight[step] for step in range(1, 10, 2)}
    )
    assert column(rows, "raw/near_epoch") == pytest.approx(
        {4: statistics.mean(near.raw[:5]), 9: statistics.mean(near.raw[5:])}
    )
    assert column(rows, "total/total_epoch") == pytest.approx(
        {4: statistics.mean(total.weighted[:5]), 9: statistics.mean(total.weighted[5:])}
    )
    seen = log.sections()["validation"]["far"]
    assert list(column(rows, "validation/raw/far").values()) == pytest.approx(
        [statistics.mean(seen.raw[:2]), statistics.mean(seen.raw[2:])]
    )
    assert set(rows[0]) == {
        *("epoch", "step"),
        *(
            f"{kind}/{term}{when}"
            for kind in ("raw", "weight")
            for term in ("near", "far")
            for when in ("", "_epoch")
        ),
        *("total/total", "total/total_epoch", "validation/total/total"),
        *(f"validation/{kind}/{term}" for kind in ("raw", "weight") for term in ("near", "far")),
    }


def test_metrics_need_no_folder(spec, run):
    logger = CSVLogger(run.parent)
    module = Small(spec)
    fit = trainer([LossCallback()], run.parent, logger=logger, log_every_n_steps=5)
    fit.fit(module)
    assert list(column(rows_of(logger), "raw/near")) == [4, 9]
    assert not run.exists()


def test_a_mean_counts_samples(spec, run):
    """An epoch of batches of two, two and one."""

    class Odd(Small):
        def train_dataloader(self):

            return DataLoader(data(5), batch_size=2)

    fit = trainer([LossCallback()], run.parent, max_epochs=1)
    fit.fit(Odd(spec, run))
    raw = read_log(run).losses["near"].raw
    expected = (2 * raw[0] + 2 * raw[1] + raw[2]) / 5
    assert fit.callback_metrics["raw/near_epoch"].item() == pytest.approx(expected)


def test_other_callbacks_can_monitor_them(spec, run):
    best = ModelCheckpoint(run.parent / "best", monitor="validation/total/total", save_top_k=1)
    stop = EarlyStopping("raw/near_epoch", min_delta=1e9, patience=1, check_on_train_epoch_end=True)
    fit = trainer([stop, best, LossCallback()], run.parent, max_epochs=5)
    fit.fit(Small(spec, run))
    assert fit.current_epoch == 2, "stopped after an epoch without improvement"
    assert best.best_model_score.item() > 0


def test_the_progress_bar_shows_values_on_request(spec, run):
    for shown in (False, True):
        fit = trainer([LossCallback(prog_bar=shown)], run.parent, log_every_n_steps=1)
        fit.fit(Small(spec))
        assert (fit.progress_bar_metrics.keys() >= {"raw/near", "total/total", "raw/near_epoch"}) == shown
        assert not [name for name in fit.progress_bar_metrics if "weight/" in name]


def test_nothing_is_logged_if_nobody_asks(spec, run):
    silent = trainer([LossCallback(log=False)], run.parent, logger=CSVLogger(run.parent), log_every_n_steps=1)
    bare = lightning.Trainer(callbacks=[LossCallback()], max_epochs=2, accelerator="cpu", barebones=True)
    for fit in (silent, bare):
        module = Small(spec, run / str(id(fit)))
        fit.fit(module)
        assert not fit.callback_metrics
        assert len(read_log(module.losses.experiment_dir).losses["near"]) == 10


class Pair(Small):
    def __init__(self, spec, folder):
        super().__init__(spec)
        self.losses = [
            LossManager.from_spec(spec, experiment_dir=folder / "0"),
            LossManager.from_spec(spec, {"top": 5.0}, experiment_dir=folder / "1"),
        ]

    def loss(self, batch):
        return sum(each.objective()(y_fake=self.model(batch[0]), y=batch[0]) for each in self.losses)


def test_several_managers_are_told_apart(spec, run):
    fit = trainer([LossCallback()], run.parent)
    fit.fit(Pair(spec, run))
    assert fit.callback_metrics["losses.0/weight/near_epoch"].item() == pytest.approx(2.8)
    assert fit.callback_metrics["losses.1/weight/near_epoch"].item() == pytest.approx(4.6)
    assert len(read_log(run / "0").losses["near"]) == len(read_log(run / "1").losses["near"]) == 10
