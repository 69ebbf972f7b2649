"""A manager inside engines of ignite, against the loop written by hand."""

import pytest
import torch
from ignite.engine import Engine, Events
from ignite.handlers import Checkpoint, DiskSaver

from lossspec import LossManager, read_log, schedules
from lossspec.errors import LossSpecError, NonFiniteError
from lossspec.integrations.ignite import attach

Y = torch.zeros(2, 3)
BATCHES = [Y + value for value in (1.0, 2.0, 3.0)]


def make(spec, folder=None, **options):
    return LossManager.from_spec(spec, experiment_dir=folder, **options)


def trainer_of(manager, seen=None, fails_at=None):
    objective = manager.objective()

    def process(engine, batch):
        if seen is not None:
            seen.append(manager._clock.step)
        if engine.state.iteration == fails_at:
            raise ValueError("the data is gone")
        return objective(y_fake=batch, y=Y).item()

    return Engine(process)


def by_hand(spec, folder, epochs=3, validates=False):
    manager = make(spec, folder)
    for epoch in range(epochs):
        manager.set_progress(epoch=epoch)
        for batch in BATCHES:
            manager.objective()(y_fake=batch, y=Y)
            manager.step()
        if validates:
            with manager.validating("unseen"):
                for batch in BATCHES[:2]:
                    manager.objective()(y_fake=batch, y=Y)
        manager.update_loss_log()
    manager.close()
    return read_log(folder)


def columns(log):
    """Return all values of a log, without their times."""
    names = ("raw", "term_weight", "objective_weight", "weighted", "epoch", "step", "batch_size")
    return {
        (section, name): [getattr(each, column).tolist() for column in names]
        for section, losses in log.sections().items()
        for name, each in {**losses, **log.totals_of(section)}.items()
    }


def chunks(folder):
    return (folder / "loss_log.jsonl").read_text().count('"record":"chunk"')


@pytest.mark.parametrize("first", [True, False], ids=["attached before", "attached after"])
def test_the_log_is_that_of_the_loop(spec, run, tmp_path, first):
    manager, seen = make(spec, run), []
    trainer, evaluator = trainer_of(manager, seen), trainer_of(manager)
    if first:
        attach(manager, trainer, {"unseen": evaluator})
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(BATCHES[:2]))
    if not first:
        attach(manager, trainer, {"unseen": evaluator})
    trainer.run(BATCHES, max_epochs=3)
    assert seen == list(range(9))
    assert manager._clock.step == 9
    assert columns(read_log(run)) == columns(by_hand(spec, tmp_path / "by hand", validates=True))
    assert chunks(run) == 3  # a flush an epoch, after the evaluation


def test_two_steps_an_iteration(spec, run):
    manager, seen = make(spec, run), []
    trainer = trainer_of(manager, seen)
    attach(manager, trainer, steps_per_iteration=2)
    trainer.run(BATCHES, max_epochs=2)
    assert seen == [0, 2, 4, 6, 8, 10]
    assert read_log(run).losses["near"].step.tolist() == seen


FRACTION = schedules.linear(start=0.0, end=1.0, start_value=0.0, end_value=6.0, unit="fraction")


