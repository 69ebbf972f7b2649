"""hinge_gan, from BigGAN's code: a sum, no half."""

import pytest


@pytest.mark.parametrize(("variant", "half"), [("", 1.0), ("+halved", 0.5)])
def test_both_sides(check, draw, variant, half):
    t = draw(pred_fake=(16, 1), pred_real=(16, 1))
    check(f"hinge_gan{variant}", "G", t, {"G_GAN": -t.pred_fake.mean()}, -t.pred_fake.mean())
    terms = {
        "D_real": (1 - t.pred_real).clamp(min=0).mean(),
        "D_fake": (1 + t.pred_fake).clamp(min=0).mean(),
    }
    check(f"hinge_gan{variant}", "D", t, terms, half * (terms["D_real"] + terms["D_fake"]))
