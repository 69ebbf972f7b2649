"""ppo, from OpenAI's code and the papers of GRPO and DAPO."""

import pytest
import torch

STATES = dict.fromkeys(("log_prob", "advantages", "values", "returns"), (6,))


@pytest.fixture
def states(draw):
    t = draw(**STATES, logits=(6, 3))
    t.old_log_prob, t.old_values = (each.detach() + 0.3 * torch.randn(6) for each in (t.log_prob, t.values))
    return t


def surrogate(t, low, high):
    ratio = torch.exp(t.log_prob - t.old_log_prob)
    return torch.maximum(-t.advantages * ratio, -t.advantages * torch.clamp(ratio, 1 - low, 1 + high))


def of_the_code(t, clip):
    near = t.old_values + torch.clamp(t.values - t.old_values, -clip, clip)
    p = torch.exp(t.logits) / torch.exp(t.logits).sum(dim=1, keepdim=True)
    return {
        "policy": surrogate(t, clip, clip).mean(),
        "value": torch.maximum((t.values - t.returns) ** 2, (near - t.returns) ** 2).mean(),
        "entropy": -(p * p.log()).sum(dim=1).mean(),
    }


def test_policy_value_and_entropy(check, states):
    terms = of_the_code(states, 0.2)
    total = terms["policy"] + 0.5 * (0.5 * terms["value"]) - 0.01 * terms["entropy"]
    check("ppo", "total", states, terms, total)


@pytest.mark.parametrize(("step", "clip"), [(0, 0.1), (25, 0.075), (75, 0.025)])
def test_atari_narrows_the_clip(check, states, step, clip):
    terms = of_the_code(states, clip)
    total = terms["policy"] + 0.25 * terms["value"] - 0.01 * terms["entropy"]
    check("ppo+atari", "total", states, terms, total, clock={"step": step, "total_steps": 100})


def test_mujoco_has_no_bonus(check, states):
    terms = of_the_code(states, 0.2)
    del terms["entropy"]
    check("ppo+mujoco", "total", states, terms, terms["policy"] + 0.25 * terms["value"])


LENGTHS = [4, 2, 1]


@pytest.fixture
def answers(draw):
    t = draw(log_prob=(3, 4), advantages=(3, 4), reference=(3, 4))
    t.old_log_prob = t.log_prob.detach() + 0.3 * torch.randn(3, 4)
    t.mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])
    return t


def test_grpo_takes_the_mean_of_each_answer(check, answers):
    t = answers
    t.token_weight = t.mask / torch.tensor(LENGTHS)[:, None]
    gap = t.reference.detach() - t.log_prob
    parts = {"policy": surrogate(t, 0.2, 0.2), "kl": torch.exp(gap) - gap - 1}
    terms = {
        name: sum(row[:n].sum() / n for row, n in zip(each, LENGTHS, strict=True)) / 3
        for name, each in parts.items()
    }
    check("ppo+grpo", "total", t, terms, terms["policy"] + 0.04 * terms["kl"])


def test_dapo_takes_the_mean_of_all_tokens(check, answers):
    parts = surrogate(answers, 0.2, 0.28)
    total = sum(row[:n].sum() for row, n in zip(parts, LENGTHS, strict=True)) / 7
    check("ppo+dapo", "total", answers, {"policy": total}, total)