@pytest.mark.parametrize(
    ("data", "arguments", "weights"),
    [
        (BATCHES, {"max_epochs": 2}, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        (BATCHES, {"max_iters": 6}, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        (None, {"max_epochs": 2, "epoch_length": 3}, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        (iter, {"max_epochs": 2}, [0.0, 0.0, 0.0, 3.0, 4.0, 5.0]),  # known after the first epoch
    ],
    ids=["epochs", "iterations", "no data", "no length"],
)
def test_the_length_of_the_run_comes_from_the_engine(run, data, arguments, weights):
    class Stream:
        def __iter__(self):
            return iter(BATCHES)

    manager = LossManager(experiment_dir=run)
    manager.register_loss_fn("a", torch.nn.L1Loss(), schedule=FRACTION)
    trainer = Engine(lambda _engine, _batch: manager.compute_loss("a", Y + 1, Y).item())
    attach(manager, trainer)
    trainer.run(Stream() if data is iter else data, **arguments)
    assert read_log(run).losses["a"].term_weight.tolist() == pytest.approx(weights)


@pytest.mark.parametrize("skip", [False, True])
def test_a_terminated_run_is_flushed(spec, run, skip):
    manager = make(spec, run)
    trainer = trainer_of(manager)
    attach(manager, trainer)
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED(once=5), lambda: trainer.terminate(skip_completed=skip)
    )
    trainer.run(BATCHES, max_epochs=3)
    assert read_log(run).losses["near"].step.tolist() == [0, 1, 2, 3, 4]


def test_an_epoch_that_is_cut_short_counts_on(spec, run):
    manager = make(spec, run)
    trainer = trainer_of(manager)
    attach(manager, trainer)
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.terminate_epoch)
    trainer.run(BATCHES, max_epochs=2)
    near = read_log(run).losses["near"]
    assert list(zip(near.epoch, near.step, strict=True)) == [(0, 0), (0, 1), (1, 2), (1, 3), (1, 4)]


def test_a_run_that_raises_is_flushed_and_still_raises(spec, run):
    manager = make(spec, run)
    trainer = trainer_of(manager, fails_at=5)
    attach(manager, trainer)
    with pytest.raises(ValueError, match="the data is gone"):
        trainer.run(BATCHES, max_epochs=3)
    assert read_log(run).losses["near"].step.tolist() == [0, 1, 2, 3]


def test_a_handler_of_the_user_can_swallow_the_error(spec, run):
    manager = make(spec, run)
    trainer = trainer_of(manager, fails_at=5)
    attach(manager, trainer)
    errors = []
    trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda _engine, error: errors.append(str(error)))
    trainer.run(BATCHES, max_epochs=2)
    assert set(errors) == {"the data is gone"}
    assert read_log(run).losses["near"].step.tolist() == [0, 1, 2, 3]


def test_a_flush_that_fails_is_a_note_of_the_error(spec, run):
    manager = make(spec, run, on_nonfinite="raise")

    def process(engine, batch):
        manager.objective()(y_fake=batch / 0.0, y=Y)
        raise ValueError("the data is gone")

    trainer = Engine(process)
    attach(manager, trainer)
    with pytest.raises(ValueError, match="the data is gone") as caught:
        trainer.run(BATCHES)
    assert "and the loss log: `near` is inf in training" in caught.value.__notes__[0]


def test_nan_stops_the_run_at_the_end_of_its_epoch(spec, run):
    manager = make(spec, run, on_nonfinite="raise")
    trainer = trainer_of(manager)
    attach(manager, trainer)
    with pytest.raises(NonFiniteError, match="`near` is nan in training"):
        trainer.run([Y * float("nan")], max_epochs=3)
    assert trainer.state.epoch == 1


def test_an_evaluator_that_raises_leaves_its_section(spec, run):
    manager = make(spec, run)
    trainer, evaluator = trainer_of(manager), trainer_of(manager, fails_at=2)
    attach(manager, trainer, {"unseen": evaluator})
    with pytest.raises(ValueError, match="the data is gone"):
        evaluator.run(BATCHES)
    trainer.run(BATCHES, max_epochs=1)
    log = read_log(run)
    assert (len(log.validations["unseen"]["near"]), len(log.losses["near"])) == (1, 3)


