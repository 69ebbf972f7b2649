"""dpo, from its code and from the papers of its variants."""

import pytest
import torch

FOUR = dict.fromkeys(("chosen", "rejected", "reference_chosen", "reference_rejected"), (5,))


def log_sigmoid(x):
    return -torch.log(1 + torch.exp(-x))


def ratio(t):
    return (t.chosen - t.reference_chosen.detach()) - (t.rejected - t.reference_rejected.detach())


@pytest.mark.parametrize("flipped", [0.0, 0.1])
def test_dpo(check, draw, flipped):
    t = draw(**FOUR)
    h = 0.3 * ratio(t)
    total = -((1 - flipped) * log_sigmoid(h) + flipped * log_sigmoid(-h)).mean()
    params = {"beta": 0.3, "label_smoothing": flipped}
    check("dpo", "total", t, {"preference": total}, total, params=params)


def test_ipo(check, draw):
    t = draw(**FOUR)
    total = ((ratio(t) - 1 / (2 * 0.1)) ** 2).mean()
    check("dpo+ipo", "total", t, {"preference": total}, total)


def test_simpo(check, draw):
    t = draw(chosen=(5,), rejected=(5,))
    total = -log_sigmoid(2.0 * (t.chosen - t.rejected - 0.25)).mean()
    check("dpo+simpo", "total", t, {"preference": total}, total)


def test_orpo(check, draw):
    t = draw(logits=(7, 4))
    t.chosen, t.rejected = (-torch.rand(5, dtype=torch.float64).requires_grad_() for _ in range(2))
    t.tokens = torch.tensor([0, 3, -100, 1, 2, -100, 0])
    odds = [each.exp() / (1 - each.exp()) for each in (t.chosen, t.rejected)]
    picked = [
        row.log_softmax(dim=0)[token] for row, token in zip(t.logits, t.tokens, strict=True) if token >= 0
    ]
    terms = {"likelihood": -sum(picked) / 5, "preference": -log_sigmoid((odds[0] / odds[1]).log()).mean()}
    check("dpo+orpo", "total", t, terms, terms["likelihood"] + 0.1 * terms["preference"])


@pytest.mark.parametrize("shift", [0.5, -0.5])
def test_kto(check, draw, shift):
    t = draw(policy=(4,), reference=(4,), policy_kl=(3,))
    t.reference_kl = t.policy_kl.detach() - shift
    t.desirable = torch.tensor([True, False, False, True])
    gain = t.policy - t.reference.detach() - max(shift, 0.0)
    sigmoid = [1 / (1 + torch.exp(-each)) for each in (0.1 * gain, -0.1 * gain)]
    total = torch.where(t.desirable, 1.5 * (1 - sigmoid[0]), 0.5 * (1 - sigmoid[1])).mean()
    params = {"desirable_weight": 1.5, "undesirable_weight": 0.5}
    check("dpo+kto", "total", t, {"preference": total}, total, params=params)
