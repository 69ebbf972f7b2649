"""ddpm, from its code, and the weights of Min-SNR and P2 from theirs, on a real schedule of noise."""

import pytest
import torch

ABAR = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), dim=0)
STEPS = torch.tensor([5, 300, 900])
SNR = ABAR[STEPS] / (1 - ABAR[STEPS])
WEIGHTS = {
    "": None,
    "+v_prediction": None,
    "+min_snr": torch.minimum(SNR, torch.full_like(SNR, 5.0)) / SNR,
    "+min_snr_v": torch.minimum(SNR, torch.full_like(SNR, 5.0)) / (SNR + 1),
    "+p2": 1 / (1 + SNR),
}


@pytest.mark.parametrize("variant", WEIGHTS)
def test_squared_error(check, draw, variant):
    t = draw(prediction=(3, 2, 4, 4), target=(3, 2, 4, 4))
    target = t.target
    if "v" in variant:
        del t.target
        t.velocity = target
    errors = torch.stack([((p - e) ** 2).sum() / 32 for p, e in zip(t.prediction, target, strict=True)])
    weight = WEIGHTS[variant]
    if weight is not None:
        assert weight.min() < 0.5 * weight.max()
        t.weight = weight
        errors = errors * weight
    total = errors.mean()
    check(f"ddpm{variant}", "total", t, {"noise": total}, total)