def test_a_resumed_run_equals_the_uninterrupted_one(spec, run, tmp_path):
    whole = tmp_path / "whole"
    manager = make(spec, whole)
    trainer = trainer_of(manager)
    attach(manager, trainer)
    trainer.run(BATCHES, max_epochs=4)

    first = make(spec, run)
    trainer = trainer_of(first, fails_at=8)
    attach(first, trainer)
    saver = Checkpoint({"trainer": trainer, "losses": first}, DiskSaver(str(tmp_path / "saved")))
    trainer.add_event_handler(Events.EPOCH_COMPLETED(every=2), saver)
    with pytest.raises(ValueError, match="the data is gone"):
        trainer.run(BATCHES, max_epochs=4)
    first.close()

    again = make(spec, run)
    trainer = trainer_of(again)
    attach(again, trainer)
    saved = torch.load(saver.last_checkpoint, weights_only=True)
    Checkpoint.load_objects({"trainer": trainer, "losses": again}, checkpoint=saved)
    trainer.run(BATCHES, max_epochs=4)
    assert columns(read_log(run)) == columns(read_log(whole))
    assert len(read_log(run).losses["near"]) == 12


def test_a_trainer_that_begins_anew_sets_the_clock_back(spec):
    manager = make(spec)
    for _ in range(5):
        manager.step()
    trainer = trainer_of(manager)
    attach(manager, trainer)
    with pytest.warns(
        RuntimeWarning, match=r"begins at step 0, .* back from step 5: load the state of the trainer"
    ):
        trainer.run(BATCHES)


def test_two_runs_of_one_engine_attach_nothing_twice(spec, run):
    manager = make(spec, run)
    trainer = trainer_of(manager)
    attach(manager, trainer)
    trainer.run(BATCHES, max_epochs=1)
    trainer.run(BATCHES, max_epochs=3)  # goes on
    assert read_log(run).losses["near"].step.tolist() == list(range(9))
    assert chunks(run) == 3


def engine():
    return Engine(lambda _engine, _batch: None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda _, t: (None, t), "`manager` must be a LossManager, as `LossManager.from_spec"),
        (lambda m, t: (m.objective(), t), "`manager` must be a LossManager, as `LossManager.from_spec"),
        (lambda m, _: (m, "trainer"), "`trainer` must be an ignite `Engine`, got "),
        (
            lambda m, t: (m, t, {"losses": engine()}),
            "a name in `evaluators` must be a valid section, .* 'losses'",
        ),
        (
            lambda m, t: (m, t, {"a b": engine()}),
            "a name in `evaluators` must be a valid section, .*got 'a b'",
        ),
        (lambda m, t: (m, t, {"unseen": None}), "the evaluator `unseen` must be an ignite `Engine`, got "),
        (lambda m, t: (m, t, {"unseen": t}), "the evaluator `unseen` is the trainer: make an engine"),
        (lambda m, t: (m, t, {}, 0), "`steps_per_iteration` must be a whole number of at least 1, got 0"),
    ],
)
def test_wrong_arguments_are_refused(spec, arguments, message):
    manager = make(spec)
    with pytest.raises(LossSpecError, match=message):
        attach(*arguments(manager, engine()))


def test_one_engine_is_not_two_sections(spec):
    shared = engine()
    with pytest.raises(LossSpecError, match="`seen` and `unseen` are one engine: make an engine for each"):
        attach(make(spec), engine(), {"seen": shared, "unseen": shared})


def test_a_manager_is_attached_once(spec):
    manager, trainer = make(spec), engine()
    attach(manager, trainer)
    with pytest.raises(LossSpecError, match="already attached to this trainer"):
        attach(manager, trainer)
    attach(make(spec), trainer)  # another one can be


@pytest.mark.parametrize("steps", [1, 2])
def test_steps_that_the_process_counts_too_are_not_added(spec, run, steps):
    manager = make(spec, run)

    def process(engine, batch):
        manager.objective()(y_fake=batch, y=Y)
        for _ in range(steps):
            manager.step()

    trainer = Engine(process)
    attach(manager, trainer, {}, steps)
    with pytest.warns(RuntimeWarning, match=r"remove `manager.step\(\)`") as found:
        trainer.run(BATCHES, max_epochs=2)
    assert len(found) == 1
    assert read_log(run).losses["near"].step.tolist() == [steps * each for each in range(6)]
