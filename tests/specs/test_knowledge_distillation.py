"""knowledge_distillation, from RepDistiller: 0.1 of the labels, 0.9 T^2 of the teacher."""

import pytest
import torch


def softmax(logits):
    return torch.exp(logits) / torch.exp(logits).sum(dim=1, keepdim=True)


@pytest.mark.parametrize(("params", "t_"), [({}, 4.0), ({"T": 2.0}, 2.0)])
def test_both_terms(check, draw, params, t_):
    t = draw(student=(5, 7), teacher=(5, 7))
    t.labels = torch.randint(7, (5,))
    p, q = softmax(t.teacher.detach() / t_), softmax(t.student / t_)
    terms = {
        "ce": -torch.log(softmax(t.student)[range(5), t.labels]).mean(),
        "kd": (p * (torch.log(p) - torch.log(q))).sum() / 5,
    }
    total = 0.1 * terms["ce"] + 0.9 * t_**2 * terms["kd"]
    check("knowledge_distillation", "total", t, terms, total, params=params)
