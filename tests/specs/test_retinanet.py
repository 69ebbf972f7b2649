"""retinanet, from torchvision's code and the paper; FCOS's losses, from its paper."""

import pytest
import torch

MATCHED = torch.tensor(
    [[0, -1, -2, 1, -1], [-1, -1, -1, -1, -2], [-1, 2, 0, 0, -1]]
)  # -1 negative, -2 ignored


def focal(logits, labels):
    p = 1 / (1 + torch.exp(-logits))
    right = torch.where(labels == 1, p, 1 - p)
    return -torch.where(labels == 1, 0.25, 0.75) * (1 - right) ** 2 * torch.log(right)


@pytest.fixture
def anchors(draw):
    t = draw(logits=(3, 5, 4), deltas=(3, 5, 4), true_deltas=(3, 5, 4))
    t.labels = torch.nn.functional.one_hot(MATCHED.clamp(min=0), 4).double() * (MATCHED >= 0)[..., None]
    return t


def sums(t):
    """The sums of each image, over what counts."""
    for logits, labels, deltas, truth, matched in zip(
        t.logits, t.labels, t.deltas, t.true_deltas, MATCHED, strict=True
    ):
        positive = matched >= 0
        yield (
            positive.sum().item(),
            focal(logits, labels)[matched != -2].sum(),
            (deltas - truth)[positive].abs(),
        )


def test_by_image(check, anchors):
    t = anchors
    per_image = 1 / (MATCHED >= 0).sum(dim=1, keepdim=True).clamp(min=1)
    t.counted, t.positive = (MATCHED != -2) * per_image, (MATCHED >= 0) * per_image
    terms = {
        "classes": sum(classes / max(1, count) for count, classes, _ in sums(t)) / 3,
        "boxes": sum(boxes.sum() / max(1, count) for count, _, boxes in sums(t)) / 3,
    }
    check("retinanet", "total", t, terms, terms["classes"] + terms["boxes"])


def test_the_papers_division_by_the_batch(check, anchors):
    t = anchors
    t.counted, t.positive = MATCHED != -2, MATCHED >= 0
    t.positives = (MATCHED >= 0).sum()
    beta = 1 / 9
    terms = {
        "classes": sum(classes for _, classes, _ in sums(t)) / 5,
        "boxes": sum(torch.where(d < beta, d**2 / (2 * beta), d - beta / 2).sum() for _, _, d in sums(t)) / 5,
    }
    check("retinanet+paper", "total", t, terms, terms["classes"] + terms["boxes"])


def giou(boxes, truth):
    def area(low, high):
        return (high - low).clamp(min=0).prod(dim=1)

    low, high = torch.maximum(boxes[:, :2], truth[:, :2]), torch.minimum(boxes[:, 2:], truth[:, 2:])
    inside = area(low, high)
    union = area(boxes[:, :2], boxes[:, 2:]) + area(truth[:, :2], truth[:, 2:]) - inside
    low, high = torch.minimum(boxes[:, :2], truth[:, :2]), torch.maximum(boxes[:, 2:], truth[:, 2:])
    around = area(low, high)
    return inside / union - (around - union) / around


def test_fcos(check, draw):
    t = draw(logits=(2, 5, 4), centers=(3,))
    t.labels = torch.zeros(2, 5, 4, dtype=torch.float64)
    t.labels[0, 1, 2] = t.labels[0, 3, 0] = t.labels[1, 4, 3] = 1
    t.positives = torch.tensor(3)
    t.centerness = torch.tensor([0.2, 0.9, 0.5], dtype=torch.float64)
    corners = torch.rand(2, 3, 2, dtype=torch.float64) * 10
    t.boxes, t.true_boxes = (torch.cat([each, each + 5 + i], dim=1) for i, each in enumerate(corners))
    t.boxes.requires_grad_()
    p = 1 / (1 + torch.exp(-t.centers))
    entropies = -(t.centerness * p.log() + (1 - t.centerness) * (1 - p).log())
    terms = {
        "classes": focal(t.logits, t.labels).sum() / 3,
        "boxes": ((1 - giou(t.boxes, t.true_boxes)) * t.centerness).sum() / t.centerness.sum(),
        "centerness": entropies.sum() / 3,
    }
    check("retinanet+fcos", "total", t, terms, sum(terms.values()))
