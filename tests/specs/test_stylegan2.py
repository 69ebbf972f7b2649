"""stylegan2, from stylegan2-ada-pytorch: logistic, R1 every 16 steps, path length every 4."""

import pytest
import torch


def softplus(x):
    return torch.log1p(torch.exp(x))


def test_main_losses(check, draw):
    t = draw(pred_fake=(4, 1), pred_real=(4, 1))
    terms = {"G_main": softplus(-t.pred_fake).mean()}
    check("stylegan2", "G", t, terms, terms["G_main"])
    terms = {"D_fake": softplus(t.pred_fake).mean(), "D_real": softplus(-t.pred_real).mean()}
    check("stylegan2", "D", t, terms, terms["D_fake"] + terms["D_real"])


def test_r1_every_sixteen_steps_times_sixteen(check, draw):
    manager = None
    for step in (0, 1, 15, 16, 17):
        t = draw(real=(3, 2, 4, 4), weight=(2, 4, 4))
        t.pred_real = (t.real.tanh() * t.weight).flatten(1).sum(dim=1, keepdim=True)
        terms, total = {}, torch.zeros(())
        if step % 16 == 0:
            slope = (1 - t.real.tanh() ** 2) * t.weight
            terms = {"D_R1": (slope**2).flatten(1).sum(dim=1).mean()}
            total = 16 * (10 / 2) * terms["D_R1"]
        manager = check("stylegan2", "D_reg", t, terms, total, clock={"step": step}, manager=manager)


def synthesis(t):
    """Images (N, 3, 4, 4) of latents (N, L, D), not linear, so that slopes have slopes."""
    return torch.einsum("nld,ldchw->nchw", t.ws.sin(), t.weight)


def path_penalty(t, mean):
    """The penalty and the mean that it moves; draws the same noise as the code."""
    noise = torch.randn_like(t.fake) / (4 * 4) ** 0.5
    slope = torch.autograd.grad((t.fake * noise).sum(), t.ws, create_graph=True)[0]
    lengths = (slope**2).sum(dim=2).mean(dim=1).sqrt()
    moved = mean + 0.01 * (lengths.mean() - mean)
    return ((lengths - moved) ** 2).mean(), moved.detach()


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "interval"), [("", 4), ("+paper", 8)])
def test_path_length_runs_every_few_steps_with_a_moving_mean(check, draw, variant, interval):
    manager, mean = None, torch.zeros(())
    for step in range(interval + 2):
        t = draw(ws=(2, 3, 5), weight=(3, 5, 3, 4, 4))
        t.fake = synthesis(t)
        if step % interval:
            manager = check(
                f"stylegan2{variant}",
                "G_reg",
                t,
                {},
                torch.zeros(()),
                clock={"step": step},
                manager=manager,
            )
            continue
        torch.manual_seed(step)
        penalty, mean = path_penalty(t, mean)
        torch.manual_seed(step)
        manager = check(
            f"stylegan2{variant}",
            "G_reg",
            t,
            {"G_path": penalty},
            interval * 2 * penalty,
            clock={"step": step},
            manager=manager,
        )
    assert manager.objective("G_reg").loss_G_path.mean_length.item() == pytest.approx(mean.item())


def test_cifar_has_no_path_length(check, draw):
    t = draw(real=(3, 2, 4, 4), ws=(2, 3, 5), fake=(2, 3, 4, 4))
    check("stylegan2+cifar", "G_reg", t, {}, torch.zeros(()))
    t.pred_real = t.real.square().flatten(1).sum(dim=1)
    penalty = (4 * t.real**2).flatten(1).sum(dim=1).mean()
    check("stylegan2+cifar", "D_reg", t, {"D_R1": penalty}, 16 * 0.01 / 2 * penalty)


GAMMAS = {"+paper256": 1.0, "+paper512": 0.5, "+paper1024": 2.0, "+auto": 0.0002 * 256**2 / 16}


@pytest.mark.parametrize(("variant", "gamma"), GAMMAS.items())
def test_other_configurations_have_another_gamma(check, draw, variant, gamma):
    t = draw(real=(3, 2, 4, 4))
    t.pred_real = t.real.square().flatten(1).sum(dim=1)
    penalty = (4 * t.real**2).flatten(1).sum(dim=1).mean()
    check(f"stylegan2{variant}", "D_reg", t, {"D_R1": penalty}, 16 * gamma / 2 * penalty)


def test_the_rule_of_thumb_takes_resolution_and_batch(check, draw):
    t = draw(real=(3, 2, 4, 4))
    t.pred_real = t.real.square().flatten(1).sum(dim=1)
    penalty = (4 * t.real**2).flatten(1).sum(dim=1).mean()
    params = {"resolution": 1024, "batch": 32}
    total = 16 * (0.0002 * 1024**2 / 32) / 2 * penalty
    check("stylegan2+auto", "D_reg", t, {"D_R1": penalty}, total, params=params)
