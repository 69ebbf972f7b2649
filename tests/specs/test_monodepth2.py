"""monodepth2, from the official code without its tie-breaking noise; and BTS's loss, from its code."""

import torch
from torch.nn.functional import pad

FRAMES, SCALES = 4, 4


def local_mean(images):
    """The mean of 3x3 pixels, the border mirrored."""
    padded = pad(images, (1, 1, 1, 1), mode="reflect")
    return padded.unfold(2, 3, 1).unfold(3, 3, 1).mean(dim=(-1, -2))


def reprojection(pred, target):
    mx, my = local_mean(pred), local_mean(target)
    vx, vy = local_mean(pred**2) - mx**2, local_mean(target**2) - my**2
    cov = local_mean(pred * target) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    ssim = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    structure = ((1 - ssim) / 2).clamp(0, 1).mean(dim=1, keepdim=True)
    return 0.85 * structure + 0.15 * (target - pred).abs().mean(dim=1, keepdim=True)


def smoothness(disparity, image):
    disparity = disparity / (disparity.mean(dim=(2, 3), keepdim=True) + 1e-7)
    total = 0
    for dim in (2, 3):
        edges = torch.diff(image, dim=dim).abs().mean(dim=1, keepdim=True)
        total = total + (torch.diff(disparity, dim=dim).abs() * torch.exp(-edges)).mean()
    return total


def test_video(check, draw):
    def images(*shape):
        return torch.rand(shape, dtype=torch.float64).requires_grad_()

    t = draw()
    t.target = images(2, 3, 8, 16)
    t.candidates = [[images(2, 3, 8, 16) for _ in range(FRAMES)] for _ in range(SCALES)]
    t.disparities = [images(2, 1, 16 >> s, 32 >> s) for s in range(SCALES)]
    t.images = [images(2, 3, 16 >> s, 32 >> s) for s in range(SCALES)]
    total, terms, smooth = 0, {}, 0
    for scale, candidates in enumerate(t.candidates):
        errors = torch.cat([reprojection(each, t.target) for each in candidates], dim=1)
        terms[f"photometric_{scale}"] = torch.min(errors, dim=1).values.mean()
        part = smoothness(t.disparities[scale], t.images[scale]) / 2**scale
        smooth = smooth + part
        total = total + terms[f"photometric_{scale}"] + 1e-3 * part
    check("monodepth2", "total", t, terms | {"smooth": smooth}, total / SCALES)


def test_silog(check, draw):
    t = draw()
    t.depth, t.true_depth = (torch.rand(2, 1, 4, 5, dtype=torch.float64) * 9 + 1 for _ in range(2))
    t.depth.requires_grad_()
    t.measured = torch.rand(2, 1, 4, 5) > 0.4
    d = torch.log(t.depth[t.measured]) - torch.log(t.true_depth[t.measured])
    total = torch.sqrt((d**2).mean() - 0.85 * d.mean() ** 2)
    check("monodepth2+silog", "total", t, {"depth": total}, 10.0 * total)
