"""lsgan, from the paper: both sides are halved."""

import pytest


@pytest.mark.parametrize(("variant", "half"), [("", 0.5), ("+code", 1.0)])
def test_both_sides(check, draw, variant, half):
    t = draw(pred_fake=(3, 1, 2, 2), pred_real=(3, 1, 2, 2))
    terms = {"G_GAN": ((t.pred_fake - 1) ** 2).mean()}
    check(f"lsgan{variant}", "G", t, terms, half * terms["G_GAN"])
    terms = {"D_real": ((t.pred_real - 1) ** 2).mean(), "D_fake": (t.pred_fake**2).mean()}
    check(f"lsgan{variant}", "D", t, terms, 0.5 * (terms["D_real"] + terms["D_fake"]))


def test_the_authors_code(check, draw):
    """tf.nn.l2_loss is half the sum of the squares, over the batch too."""
    t = draw(pred_fake=(3, 1), pred_real=(3, 1))
    terms = {"G_GAN": ((t.pred_fake - 1) ** 2).sum()}
    check("lsgan+authors", "G", t, terms, terms["G_GAN"] / 2)
    terms = {"D_real": ((t.pred_real - 1) ** 2).sum(), "D_fake": (t.pred_fake**2).sum()}
    check("lsgan+authors", "D", t, terms, (terms["D_real"] + terms["D_fake"]) / 2)


def test_the_pearson_divergence(check, draw):
    t = draw(pred_fake=(3, 1, 2, 2), pred_real=(3, 1, 2, 2))
    check("lsgan+pearson", "G", t, {"G_GAN": (t.pred_fake**2).mean()}, 0.5 * (t.pred_fake**2).mean())
    terms = {"D_real": ((t.pred_real - 1) ** 2).mean(), "D_fake": ((t.pred_fake + 1) ** 2).mean()}
    check("lsgan+pearson", "D", t, terms, 0.5 * (terms["D_real"] + terms["D_fake"]))
