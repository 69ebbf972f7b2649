"""A real loss that downloads its network takes a local file instead: needs torchvision and lpips."""

import socket

import pytest
import torch
from click.testing import CliRunner
from torchvision.models import squeezenet1_1

import lossspec
from lossspec.cli.probe import probe_command
from lossspec.manager.building.module import construct
from lossspec.registry import find


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A network's file that no server has, and no way to reach one."""

    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    torch.manual_seed(3)
    model = squeezenet1_1(weights=None)
    torch.save(model.state_dict(), tmp_path / "squeeze.pth")
    return model


@pytest.mark.filterwarnings("ignore:The parameter 'pretrained' is deprecated")
@pytest.mark.filterwarnings("ignore:Arguments other than a weight enum")
def test_the_local_file_is_what_the_loss_computes_with(network, tmp_path):
    args = {
        "net": "squeeze",
        "verbose": False,
        "reduction": "mean",
        "weights_path": str(tmp_path / "squeeze.pth"),
    }
    loss = construct(find("lpips.LPIPS"), args)
    assert torch.equal(loss.loss.net.slice1[0].weight, network.features[0].weight)
    x, y = torch.rand(2, 3, 64, 64, requires_grad=True), torch.rand(2, 3, 64, 64)
    value = loss(x, y)
    assert value.shape == ()
    value.backward()
    assert x.grad.abs().sum() > 0


@pytest.mark.filterwarnings("ignore:The parameter 'pretrained' is deprecated")
@pytest.mark.filterwarnings("ignore:Arguments other than a weight enum")
def test_probe_downloads_only_if_it_is_told_to(network, tmp_path):
    (tmp_path / "s.loss.toml").write_text(
        'format = 1\nlosses.a = { type = "lpips.LPIPS", inputs = ["x", "y"] }\n'
    )
    torch.save({"x": torch.rand(1, 3, 64, 64), "y": torch.rand(1, 3, 64, 64)}, tmp_path / "batch.pt")
    given = [str(tmp_path / "s.loss.toml"), "--batch", str(tmp_path / "batch.pt")]
    alone, told = (CliRunner().invoke(probe_command, [*given, *more]) for more in ([], ["--downloads"]))
    assert "allow the download with `downloads=True`" in str(alone.exception)
    assert told.exception is not None  # there is no network
    assert "downloads" not in str(told.exception)


@pytest.mark.filterwarnings("ignore:The parameter 'pretrained' is deprecated")
@pytest.mark.filterwarnings("ignore:Arguments other than a weight enum")
def test_a_spec_names_the_file_beside_it(network, tmp_path):
    (tmp_path / "perceptual.loss.toml").write_text(
        'format = 1\n[losses.lpips]\ntype = "lpips.LPIPS"\ninputs = ["x", "y"]\n'
        'args = { net = "squeeze", verbose = false, reduction = "mean", weights_path = "squeeze.pth" }\n'
    )
    spec = lossspec.load(tmp_path / "perceptual.loss.toml")
    loss = lossspec.build(spec)["lpips"].function
    assert torch.equal(loss.loss.net.slice1[0].weight, network.features[0].weight)


@pytest.mark.filterwarnings("ignore:The parameter 'pretrained' is deprecated")
@pytest.mark.filterwarnings("ignore:Arguments other than a weight enum")
def test_a_missing_file_is_an_error_before_any_download(network, tmp_path):
    with pytest.raises(lossspec.LossSpecError, match=r"squeezenet1_1-b8a52dc0\.pth, and a spec opens no"):
        construct(find("lpips.LPIPS"), {"net": "squeeze", "verbose": False})
