import json
import math

import pytest
import torch
from click.testing import CliRunner

from lossspec import LossManager, read_log
from lossspec.cli.log import log_command
from lossspec.errors import LossSpecError, UnknownNameError
from lossspec.report.run.page_data import NamedLog, page_data

SPEC = """
format = 1
objectives.G.weight = 0.5
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], weight = 4.0, objective = "G" }
losses.b = { type = "torch.MSELoss", inputs = ["x", "y"], objective = "G" }
"""

#: Batches of 8 and 1; the mean of the nine samples is 12, of their squares 1112.
SAMPLES = torch.cat([torch.ones(8), torch.full((1,), 100.0)])
MEANS = {"a": 12.0 * 2, "b": 10008 / 9 * 0.5, "G": 12.0 * 2 + 10008 / 9 * 0.5}


@pytest.fixture
def make(tmp_path):
    spec = tmp_path / "two.loss.toml"
    spec.write_text(SPEC)
    made = []

    def make(folder="run", **options):
        options = {"experiment_dir": tmp_path / folder if folder else None, **options}
        made.append(LossManager.from_spec(str(spec), **options))
        return made[-1]

    yield make
    for manager in made:
        manager.close()


def validate(manager, name="validation", samples=SAMPLES):
    objective = manager.objective("G")
    with manager.validating(name), torch.no_grad():
        for x in samples.split(8):
            objective(x=x, y=torch.zeros_like(x))


@pytest.mark.parametrize("folder", ["run", None])
def test_values_are_means_over_samples_before_and_after_a_flush(make, folder):
    manager = make(folder)
    validate(manager, "unseen")
    before = manager.validation_values("unseen")
    assert before == pytest.approx(MEANS)
    assert [type(each) for each in before.values()] == [float] * 3
    manager.update_loss_log()
    assert manager.validation_values("unseen") == before
    validate(manager, "unseen", SAMPLES + 1)  # at the same position: the same validation goes on
    assert manager.validation_values("unseen")["a"] == pytest.approx(12.0 + 13.0)


def test_a_flush_within_a_validation_changes_nothing(make):
    manager = make()
    objective = manager.objective("G")
    with manager.validating("unseen"), torch.no_grad():
        for x in SAMPLES.split(8):
            objective(x=x, y=torch.zeros_like(x))
            manager.update_loss_log()
    assert manager.validation_values("unseen") == pytest.approx(MEANS)


@pytest.mark.parametrize("options", [{"history_buffer_size": 2}, {"enable_logging": False}])
def test_a_small_history_changes_nothing(make, options):
    manager = make(**options)
    validate(manager, samples=SAMPLES.repeat(200))
    expected = SAMPLES.mean().item() * 2
    assert manager.validation_values()["a"] == pytest.approx(expected)


def test_only_the_latest_validation_counts(make):
    manager = make()
    for epoch in range(3):
        manager.set_progress(epoch=epoch)
        validate(manager, samples=torch.full((2,), epoch + 1.0))
        assert manager.validation_values() == {
            "a": 2 * (epoch + 1.0),
            "b": 0.5 * (epoch + 1.0) ** 2,
            "G": 2 * (epoch + 1.0) + 0.5 * (epoch + 1.0) ** 2,
        }
        if epoch == 1:
            manager.update_loss_log()


def test_a_loss_registered_in_code_has_no_total():
    manager = LossManager()
    manager.register_loss_fn("l", torch.nn.L1Loss())
    with manager.validating():
        manager.register_loss_fn("later", torch.nn.L1Loss(), 3.0)
        manager.compute_loss("later", torch.ones(2), torch.zeros(2))
    assert manager.validation_values() == {"later": 3.0}


def test_a_value_that_is_not_finite_shows(make):
    manager = make()
    validate(manager, samples=torch.tensor([1.0, math.nan]))
    assert all(math.isnan(each) for each in manager.validation_values().values())


def test_an_unknown_section_is_an_error(make):
    manager = make()
    with pytest.raises(UnknownNameError, match="unknown validation section `unseen`"):
        manager.validation_values("unseen")
    validate(manager, "unseen")
    with pytest.raises(UnknownNameError, match=r"unknown validation section `unsen`: .*`unseen`"):
        manager.validation_values("unsen")


