"""gaussian_splatting, from the official code: its own SSIM, with zeros beyond the border."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import conv2d

from lossspec import LossManager


def ssim(x, y):
    line = torch.tensor([math.exp(-((i - 5) ** 2) / (2 * 1.5**2)) for i in range(11)], dtype=x.dtype)
    window = torch.outer(line, line).div(line.sum() ** 2).expand(3, 1, 11, 11)

    def blur(images):
        return conv2d(images, window, padding=5, groups=3)

    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    return (((2 * mx * my + c1) * (2 * cov + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


@pytest.fixture
def view():
    def images(*shape):
        return torch.rand(shape, dtype=torch.float64).requires_grad_()

    return images


def photometric(t):
    return {"l1": (t.render - t.image).abs().mean(), "ssim": 1 - ssim(t.render, t.image)}


def test_render(check, draw, view):
    t = draw()
    t.render, t.image = view(1, 3, 13, 9), view(1, 3, 13, 9)
    terms = photometric(t)
    check("gaussian_splatting", "total", t, terms, 0.8 * terms["l1"] + 0.2 * terms["ssim"])


def weight_of_depth(iteration, first=1.0, last=0.01, length=30_000):
    """The authors' ``get_expon_lr_func``, which their loop calls with iterations counted from 1."""
    part = min(max(iteration / length, 0.0), 1.0)
    return math.exp(math.log(first) * (1 - part) + math.log(last) * part)


@pytest.mark.parametrize("iteration", [1, 12_000, 30_000])
def test_depth(check, draw, view, iteration):
    t = draw(inverse_depth=(1, 1, 13, 9), mono_inverse_depth=(1, 1, 13, 9))
    t.render, t.image = view(1, 3, 13, 9), view(1, 3, 13, 9)
    t.depth_mask = torch.randint(2, (1, 1, 13, 9)).double()
    depth = ((t.inverse_depth - t.mono_inverse_depth) * t.depth_mask).abs().mean()
    terms = photometric(t) | {"depth": depth}
    total = 0.8 * terms["l1"] + 0.2 * terms["ssim"] + weight_of_depth(iteration) * depth
    check("gaussian_splatting+depth", "total", t, terms, total, clock={"step": iteration - 1})


@pytest.mark.parametrize("iteration", [1, 2, 5])
def test_options_of_the_depth(iteration):
    options = {"iterations": 5, "depth_l1_weight_init": 0.5, "depth_l1_weight_final": 0.1}
    manager = LossManager.from_spec("gaussian_splatting+depth", params=options)
    manager.set_progress(step=iteration - 1)
    expected = weight_of_depth(iteration, 0.5, 0.1, 5)
    assert manager.get_loss_weights(precision=9)["depth"] == pytest.approx(expected, abs=1e-9)


def test_a_view_without_reliable_depth(view):
    manager = LossManager.from_spec("gaussian_splatting+depth")
    render, image = view(1, 3, 13, 9), view(1, 3, 13, 9)
    total = manager.objective().double()(render=render, image=image)
    terms = photometric(SimpleNamespace(render=render, image=image))
    torch.testing.assert_close(total, 0.8 * terms["l1"] + 0.2 * terms["ssim"])
