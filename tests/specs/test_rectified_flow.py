"""rectified_flow, from the official code: its means, its half sums, and weights by time."""

import torch

SHAPES = {"velocity": (3, 2, 4, 4), "target": (3, 2, 4, 4)}


def test_mean(check, draw):
    t = draw(**SHAPES)
    total = ((t.velocity - t.target) ** 2).flatten(1).mean(dim=1).mean()
    check("rectified_flow", "total", t, {"flow": total}, total)


def test_half_sums(check, draw):
    t = draw(**SHAPES)
    total = (0.5 * ((t.velocity - t.target) ** 2).flatten(1).sum(dim=1)).mean()
    check("rectified_flow+summed", "total", t, {"flow": 2 * total}, total)


def test_weights(check, draw):
    t = draw(**SHAPES)
    t.weight = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)
    errors = ((t.velocity - t.target) ** 2).flatten(1).mean(dim=1)
    total = sum(w * e for w, e in zip(t.weight, errors, strict=True)) / 3
    check("rectified_flow+weighted", "total", t, {"flow": total}, total)
