"""A file of weights takes no more memory than its size."""

import io
import zipfile

import pytest
import torch

import lossspec
from lossspec.errors import LossInputError
from lossspec.losses.perceptual.vgg_weights import weights_from_file
from lossspec.manager.building.local_weights import local_weights


@pytest.fixture
def inflating(tmp_path):
    """A file of weights, compressed again: a thousandth of its size."""
    stored, path = io.BytesIO(), tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(1_000_000)}, stored)
    with (
        zipfile.ZipFile(stored) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for each in source.namelist():
            target.writestr(each, source.read(each))
    assert path.stat().st_size < 10_000
    assert torch.load(path, weights_only=True)["a"].numel() == 1_000_000  # torch itself inflates it
    return path


def test_weights_that_were_compressed_are_refused(inflating):
    with pytest.raises(LossInputError, match=r"holds 4,00\d,\d+ bytes of weights in \d,\d+ bytes"):
        weights_from_file(inflating)
    with (
        local_weights("lossspec.Any", str(inflating)),
        pytest.raises(LossInputError, match=r"it was compressed after torch\.save"),
    ):
        torch.load(inflating)
    with (
        local_weights("lossspec.Any", str(inflating)),
        inflating.open("rb") as file,
        pytest.raises(LossInputError, match=r"it was compressed after torch\.save"),
    ):
        torch.load(file)


def test_weights_as_torch_saves_them_are_read(tmp_path):
    path = tmp_path / "weights.pth"
    for legacy in (False, True):
        torch.save({"a": torch.ones(3)}, path, _use_new_zipfile_serialization=not legacy)
        with local_weights("lossspec.Any", str(path)), path.open("rb") as file:
            assert torch.load(path)["a"].tolist() == torch.load(file)["a"].tolist() == [1.0] * 3
        assert weights_from_file(path)["a"].tolist() == [1.0] * 3


@pytest.mark.parametrize("key", ["win_size = 1023", "win_size = [300, 9, 9]"])
def test_a_window_in_three_dimensions_is_bounded(key):
    """A window of 1023 in each of three dimensions has 4 GB."""
    args = f"args = {{ spatial_dims = 3, {key} }}"
    text = f'format = 1\nlosses.a = {{ type = "monai.SSIMLoss", inputs = ["x", "y"], {args} }}\n'
    assert [each.code for each in lossspec.validate(text) if each.severity == "error"] == ["out-of-range"]
