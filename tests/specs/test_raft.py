"""raft, from the official code: absolute errors of all estimates, the last one most."""

import pytest
import torch


@pytest.mark.parametrize("count", [1, 4])
def test_sequence(check, draw, count):
    t = draw(flows=[(2, 2, 4, 5)] * count, flow=(2, 2, 4, 5))
    t.valid = torch.randint(2, (2, 1, 4, 5)).double()
    errors = [(t.valid * (each - t.flow).abs()).mean() for each in t.flows]
    total = sum(0.8 ** (count - i - 1) * each for i, each in enumerate(errors))
    check("raft", "total", t, {"flow": total}, total)
