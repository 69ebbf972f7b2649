"""Writers to W&B and MLflow: offline runs of the real libraries, read back."""

import json
import logging
import math
import sys
import warnings

import mlflow
import pytest
import torch
import wandb
from mlflow import MlflowClient
from tests.trainers import wandb_file

from lossspec import LossManager, read_log
from lossspec.errors import MissingExtraError
from lossspec.log.points import series
from lossspec.report.formula import unicode
from lossspec.writers import MLflowWriter, WandbWriter

ZERO = torch.zeros(4)


def train(manager, steps):
    """Train some steps; every second step ends an epoch, with a validation and a flush."""
    for step in steps:
        manager.set_progress(epoch=step // 2)
        manager.objective()(y_fake=ZERO + step + 1, y=ZERO)
        manager.step()
        if step % 2:
            with manager.validating("unseen"), torch.no_grad():
                manager.objective()(y_fake=ZERO + 0.5, y=ZERO)
            manager.update_loss_log()
    return manager


def logged(folder):
    """Return the values of a log by tag and position."""
    points = series(read_log(folder), whole=True)
    return {(tag, each.point.position): value for each in points for tag, value in each.values().items()}


@pytest.fixture
def offline(tmp_path):
    settings = wandb.Settings(silent=True, console="off", x_disable_stats=True, x_disable_meta=True)
    run = wandb.init(mode="offline", dir=tmp_path, project="test", settings=settings)
    yield run
    run.finish()


def file_of(run, folder):
    (found,) = folder.glob(f"wandb/offline-run-*/run-{run.id}.wandb")
    return found


@pytest.mark.slow
def test_wandb_has_the_values_of_the_log(offline, spec, run, tmp_path):
    manager = LossManager.from_spec(spec, experiment_dir=run, writers=[WandbWriter(offline)])
    with manager:
        offline.log({"mine": 1.0})
        train(manager, range(6))
        offline.log({"mine": 2.0})
    config = offline.config["lossspec"]
    assert (config["spec"], config["digest"]) == (manager.spec.reference, manager.spec.digest)
    assert config["document"]["losses"]["near"]["type"] == "torch.L1Loss"
    assert config["formula"] == unicode(manager.spec)
    assert dict(offline.summary["lossspec"]["positions"]) == {"training": 5, "unseen": 6}
    offline.finish()
    rows = wandb_file.history(file_of(offline, tmp_path))
    ours = [row for row in rows if "lossspec/position" in row]
    found = {
        (tag, row["lossspec/position"]): value
        for row in ours
        for tag, value in row.items()
        if not tag.startswith(("_", "lossspec/"))
    }
    assert found == pytest.approx(logged(run))
    assert [row["mine"] for row in rows if "mine" in row] == [1.0, 2.0]
    times = {row["lossspec/position"]: row["_timestamp"] for row in ours if "raw/near" in row}
    assert times == pytest.approx(dict(enumerate(read_log(run).losses["near"].time)), abs=2e-3)
    axes = wandb_file.axes(file_of(offline, tmp_path))
    assert set(axes) >= {tag for tag, _ in found}
    assert {axes[tag] for tag, _ in found} == {"lossspec/position"}


def test_wandb_without_a_run_warns_on_rank_0(spec):
    manager = LossManager.from_spec(spec, writers=[WandbWriter(None)])
    with pytest.warns(RuntimeWarning, match=r"WandbWriter failed: .*`run` must be a run of `wandb.init`"):
        train(manager, range(4))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A local store of MLflow: making its tables takes seconds."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    folder = tmp_path_factory.mktemp("mlflow")
    with warnings.catch_warnings():  # what it deprecates when it makes its tables
        warnings.simplefilter("ignore")
        mlflow.set_tracking_uri(f"sqlite:///{folder}/store.db")
        return mlflow.create_experiment("test", artifact_location=str(folder / "artifacts"))


def metrics_of(run_id):
    """Return the metrics of a run by name and step; each is there once."""
    client, found = MlflowClient(), {}
    for name in client.get_run(run_id).data.metrics:
        for each in client.get_metric_history(run_id, name):
            assert (name, each.step) not in found
            found[name, each.step] = each.value
    return found


@pytest.mark.slow
def test_mlflow_has_the_values_of_the_log(store, spec, run, tmp_path):
    with mlflow.start_run(experiment_id=store) as started:
        with LossManager.from_spec(
            spec, {"top": 4.0}, experiment_dir=run, writers=[MLflowWriter(started)]
        ) as manager:
            train(manager, range(6))
        assert mlflow.active_run().info.run_id == started.info.run_id  # not ended
    run_id, client = started.info.run_id, MlflowClient()
    assert metrics_of(run_id) == pytest.approx(logged(run))
    (first, *_) = client.get_metric_history(run_id, "raw/near")
    assert first.timestamp == pytest.approx(1000 * read_log(run).losses["near"].time[0], abs=2)
    params = client.get_run(run_id).data.params
    assert params == {
        "lossspec.spec": manager.spec.reference,
        "lossspec.digest": manager.spec.digest,
        "lossspec.params.top": "4.0",
    }
    folder = tmp_path / "artifacts"
    folder.mkdir()
    client.download_artifacts(run_id, "lossspec", str(folder))
    assert (folder / "lossspec" / "formula.txt").read_text() == unicode(manager.spec)
    again = LossManager.from_spec(folder / "lossspec" / "spec.loss.toml")
    assert again.spec.digest == manager.spec.digest


@pytest.mark.slow
def test_a_resumed_run_of_mlflow_has_each_value_once(store, spec, run):
    with mlflow.start_run(experiment_id=store) as started:
        first = LossManager.from_spec(spec, experiment_dir=run, writers=[MLflowWriter(started)])
        train(first, range(2))
        state = first.state_dict()
        train(first, range(2, 4)).close()
    with mlflow.start_run(run_id=started.info.run_id) as continued:
        again = LossManager.from_spec(spec, experiment_dir=run, writers=[MLflowWriter(continued)])
        again.load_state_dict(state)
        train(again, range(2, 8)).close()
    assert metrics_of(started.info.run_id) == pytest.approx(logged(run))


@pytest.mark.slow
def test_thousands_of_values_and_nan_reach_mlflow(store):
    with (
        mlflow.start_run(experiment_id=store) as started,
        LossManager(writers=[MLflowWriter(started)]) as manager,
    ):
        manager.register_loss_fn("a", lambda x: x)
        for step in range(700):
            manager.compute_loss("a", torch.tensor(math.nan if step == 3 else float(step)))
            manager.step()
        manager.update_loss_log()
    found = metrics_of(started.info.run_id)
    assert len(found) == 3 * 700
    assert math.isnan(found["raw/a", 3])
    assert found["weighted/a", 699] == 699.0
    tags = MlflowClient().get_run(started.info.run_id).data.tags
    assert json.loads(tags["lossspec.positions"]) == {"training": 699}


def test_without_mlflow_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r'pip install "lossspec\[mlflow\]"'):
        MLflowWriter(None)
