"""Configurations of so many losses that no spec could hold them."""

import pytest

from lossspec.convert import import_document, to_toml
from lossspec.errors import ConfigError

MANY = 15_000
OUTPUTS = {"output_layers": [[f"o{index}", 0, 0] for index in range(MANY)]}
DOCUMENTS = {
    "keras": {"config": OUTPUTS, "compile_config": {"loss": ["mse"] * MANY}},
    "monai": {"parts": [{"loss": {"_target_": "monai.losses.DiceLoss"}}] * MANY},
}


@pytest.mark.parametrize("peer", DOCUMENTS)
def test_too_many_losses_are_refused_in_a_moment(peer):
    """Each is neither validated nor compared with the others, which would take minutes."""
    with pytest.raises(ConfigError, match=r"x: has 15,000 losses of \w+, a spec can have at most 1,000"):
        import_document(DOCUMENTS[peer], peer, "x")


def test_a_spec_that_would_be_too_large_is_refused():
    losses = [{"type": f"unknown{'n' * 200}", "loss_weight": 1.0}] * 1400
    imported = import_document({"train": {"losses": losses}}, "trainner-redux", "x.yml")
    with pytest.raises(ConfigError, match=r"x\.yml: the spec would be larger than 256 KiB"):
        to_toml(imported)
