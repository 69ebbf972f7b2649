"""hinge_gan, from BigGAN's code: a sum, no half."""


def test_both_sides(check, draw):
    t = draw(pred_fake=(16, 1), pred_real=(16, 1))
    check("hinge_gan", "G", t, {"G_GAN": -t.pred_fake.mean()}, -t.pred_fake.mean())
    terms = {
        "D_real": (1 - t.pred_real).clamp(min=0).mean(),
        "D_fake": (1 + t.pred_fake).clamp(min=0).mean(),
    }
    check("hinge_gan", "D", t, terms, terms["D_real"] + terms["D_fake"])
