"""Losses of the same name in different libraries: the value of each, computed by hand.

Each environment runs the rows whose library it has; test_entries.py says that the two together have all.
"""

import math
from importlib.util import find_spec

import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d, cosine_similarity, logsigmoid

from lossspec.manager.building.module import construct
from lossspec.registry import find
from lossspec.report.describe.type import describe_type

pytestmark = pytest.mark.slow

torch.manual_seed(0)
X = torch.rand(2, 3, 176, 176)
Y = (X + 0.2 * torch.randn(2, 3, 176, 176)).clamp(0, 1)
LOGITS, LABELS = torch.randn(2, 1, 12, 12), torch.randint(2, (2, 1, 12, 12)).float()
VIEWS = torch.randn(6, 8), torch.randn(6, 8)
DISTANCE = X - Y


def blur(images, sigma, size, padding=0):
    line = torch.exp(-((torch.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    kernel = torch.outer(line, line) / line.sum() ** 2
    return conv2d(images, kernel.expand(3, 1, size, size), padding=padding, groups=3)


def ssim_parts(x, y):
    """Structural similarity, and its contrast-structure factor, per image and channel (Wang et al. 2004)."""
    mx, my = blur(x, 1.5, 11), blur(y, 1.5, 11)
    vx, vy, vxy = blur(x * x, 1.5, 11) - mx**2, blur(y * y, 1.5, 11) - my**2, blur(x * y, 1.5, 11) - mx * my
    contrast = (2 * vxy + 0.03**2) / (vx + vy + 0.03**2)
    luminance = (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)
    return (luminance * contrast).mean((2, 3)), contrast.mean((2, 3))


def ssim():
    return ssim_parts(X, Y)[0].mean()


def ms_ssim():
    x, y, result = X, Y, 1.0
    for power in (0.0448, 0.2856, 0.3001, 0.2363, 0.1333):
        whole, contrast = ssim_parts(x, y)
        result = result * (whole if power == 0.1333 else contrast) ** power
        x, y = avg_pool2d(x, 2), avg_pool2d(y, 2)
    return result.mean()


def differences():
    return (X[..., 1:, :] - X[..., :-1, :], X[..., 1:] - X[..., :-1])


def focal(alpha):
    log_p = logsigmoid(LOGITS * (2 * LABELS - 1))
    weight = alpha * LABELS + (1 - alpha) * (1 - LABELS) if alpha else 1.0
    return (-weight * (1 - log_p.exp()) ** 2 * log_p).mean()


def nt_xent():
    both = torch.cat(VIEWS)
    similar = cosine_similarity(both[:, None], both[None], dim=-1) / 0.1
    similar.fill_diagonal_(-math.inf)
    return torch.nn.functional.cross_entropy(similar, (torch.arange(12) + 6) % 12)


def dice(dims):
    p, t = LOGITS.sigmoid(), LABELS
    return (1 - 2 * (p * t).sum(dims) / (p.sum(dims) + t.sum(dims))).mean()


SEGMENTS = (LOGITS, LABELS)
CASES = [
    # what, type, arguments, inputs in call order, the number
    ("ssim", "piq.SSIMLoss", {}, (X, Y), lambda: 1 - ssim()),
    ("ssim", "monai.SSIMLoss", {"spatial_dims": 2}, (X, Y), lambda: 1 - ssim()),
    ("ssim", "kornia.SSIMLoss", {"window_size": 11, "padding": "valid"}, (X, Y), lambda: (1 - ssim()) / 2),
    ("ms_ssim", "piq.MultiScaleSSIMLoss", {}, (X, Y), lambda: 1 - ms_ssim()),
    ("ssim", "lossspec.SSIMLoss", {"padding": "none"}, (X, Y), lambda: 1 - ssim()),
    (
        "ms_ssim",
        "kornia.MS_SSIMLoss",
        {"alpha": 0.0},
        (X, Y),
        lambda: 200 * blur(DISTANCE.abs(), 8.0, 33, 16).mean(),
    ),
    (
        "charbonnier",
        "kornia.CharbonnierLoss",
        {"reduction": "mean"},
        (X, Y),
        lambda: (DISTANCE**2 + 1).sqrt().mean() - 1,
    ),
    (
        "charbonnier",
        "lossspec.CharbonnierLoss",
        {"eps": 1e-6},
        (X, Y),
        lambda: (DISTANCE**2 + 1e-12).sqrt().mean(),
    ),
    (
        "tv",
        "piq.TVLoss",
        {"norm_type": "l1"},
        (X,),
        lambda: sum(each.abs().sum((1, 2, 3)) for each in differences()).mean(),
    ),
    ("tv", "kornia.TotalVariation", {}, (X,), lambda: sum(each.abs().sum((2, 3)) for each in differences())),
    ("psnr", "kornia.PSNRLoss", {"max_val": 1.0}, (X, Y), lambda: 10 * torch.log10((DISTANCE**2).mean())),
    ("focal", "torchvision.sigmoid_focal_loss", {"reduction": "mean"}, SEGMENTS, lambda: focal(0.25)),
    (
        "focal",
        "kornia.BinaryFocalLossWithLogits",
        {"alpha": 0.25, "reduction": "mean"},
        SEGMENTS,
        lambda: focal(0.25),
    ),
    ("focal", "monai.FocalLoss", {}, SEGMENTS, lambda: focal(None)),
    ("focal", "segmentation_models_pytorch.FocalLoss", {"mode": "binary"}, SEGMENTS, lambda: focal(None)),
    ("nt_xent", "monai.ContrastiveLoss", {"temperature": 0.1}, VIEWS, nt_xent),
    (
        "nt_xent",
        "pytorch_metric_learning.NTXentLoss",
        {"temperature": 0.1},
        (torch.cat(VIEWS), torch.arange(6).repeat(2)),
        nt_xent,
    ),
    ("dice", "monai.DiceLoss", {"sigmoid": True}, SEGMENTS, lambda: dice((1, 2, 3))),
    (
        "dice",
        "segmentation_models_pytorch.DiceLoss",
        {"mode": "binary"},
        SEGMENTS,
        lambda: dice((0, 1, 2, 3)),
    ),
]
HERE = [case for case in CASES if find_spec(case[1].partition(".")[0])]


@pytest.mark.parametrize(
    ("name", "args", "inputs", "number"), [case[1:] for case in HERE], ids=[case[1] for case in HERE]
)
def test_each_library_gives_its_own_number(name, args, inputs, number):
    result = construct(find(name), args)(*inputs)
    torch.testing.assert_close(result, number(), rtol=2e-5, atol=2e-5)


def test_the_numbers_do_differ():
    assert dice((1, 2, 3)) != dice((0, 1, 2, 3))
    assert abs(focal(0.25) - focal(None)) > 0.1


@pytest.mark.parametrize("name", [case[1] for case in CASES if case[0] not in ("charbonnier", "psnr")])
def test_describe_says_which_number_it_is(name):
    what = next(case[0] for case in CASES if case[1] == name)
    others = {case[1].partition(".")[0] for case in CASES if case[0] == what} - {name.partition(".")[0]}
    note = next(line for line in describe_type(name).splitlines() if line.startswith("  note"))
    assert others & set(note.replace(".", " ").replace("'s", " ").split()) or "SimCLR" in note