@pytest.mark.parametrize("name", ["training", "losses", "two words", "", "a/b", 3])
def test_the_name_of_a_section_is_checked(make, name):
    manager = make()
    with pytest.raises(LossSpecError, match="not a valid name for a validation section"):
        validate(manager, name)
    validate(manager)  # no section is active


def test_sections_do_not_nest(make):
    manager = make()
    message = "`validating()` is already active, for the section `seen`"
    with manager.validating("seen"), pytest.raises(LossSpecError) as raised:
        validate(manager, "unseen")
    assert str(raised.value) == message


@pytest.fixture
def run(make, tmp_path):
    manager = make()
    for epoch in range(3):
        manager.set_progress(epoch=epoch)
        manager.objective("G")(x=torch.ones(2), y=torch.zeros(2))
        validate(manager)
        validate(manager, "unseen", torch.full((4,), 3.0))
    manager.close()
    return tmp_path / "run"


def call(*arguments):
    found = CliRunner().invoke(log_command, [str(each) for each in arguments])
    assert found.exit_code == 0, found.output
    return found.output


def test_the_log_keeps_sections_apart(run):
    log = read_log(run)
    assert log.losses["a"].raw.tolist() == [1.0] * 3
    assert log.validation["a"].raw.tolist() == [1.0, 100.0] * 3
    assert log.validations["unseen"]["a"].raw.tolist() == [3.0] * 3
    assert log.validations["unseen"]["a"].batch_size.tolist() == [4] * 3
    assert list(log.sections()) == ["training", "validation", "unseen"]


def test_a_resume_supersedes_in_every_section(make, run):
    again = make()
    again.set_progress(epoch=1)
    again.objective("G")(x=torch.ones(2), y=torch.zeros(2))
    validate(again, "unseen", torch.full((4,), 7.0))
    with pytest.warns(RuntimeWarning, match="already has values from epoch 1"):
        again.close()
    assert read_log(run).validations["unseen"]["a"].raw.tolist() == [3.0, 7.0]


def test_show_and_exports_keep_sections_apart(run, tmp_path):
    shown = json.loads(call("show", run, "--format", "json"))["losses"]
    assert shown["a (unseen)"]["mean"] == 6.0
    assert shown["a (validation)"]["mean"] == pytest.approx(24.0)
    assert shown["a"]["mean"] == 2.0
    assert json.loads(call("export", run))["sections"]["unseen"]["a"]["raw"] == [3.0] * 3
    rows = [line.split(",")[:4] for line in call("export", run, "--format", "csv").splitlines()]
    assert [row for row in rows if row[:2] == ["a", "unseen"]] == [
        ["a", "unseen", f"{epoch}.0", "3.0"] for epoch in range(3)
    ]


def test_tensorboard_and_pictures_keep_sections_apart(run, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    call("export", run, "--format", "tensorboard", "-o", tmp_path / "board")
    board = EventAccumulator(str(tmp_path / "board")).Reload()
    assert [each.value for each in board.Scalars("unseen/raw/a")] == [3.0] * 3
    assert [each.value for each in board.Scalars("validation/raw/a")] == [12.0] * 3
    pictures = call("plot", run, "-o", tmp_path).split()
    assert [each.rpartition("/")[2] for each in pictures] == [
        "losses.png",
        "weights.png",
        "losses-validation.png",
        "losses-unseen.png",
    ]


def test_the_report_keeps_sections_apart(run):
    data = page_data([NamedLog("run", read_log(run))])
    assert data["sections"] == ["validation", "unseen"]
    assert list(data["runs"][0]["losses"][0]["validation"]) == ["validation", "unseen"]


def test_a_compiled_objective_records_to_each_section(make, compiled, tmp_path):
    manager = make()
    objective, counter = compiled(manager.objective("G"))
    x = torch.ones(2)
    objective(x=x, y=x - 1)
    for name in ("seen", "unseen"):
        with manager.validating(name):
            objective(x=x, y=x - len(name))
    assert manager.validation_values("seen")["a"] == 8.0
    assert manager.validation_values("unseen")["a"] == 12.0
    assert counter.frame_count == 1
