"""nnunet, from the official code: cross-entropy and 1 - soft Dice of the foreground at five scales."""

import pytest
import torch

from lossspec import LossManager

pytestmark = pytest.mark.slow

SIZES = (16, 8, 4, 2, 1)
WEIGHTS = (1.0, 0.5, 0.25, 0.125, 0.0)
CLASSES = 3


@pytest.fixture
def tensors(draw):
    t = draw(logits=[(2, CLASSES, size, size) for size in SIZES])
    t.labels = [torch.randint(CLASSES, (2, size, size)) for size in SIZES]
    t.target = [labels.unsqueeze(1) for labels in t.labels]
    return t


def one_hot(labels):
    return torch.stack([labels == c for c in range(CLASSES)], dim=1).double()


def softmax(logits):
    return torch.exp(logits) / torch.exp(logits).sum(dim=1, keepdim=True)


def cross_entropy(logits, labels):
    return -(one_hot(labels) * torch.log(softmax(logits))).sum(dim=1).mean()


def dice(probabilities, truth, over, smooth=1e-5):
    both = (probabilities * truth).sum(dim=over)
    return 1 - ((2 * both + smooth) / (probabilities.sum(dim=over) + truth.sum(dim=over) + smooth)).mean()


def deep(values, last=0.0):
    total = sum(WEIGHTS[:4]) + last
    return sum(weight / total * value for weight, value in zip([*WEIGHTS[:4], last], values, strict=True))


def test_the_output_of_weight_0_is_not_computed(tensors):
    """The code skips it, so that a NaN there does not spread."""
    tensors.logits[4] = torch.full_like(tensors.logits[4], torch.nan, requires_grad=True)
    objective = LossManager.from_spec("nnunet").objective()
    total = objective(**vars(tensors))
    total.backward()
    assert total.isfinite()
    assert tensors.logits[4].grad is None
    assert tensors.logits[3].grad.isfinite().all()


@pytest.mark.parametrize(
    ("variant", "over", "last"),
    [("", (2, 3), 0.0), ("+batch_dice", (0, 2, 3), 0.0), ("+ddp", (2, 3), 1e-6)],
)
def test_classes(check, tensors, variant, over, last):
    t = tensors
    pairs = list(zip(t.logits, t.labels, strict=True))
    terms = {
        "ce": deep([cross_entropy(logits, labels) for logits, labels in pairs], last),
        "dice": deep([dice(softmax(x)[:, 1:], one_hot(y)[:, 1:], over) for x, y in pairs], last),
    }
    check(f"nnunet{variant}", "total", t, terms, terms["ce"] + terms["dice"])


def test_regions(check, tensors):
    t = tensors
    t.target = [torch.randint(2, logits.shape).double() for logits in t.logits]
    pairs = [(1 / (1 + torch.exp(-x)), y) for x, y in zip(t.logits, t.target, strict=True)]
    terms = {
        "ce": deep([-(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean() for p, y in pairs]),
        "dice": deep([dice(p, y, (2, 3)) for p, y in pairs]),
    }
    check("nnunet+regions", "total", t, terms, terms["ce"] + terms["dice"])


def test_a_class_that_is_in_neither_counts_as_found(check, tensors):
    """Where there is nothing, Dice is smooth / smooth: what is added to either side decides."""
    t = tensors
    logits = t.logits[0].detach().clone()
    logits[:, 2] -= 25.0
    t.logits, t.labels = logits.requires_grad_(), torch.randint(2, (2, 16, 16))
    t.target = t.labels.unsqueeze(1)
    terms = {
        "ce": cross_entropy(t.logits, t.labels),
        "dice": dice(softmax(t.logits)[:, 1:], one_hot(t.labels)[:, 1:], (2, 3)),
    }
    check("nnunet+single", "total", t, terms, terms["ce"] + terms["dice"])


def test_without_deep_supervision(check, tensors):
    t = tensors
    t.logits, t.labels, t.target = t.logits[0], t.labels[0], t.target[0]
    terms = {
        "ce": cross_entropy(t.logits, t.labels),
        "dice": dice(softmax(t.logits)[:, 1:], one_hot(t.labels)[:, 1:], (2, 3)),
    }
    params = {"weight_ce": 2.0, "weight_dice": 0.5}
    check("nnunet+single", "total", t, terms, 2 * terms["ce"] + 0.5 * terms["dice"], params=params)
