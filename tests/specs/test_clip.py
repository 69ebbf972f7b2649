"""clip, from the paper's pseudocode: two cross-entropies on scaled cosines; and SigLIP's sigmoids."""

import torch


def cosines(t):
    image, text = (each / torch.linalg.norm(each, dim=1, keepdim=True) for each in (t.image, t.text))
    return image @ text.T


def test_both_directions(check, draw):
    t = draw(image=(5, 4), text=(5, 4), logit_scale=())
    logits = t.logit_scale * cosines(t)
    terms = {
        "image_to_text": (torch.logsumexp(logits, dim=1) - logits.diagonal()).mean(),
        "text_to_image": (torch.logsumexp(logits, dim=0) - logits.diagonal()).mean(),
    }
    check("clip", "total", t, terms, sum(terms.values()) / 2)


def test_siglip(check, draw):
    t = draw(image=(5, 4), text=(5, 4), logit_scale=(), logit_bias=())
    logits = t.logit_scale * cosines(t) + t.logit_bias
    signs = torch.full((5, 5), -1.0, dtype=torch.float64).fill_diagonal_(1.0)
    total = torch.log(1 + torch.exp(-signs * logits)).sum() / 5
    check("clip+siglip", "total", t, {"pairs": total}, total)
