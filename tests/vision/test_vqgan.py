"""The whole of vqgan's objective, LPIPS included, which needs torchvision; the rest is in tests/specs."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import conv2d, max_pool2d, relu

from lossspec import LossManager

RANDOM = {
    "losses": {"lpips": {"args": {"pnet_rand": True}}}
}  # the network's weights; the linear layers' are real
SLICES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))  # VGG16's convolutions by their numbers


def perceptual(x, y, weights):
    """LPIPS 0.1: squared distances of normalised features, weighed by channel, averaged over positions."""
    shift = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64).view(1, 3, 1, 1)
    first, second = (x - shift) / scale, (y - shift) / scale
    total = 0
    for index, numbers in enumerate(SLICES):
        if index:
            first, second = max_pool2d(first, 2), max_pool2d(second, 2)
        for number in numbers:
            kernel, bias = (weights[f"net.slice{index + 1}.{number}.{part}"] for part in ("weight", "bias"))
            first, second = (relu(conv2d(each, kernel, bias, padding=1)) for each in (first, second))
        unit = [each / ((each**2).sum(dim=1, keepdim=True).sqrt() + 1e-10) for each in (first, second)]
        difference = (unit[0] - unit[1]) ** 2 * weights[f"lin{index}.model.1.weight"]
        total = total + difference.sum(dim=1).mean(dim=(1, 2))
    return total.mean()


@pytest.mark.filterwarnings("ignore:The parameter 'pretrained' is deprecated")
@pytest.mark.filterwarnings("ignore:Arguments other than a weight enum")
def test_autoencoder():
    torch.manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, dtype=torch.float64, requires_grad=True)

    manager = LossManager.from_spec("vqgan", overlay=RANDOM)
    manager.set_progress(step=250_001)
    objective = manager.objective("AE").double().train()  # and LPIPS has its dropout off
    losses = manager.get_registered_losses(strip=False)
    weights = losses["lpips"].function.state_dict()
    weights = {name.removeprefix("loss."): each for name, each in weights.items()}

    x, h, layer, z, codes = draw(2, 3, 16, 16), draw(2, 4, 16, 16), draw(3, 4, 1, 1), draw(2, 5), draw(2, 5)
    x_rec = conv2d(h, layer)
    scores = (x_rec * draw(3, 16, 16)).mean(dim=1).sin()
    found = objective(x=x, x_rec=x_rec, z=z, codes=codes, logits_fake=scores, last_layer=layer)

    terms = {
        "rec": (x - x_rec).abs().mean(),
        "lpips": perceptual(x, x_rec, weights),
        "commit": ((z - codes.detach()) ** 2).mean(),
        "codebook": ((z.detach() - codes) ** 2).mean(),
        "G_GAN": -scores.mean(),
    }
    nll = terms["rec"] + terms["lpips"]
    nll_grads, g_grads = (
        torch.autograd.grad(each, layer, retain_graph=True)[0].norm() for each in (nll, terms["G_GAN"])
    )
    adaptive = 0.8 * (nll_grads / (g_grads + 1e-4)).clamp(0, 1e4).detach()
    expected = nll + terms["commit"] + 0.25 * terms["codebook"] + adaptive * terms["G_GAN"]

    ran = {name: losses[name].history.raw[-1] for name in terms}
    assert ran == pytest.approx({name: value.item() for name, value in terms.items()}, rel=1e-6)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    leaves = [x, h, layer, z, codes]
    for mine, theirs in zip(
        torch.autograd.grad(found, leaves, retain_graph=True),
        torch.autograd.grad(expected, leaves),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-6 * theirs.abs().max().item())
