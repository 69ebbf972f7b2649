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


@pytest.mark.parametrize("step", [0, 12_000, 30_000])
def test_depth(check, draw, view, step):
    t = draw(inverse_depth=(1, 1, 13, 9), mono_inverse_depth=(1, 1, 13, 9))
    t.render, t.image = view(1, 3, 13, 9), view(1, 3, 13, 9)
    t.depth_mask = torch.randint(2, (1, 1, 13, 9)).double()
    depth = ((t.inverse_depth - t.mono_inverse_depth) * t.depth_mask).abs().mean()
    terms = photometric(t) | {"depth": depth}
    falling = math.exp(math.log(0.01) * step / 30_000)
    total = 0.8 * terms["l1"] + 0.2 * terms["ssim"] + falling * depth
    check("gaussian_splatting+depth", "total", t, terms, total, clock={"step": step})


def test_a_view_without_reliable_depth(view):
    manager = LossManager.from_spec("gaussian_splatting+depth")
    render, image = view(1, 3, 13, 9), view(1, 3, 13, 9)
    total = manager.objective().double()(render=render, image=image)
    terms = photometric(SimpleNamespace(render=render, image=image))
    torch.testing.assert_close(total, 0.8 * terms["l1"] + 0.2 * terms["ssim"])
