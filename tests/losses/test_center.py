"""The centre of self-distillation: when it moves, and that it is part of the state."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lossspec import losses
from lossspec.errors import LossInputError


def views(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(4, 3, generator=generator) for _ in range(count)]


def test_it_moves_after_it_was_used():
    loss, still = losses.SelfDistillationLoss(3, momentum=0.75), losses.SelfDistillationLoss(3).eval()
    student, teacher = views(4), views(2, seed=1)
    assert loss(student, teacher) == still(student, teacher)
    expected = 0.25 * torch.cat(teacher).mean(dim=0)
    torch.testing.assert_close(loss.center, expected)
    loss(student, views(2, seed=2))
    torch.testing.assert_close(loss.center, 0.75 * expected + 0.25 * torch.cat(views(2, seed=2)).mean(dim=0))


def test_it_is_subtracted_from_the_teacher():
    loss = losses.SelfDistillationLoss(3).eval()
    student, teacher = views(2), views(1, seed=1)
    expected = loss(student, [teacher[0] - 5 * torch.eye(3)[0]])
    loss.center[0] = 5.0
    torch.testing.assert_close(loss(student, teacher), expected)


def test_it_stays_in_evaluation_and_is_saved():
    loss = losses.SelfDistillationLoss(3)
    loss(views(3), views(2))
    before = loss.center.clone()
    loss.eval()(views(3), views(2))
    assert torch.equal(loss.center, before)
    other = losses.SelfDistillationLoss(3)
    other.load_state_dict(loss.state_dict())
    assert torch.equal(other.center, before)
    assert before.any()


@pytest.mark.parametrize(
    ("student", "teacher", "message"),
    [
        (1, 1, "at least 2 views of the student and 1 of the teacher"),
        (2, 0, "got 2 and 0"),
        (2, 3, "got 2 and 3"),
    ],
)
def test_there_must_be_two_different_views(student, teacher, message):
    with pytest.raises(LossInputError, match=message):
        losses.SelfDistillationLoss(3)(views(student), views(teacher))


def test_views_must_be_a_list():
    with pytest.raises(LossInputError, match="expects `teacher` as a list of views, got a Tensor"):
        losses.SelfDistillationLoss(3)(views(2), torch.zeros(4, 3))


def test_the_dimension_must_be_that_of_the_views():
    with pytest.raises(LossInputError, match=r"has dimension = 4, got `student\[0\]` \(4, 3\)"):
        losses.SelfDistillationLoss(4)(views(2), views(1))


@pytest.mark.slow
def test_it_is_that_of_all_processes():
    """Each has other views, and both take the mean over all of them."""
    script = Path(__file__).parent / "processes" / "center_ranks.py"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*command, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
