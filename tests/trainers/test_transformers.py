"""ComputeLoss and LossCallback in the Trainer of transformers."""

import json

import pytest
import torch
from tests.trainers.launch import PROCESSES, TORCHRUN, started
from torch import nn
from transformers import Trainer, TrainingArguments
from transformers.utils import ModelOutput

from lossspec import LossManager, read_log
from lossspec.errors import CheckpointError, LossInputError, LossSpecError
from lossspec.integrations.transformers import ComputeLoss, LossCallback


class Net(nn.Module):
    """Ten features to two outputs, in a mapping with more than the spec names."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 4)

    def forward(self, x, **others):
        scores = self.layer(x)
        return ModelOutput(scores=scores, y_fake=scores[:, :3], hidden=x)


REGRESS = """\
format = 1
[losses.near]
type = "torch.L1Loss"
inputs = ["y_fake", "labels"]
weight = { type = "linear", unit = "step", start = 0, end = 10, start_value = 1.0, end_value = 3.0 }
[losses.far]
type = "torch.MSELoss"
inputs = ["y_fake", "labels"]
weight = { type = "linear", unit = "epoch", start = 0, end = 4, start_value = 2.0, end_value = 0.5 }
"""
CLASSIFY = """\
format = 1
losses.ce = { type = "torch.CrossEntropyLoss", inputs = ["scores", "labels"], weight = 2.0 }
"""
BOTH = """\
format = 1
losses.near = { type = "torch.L1Loss", inputs = ["y_fake", "image"] }
losses.ce = { type = "torch.CrossEntropyLoss", inputs = ["scores", "kind"] }
"""


def samples(count, labels):
    generator = torch.Generator().manual_seed(1)
    xs = torch.rand(count, 3, generator=generator)
    return [{"x": x, "labels": labels(index, x)} for index, x in enumerate(xs)]


def near(index, x):
    return x.flip(0)


def kind(index, x):
    """Every third label is ignored, and so are more in the first half."""
    return torch.tensor(-100 if index % 3 == 0 or index in {1, 2} else index % 4)


def both(index, x):
    return {"image": x.flip(0), "kind": torch.tensor(index % 4)}


def collate(items):
    return torch.utils.data.default_collate(items)


def manager_of(text, tmp_path, folder=None):
    path = tmp_path / "task.loss.toml"
    path.write_text(text)
    return LossManager.from_spec(path, experiment_dir=folder)


def trainer(manager, data, folder, *, callback=True, evaluation=None, **options):
    arguments = {
        "per_device_train_batch_size": 2,
        "num_train_epochs": 2,
        "learning_rate": 0.1,
        "optim": "sgd",
        "lr_scheduler_type": "constant",
        "max_grad_norm": 0.0,
        "label_names": ["labels"],
    }
    quiet = {
        "use_cpu": True,
        "report_to": [],
        "disable_tqdm": True,
        "save_strategy": "no",
        "logging_strategy": "no",
    }
    return Trainer(
        Net(),
        TrainingArguments(folder, **{**quiet, **arguments, **options}),
        train_dataset=data,
        eval_dataset=evaluation,
        data_collator=collate,
        compute_loss_func=ComputeLoss(manager.objective()),
        callbacks=[LossCallback(manager) for _ in range(callback)],
    )


def weights(model):
    return torch.cat([each.detach().flatten() for each in model.parameters()])


@pytest.mark.parametrize(
    ("text", "labels"),
    [(REGRESS, near), (CLASSIFY, kind), (BOTH, both)],
    ids=["tensor", "ignored", "mapping"],
)
@pytest.mark.parametrize("callback", [True, False])
def test_accumulated_batches_equal_one_big_batch(tmp_path, text, labels, callback):
    """The model after an epoch of two steps: eight samples, then four. SGD, so the gradients are compared."""
    data = samples(12, labels)
    found = []
    for batch, accumulate in ((8, 1), (2, 4)):
        manager = manager_of(text, tmp_path)
        run = trainer(
            manager,
            data,
            tmp_path / "out",
            callback=callback or labels is both,
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=accumulate,
            num_train_epochs=1,
        )
        run._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(data)
        run.train()
        assert run.state.global_step == 2
        found.append(weights(run.model))
    start = weights(Net())
    torch.testing.assert_close(found[0], found[1], atol=1e-6, rtol=1e-5)
    assert (found[0] - start).abs().max() > 0.01


def test_the_clock_and_the_log(tmp_path, run):
    """Nine samples in batches of two: five batches an epoch, in steps of two, two and one."""
    manager = manager_of(REGRESS, tmp_path, run)
    flushes = []
    with manager.observed(lambda sections: flushes.append(len(sections.get("losses", {}).get("near", [])))):
        trainer(manager, samples(9, near), tmp_path / "out", gradient_accumulation_steps=2).train()
    log = read_log(run)
    assert log.losses["near"].step.tolist() == [0, 0, 1, 1, 2, 3, 3, 4, 4, 5]
    assert log.losses["near"].epoch.tolist() == [0.0] * 5 + [1.0] * 5
    assert log.losses["near"].batch_size.tolist() == [2, 2, 2, 2, 1] * 2
    assert log.losses["near"].term_weight.tolist() == pytest.approx(
        [1.0, 1.0, 1.2, 1.2, 1.4, 1.6, 1.6, 1.8, 1.8, 2.0]
    )
    assert log.losses["far"].term_weight.tolist() == [2.0] * 5 + [1.625] * 5
    assert [bool(rows) for rows in flushes] == [True, True, False], "at the end of each epoch, and of all"
    assert manager.state_dict()["step"] == 6


def test_the_length_is_the_trainers(tmp_path, run):
    text = REGRESS.replace('unit = "step", start = 0, end = 10', 'unit = "fraction", start = 0, end = 1')
    for options in ({"num_train_epochs": 2}, {"max_steps": 6}):
        manager = manager_of(text, tmp_path, run / str(len(options)) / str(*options))
        trainer(manager, samples(6, near), tmp_path / "out", **options).train()
        raw = read_log(manager.experiment_dir).losses["near"].term_weight.tolist()
        assert raw == pytest.approx([1 + 2 * step / 6 for step in range(6)])


def test_evaluations_are_validation(tmp_path, run):
    """At the start, at steps and at the end; before and after the training nothing is recorded."""
    manager = manager_of(REGRESS, tmp_path, run)
    fit = trainer(
        manager,
        samples(8, near),
        tmp_path / "out",
        evaluation=samples(6, near),
        eval_strategy="steps",
        eval_steps=3,
        per_device_eval_batch_size=4,
        eval_on_start=True,
    )
    before = fit.evaluate()
    fit.train()
    after = fit.evaluate()
    manager.update_loss_log()
    log = read_log(run)
    assert log.losses["near"].step.tolist() == list(range(8))
    assert log.sections()["validation"]["near"].step.tolist() == [0, 0, 3, 3, 6, 6, 8, 8]
    assert log.sections()["validation"]["near"].batch_size.tolist() == [4, 2] * 4
    assert before["eval_loss"] > after["eval_loss"] > 0


class CrashError(Exception):
    pass


def saved_run(tmp_path, out, folder, *, text=REGRESS, crash_at=None, resume=None, **options):
    manager = manager_of(text, tmp_path, folder)
    fit = trainer(
        manager,
        samples(10, near),
        out,
        save_strategy="steps",
        save_steps=3,
        logging_strategy="steps",
        logging_steps=1,
        **options,
    )
    step = fit.training_step

    def crashing(*args, **kwargs):
        if fit.state.global_step == crash_at:
            raise CrashError
        return step(*args, **kwargs)

    fit.training_step = crashing
    try:
        fit.train(resume_from_checkpoint=resume)
    except CrashError:
        assert crash_at
    finally:
        manager.close()
    return fit


def everything(folder):
    return {
        name: [getattr(columns, each).tolist() for each in ("raw", "term_weight", "epoch", "step")]
        for name, columns in read_log(folder).losses.items()
    }


@pytest.mark.parametrize("step", [3, 6])
def test_resume_equals_the_uninterrupted_run(tmp_path, run, step):
    saved_run(tmp_path, tmp_path / "whole", run / "whole")
    saved_run(tmp_path, tmp_path / "out", run / "cut", crash_at=8)
    resumed = saved_run(
        tmp_path, tmp_path / "out", run / "cut", resume=str(tmp_path / "out" / f"checkpoint-{step}")
    )
    assert everything(run / "cut") == everything(run / "whole")
    assert read_log(run / "cut").losses["near"].step.tolist() == list(range(10))
    assert read_log(run / "cut").resumes
    assert resumed.state.global_step == 10


def test_a_checkpoint_elsewhere_is_named_in_the_arguments(tmp_path, run):
    saved_run(tmp_path, tmp_path / "out", run / "cut", crash_at=8)
    moved = (tmp_path / "out" / "checkpoint-6").rename(tmp_path / "moved")
    with pytest.raises(
        CheckpointError, match=r"resumes at step 6.*was not found.*resume_from_checkpoint=\.\.\."
    ):
        saved_run(tmp_path, tmp_path / "new", run / "cut", resume=str(moved))
    saved_run(tmp_path, tmp_path / "new", run / "cut", resume=str(moved), resume_from_checkpoint=str(moved))
    assert read_log(run / "cut").losses["near"].step.tolist() == list(range(10))


def test_a_checkpoint_of_another_run_is_not_taken(tmp_path, run):
    saved_run(tmp_path, tmp_path / "first", run / "first", crash_at=8)
    saved_run(tmp_path, tmp_path / "other", run / "other", crash_at=8, learning_rate=0.01)
    with pytest.raises(CheckpointError, match="was not found"):
        saved_run(
            tmp_path, tmp_path / "other", run / "first", resume=str(tmp_path / "first" / "checkpoint-3")
        )


def test_a_checkpoint_without_the_callback_is_an_error(tmp_path, run):
    text = REGRESS.replace("weight =", "# weight =")
    saved_run(tmp_path, tmp_path / "out", run, text=text, callback=False)
    with pytest.raises(CheckpointError, match="save with `LossCallback`"):
        saved_run(tmp_path, tmp_path / "out", run, text=text, resume=str(tmp_path / "out" / "checkpoint-3"))


@pytest.fixture
def compute(tmp_path):
    return ComputeLoss(manager_of(REGRESS, tmp_path).objective())


def test_a_missing_tensor_lists_what_there_is(compute):
    with pytest.raises(LossInputError) as caught:
        compute(ModelOutput(scores=torch.ones(2), hidden=torch.ones(2)), {"image": torch.ones(2)})
    assert str(caught.value) == (
        "objective `total` is missing `labels`, `y_fake`: the outputs of the model have `scores`, `hidden`, "
        "the labels have `image`"
    )
    with pytest.raises(LossInputError, match="have nothing, the labels have nothing"):
        compute({}, None)


def test_a_tensor_in_both_is_an_error(compute):
    tensor = torch.ones(2)
    with pytest.raises(
        LossInputError, match="tensor `labels` is in the outputs of the model and in the labels"
    ):
        compute({"y_fake": tensor, "labels": tensor}, tensor)


@pytest.mark.parametrize("outputs", [torch.ones(2), (torch.ones(2),), None])
def test_outputs_without_names_are_an_error(compute, outputs):
    with pytest.raises(
        LossInputError, match="the model must return a mapping of tensors, such as a ModelOutput"
    ):
        compute(outputs, torch.ones(2))


def test_uncounted_labels_need_the_callback(tmp_path):
    manager = manager_of(BOTH, tmp_path)
    with pytest.raises(LossInputError, match=r"add `LossCallback\(manager\)` to the callbacks"):
        trainer(manager, samples(4, both), tmp_path / "out", callback=False).train()


@pytest.mark.parametrize("wrong", [None, "manager", LossManager])
def test_a_callback_needs_a_manager(wrong):
    with pytest.raises(LossSpecError, match="`manager` must be a LossManager that is not a copy"):
        LossCallback(wrong)


def test_one_manager_in_two_callbacks_is_an_error(tmp_path):
    manager = manager_of(REGRESS, tmp_path)
    for _ in range(2):  # two Trainers may have it, one after the other
        trainer(manager, samples(4, near), tmp_path / "out").train()
    with pytest.raises(LossSpecError, match="two LossCallbacks of this Trainer have the same manager"):
        trainer(manager, samples(4, near), tmp_path / "out", callback=2)


def test_compute_loss_takes_an_objective_alone(tmp_path):
    manager = manager_of(REGRESS, tmp_path)
    for wrong in (manager, None, torch.nn.L1Loss()):
        with pytest.raises(LossInputError, match=r"`objective` must be `manager.objective\(name\)`, got"):
            ComputeLoss(wrong)
    compiled = torch.compile(manager.objective(), backend="eager")
    tensor = torch.ones(2)
    with torch.no_grad():
        assert ComputeLoss(compiled)({"y_fake": tensor}, 3 * tensor) == pytest.approx(2.0 + 2 * 4.0)


def test_items_can_be_counted_as_the_loss_does(tmp_path):
    """A causal model, whose Trainer counts shifted labels: two rows with three and one of four."""
    manager = manager_of(CLASSIFY, tmp_path)
    labels = torch.tensor([[9, 1, 2, 3], [9, -100, -100, 2]])
    scores = {"scores": torch.zeros(2, 4, 4)}
    loss = ComputeLoss(manager.objective(), items=lambda rows: rows[..., 1:].ne(-100).sum())
    manager.objective().forward = lambda **_: torch.tensor(5.0)
    assert loss(scores, labels, 8).item() == 5.0 * 4 / 8


def test_two_ranks_equal_one_process(tmp_path, run):
    """Each rank has half of each batch; a step of four batches of two is one of a batch of eight."""
    alone = trainer(
        manager_of(REGRESS, tmp_path),
        samples(16, near),
        tmp_path / "alone",
        per_device_train_batch_size=8,
        num_train_epochs=1,
    )
    alone._get_train_sampler = lambda *_: torch.utils.data.SequentialSampler(alone.train_dataset)
    alone.train()
    started([*TORCHRUN, PROCESSES / "transformers_ranks.py", tmp_path / "task.loss.toml", run], tmp_path)
    ranks = [json.loads((run / f"rank{rank}.json").read_text()) for rank in (0, 1)]
    assert ranks[0] == ranks[1]
    assert ranks[0]["flushes"] == [1, 1, 1], "a collective for an epoch, a checkpoint and the end"
    assert ranks[0]["others"] == 0
    torch.testing.assert_close(torch.tensor(ranks[0]["weights"]), weights(alone.model), atol=1e-6, rtol=1e-5)
    log = read_log(run)
    assert log.header["ranks"] == 2
    assert log.losses["near"].step.tolist() == [0, 0, 1, 1]
    assert log.losses["near"].batch_size.tolist() == [4] * 4
    assert (run / "out" / "checkpoint-2" / "lossspec.pt").exists()


def test_steps_that_compute_loss_counts_too_are_not_added(tmp_path):
    manager = manager_of(REGRESS, tmp_path, tmp_path / "run")
    run = trainer(manager, samples(8, near), tmp_path / "out", num_train_epochs=1)
    compute = run.compute_loss_func

    def counting(*args, **kwargs):
        total = compute(*args, **kwargs)
        manager.step()
        return total

    run.compute_loss_func = counting
    with pytest.warns(RuntimeWarning, match=r"remove `manager.step\(\)`"):
        run.train()
    assert read_log(tmp_path / "run").losses["near"].step.tolist() == [0, 1, 2, 3]
