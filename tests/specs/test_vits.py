"""vits, from the official code: hifigan's terms, the divergence of a sample, the durations."""

import torch

SHAPES = {
    "pred_fake": [(2, 6), (2, 4)],
    "pred_real": [(2, 6), (2, 4)],
    "fmap_fake": [[(2, 3, 6), (2, 6)], [(2, 4, 4)]],
    "fmap_real": [[(2, 3, 6), (2, 6)], [(2, 4, 4)]],
    "mel": (2, 8, 5),
    "mel_hat": (2, 8, 5),
    **dict.fromkeys(("z_p", "logs_q", "m_p", "logs_p"), (2, 3, 7)),
    "durations": (),
}


def test_generator(check, draw):
    t = draw(**SHAPES)
    t.frames = torch.tensor([[1] * 7, [1] * 4 + [0] * 3], dtype=torch.float64)
    pairs = [
        pair for lists in zip(t.fmap_fake, t.fmap_real, strict=True) for pair in zip(*lists, strict=True)
    ]
    kl = t.logs_p - t.logs_q - 0.5 + 0.5 * ((t.z_p - t.m_p) ** 2) * torch.exp(-2.0 * t.logs_p)
    terms = {
        "G_GAN": sum(((1 - scores) ** 2).mean() for scores in t.pred_fake),
        "G_FM": sum((fake - real.detach()).abs().mean() for fake, real in pairs),
        "G_mel": (t.mel_hat - t.mel).abs().mean(),
        "G_dur": t.durations,
        "G_kl": (kl[0].sum() + kl[1, :, :4].sum()) / 11,
    }
    total = terms["G_GAN"] + 2 * terms["G_FM"] + 45 * terms["G_mel"] + t.durations + terms["G_kl"]
    check("vits", "G", t, terms, total)


def test_discriminators(check, draw):
    t = draw(**SHAPES)
    terms = {
        "D_real": sum(((1 - scores) ** 2).mean() for scores in t.pred_real),
        "D_fake": sum((scores**2).mean() for scores in t.pred_fake),
    }
    check("vits", "D", t, terms, terms["D_real"] + terms["D_fake"])
