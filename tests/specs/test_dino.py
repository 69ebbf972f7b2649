"""dino, from the official code: pairs of crops, and a centre that moves, over three steps of training."""

import pytest
import torch

SMALL = {"out_dim": 6}


def loss(t, center, temperature):
    total, pairs = 0, 0
    for i, teacher in enumerate(t.teacher):
        p = torch.softmax((teacher.detach() - center) / temperature, dim=1)
        for j, student in enumerate(t.student):
            if i != j:
                total = total - (p * torch.log_softmax(student / 0.1, dim=1)).sum(dim=1).mean()
                pairs += 1
    return total / pairs


@pytest.mark.parametrize(
    ("variant", "epochs", "temperatures"),
    [("", (0, 1, 2), (0.04, 0.04, 0.04)), ("+warmup", (0, 10, 40), (0.04, 0.04 + 0.03 * 10 / 29, 0.07))],
)
def test_three_steps(check, draw, variant, epochs, temperatures):
    center, manager = torch.zeros(6, dtype=torch.float64), None
    for epoch, temperature in zip(epochs, temperatures, strict=True):
        t = draw(student=[(3, 6)] * 4, teacher=[(3, 6)] * 2)
        total = loss(t, center, temperature)
        terms, options = {"distillation": total}, {"clock": {"epoch": epoch}, "params": SMALL}
        manager = check(f"dino{variant}", "total", t, terms, total, manager=manager, **options)
        center = 0.9 * center + 0.1 * torch.cat(t.teacher).mean(dim=0).detach()
