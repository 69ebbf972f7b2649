"""The parameters of the shipped specs: each moves the weights that its description says, and those alone.

By default many are 1 or alike, and a wrong one would give the right number: here no two are.
"""

import pytest

import lossspec

#: The spec, its parameters, and the weights that follow.
WEIGHTS = [
    ("pix2pix", {"lambda_gan": 2.0, "lambda_l1": 3.0}, {"G_GAN": 2, "G_L1": 3}),
    (
        "pix2pix+extended",
        {"lambda_l2": 2.0, "lambda_sobel": 3.0, "lambda_lap": 5.0},
        {"G_L2": 2, "G_SOBEL": 3, "G_LAP": 5},
    ),
    ("pix2pix+vgg", {"lambda_vgg": 2.0}, {"G_VGG": 2}),
    (
        "cyclegan",
        {"lambda_A": 2.0, "lambda_B": 3.0, "lambda_idt": 5.0},
        {"cycle_A": 2, "cycle_B": 3, "idt_A": 15, "idt_B": 10},
    ),
    ("cyclegan+mmgeneration", {"lambda_idt": 3.0}, {"idt_A": 3, "idt_B": 3}),
    ("pix2pixhd", {"lambda_feat": 3.0, "feature_maps": 6}, {"G_FM": 2, "G_VGG": 3}),
    (
        "spade+vae",
        {"lambda_feat": 2.0, "lambda_vgg": 3.0, "lambda_kld": 5.0},
        {"G_FM": 2, "G_VGG": 3, "G_KLD": 5},
    ),
    ("srgan", {"lambda_content": 2.0, "lambda_gan": 3.0}, {"G_content": 2, "G_GAN": 3}),
    (
        "esrgan",
        {"lambda_pix": 2.0, "lambda_percep": 3.0, "lambda_gan": 10.0},
        {"G_pix": 2, "G_percep": 3, "G_real": 5, "G_fake": 5},
    ),
    (
        "realesrgan",
        {"lambda_pix": 2.0, "lambda_percep": 3.0, "lambda_gan": 5.0},
        {"G_pix": 2, "G_percep": 3, "G_GAN": 5},
    ),
    ("stylegan2", {"r1_gamma": 4.0, "pl_weight": 3.0}, {"D_R1": 2, "G_path": 3}),
    ("wgan_gp", {"lambda_gp": 2.0}, {"D_GP": 2}),
    (
        "vqgan",
        {"lambda_percep": 2.0, "lambda_codebook": 3.0, "beta": 5.0},
        {"lpips": 2, "commit": 3, "codebook": 15},
    ),
    ("vqgan+commitment", {"lambda_codebook": 3.0, "beta": 5.0}, {"commit": 15, "codebook": 3}),
    ("beta_vae", {"beta": 2.0}, {"kl": 2}),
    ("beta_vae+capacity", {"gamma": 2.0}, {"kl": 2}),
    ("ppo", {"vf_coef": 3.0, "ent_coef": 5.0}, {"value": 1.5, "entropy": -5}),
    ("ppo+grpo", {"beta": 3.0}, {"kl": 3}),
    ("monodepth2", {"disparity_smoothness": 2.0}, {"smooth": 0.5}),
    ("vits", {"c_mel": 3.0, "c_kl": 5.0, "lambda_fm": 7.0}, {"G_mel": 3, "G_kl": 5, "G_FM": 7}),
    ("ldm_autoencoder", {"values": 10, "lambda_percep": 3.0, "lambda_kl": 5.0}, {"lpips": 30, "kl": 5}),
    ("gaussian_splatting", {"lambda_dssim": 0.25}, {"l1": 0.75, "ssim": 0.25}),
    ("dpo+orpo", {"lambda_or": 2.0}, {"preference": 2}),
    ("byol+moco_v3", {"temperature": 0.5}, {"view_1": 1, "view_2": 1}),
    ("bigvgan", {"lambda_fm": 3.0, "lambda_mel": 5.0}, {"G_FM": 3, "G_mel": 5}),
    ("hifigan", {"lambda_fm": 3.0, "lambda_mel": 5.0}, {"G_FM": 3, "G_mel": 5}),
    (
        "encodec",
        {"lambda_wav": 2.0, "lambda_mel": 3.0, "lambda_gan": 5.0, "lambda_feat": 7.0},
        {"G_wav": 2, "G_mel": 3, "G_GAN": 5, "G_feat": 7},
    ),
    (
        "dac",
        {
            "lambda_mel": 2.0,
            "lambda_feat": 3.0,
            "lambda_gan": 5.0,
            "lambda_commit": 7.0,
            "lambda_codebook": 11.0,
        },
        {"G_mel": 2, "G_feat": 3, "G_GAN": 5, "commit": 7, "codebook": 11},
    ),
    ("deblurgan", {"lambda_content": 2.0, "lambda_gp": 3.0}, {"G_content": 2, "D_GP": 3}),
    (
        "deblurgan+v2",
        {"lambda_content": 2.0, "lambda_pix": 3.0, "lambda_gan": 10.0},
        {"G_content": 2, "G_pix": 3, "G_real": 5, "G_fake": 5},
    ),
    (
        "lama",
        {"lambda_l1": 2.0, "lambda_gan": 3.0, "lambda_fm": 5.0, "lambda_hrf": 7.0, "r1_gamma": 11.0},
        {"G_L1": 2, "G_GAN": 3, "G_FM": 5, "G_HRF": 7, "D_R1": 11},
    ),
    ("lama+paper", {"lambda_gan": 3.0}, {"G_GAN": 3, "D_real": 3, "D_fake": 3}),
    ("nnunet", {"weight_ce": 2.0, "weight_dice": 3.0}, {"ce": 2, "dice": 3}),
    ("knowledge_distillation", {"gamma": 2.0, "alpha": 3.0, "T": 5.0}, {"ce": 2, "kd": 75}),
    (
        "vicreg",
        {"sim_coeff": 2.0, "std_coeff": 10.0, "cov_coeff": 3.0},
        {"invariance": 2, "variance_1": 5, "variance_2": 5, "covariance_1": 3, "covariance_2": 3},
    ),
    (
        "vicreg+paper",
        {"sim_coeff": 2.0, "std_coeff": 10.0, "dimensions": 7},
        {"invariance": 14, "variance_1": 10, "variance_2": 10},
    ),
    ("detr", {"weight_ce": 2.0, "weight_bbox": 3.0, "weight_giou": 7.0}, {"ce": 2, "bbox": 3, "giou": 7}),
]
NAMES = [reference for reference, _, _ in WEIGHTS]


@pytest.mark.parametrize(("reference", "params", "weights"), WEIGHTS, ids=NAMES)
def test_a_parameter_moves_its_weights_and_those_alone(reference, params, weights):
    before, after = (lossspec.load(reference, params=each).losses for each in ({}, params))
    moved = {name: after[name].weight for name in after if after[name].weight != before[name].weight}
    assert moved == pytest.approx(weights, rel=1e-12)


def test_each_shipped_weight_that_is_a_parameter_is_among_them():
    """A new parameter has a name that starts like one of these, or says what else it is."""
    known = {name for _, params, _ in WEIGHTS for name in params}
    for reference in NAMES:
        for name in lossspec.load(reference).params:
            if name.startswith(("lambda_", "weight_")) or name.endswith("_coeff"):
                assert name in known, f"{reference}: {name}"
