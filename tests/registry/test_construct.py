"""An entry and JSON values become a module: functions wrapped, tensors made, weights from local files."""

import pickle
import socket
import sys

import pytest
import torch
from torch import nn

import lossspec
from lossspec.errors import LossSpecError, MissingWeightsError, RegistrationError
from lossspec.manager.building.function import FunctionLoss, Reduced
from lossspec.manager.building.module import construct
from lossspec.registry import find
from lossspec.registry.entry import Argument, LossType
from lossspec.registry.lookup import registered


def test_an_array_becomes_a_tensor_if_the_entry_has_tensor():
    loss = construct(find("torch.CrossEntropyLoss"), {"weight": [1, 2], "ignore_index": 1})
    assert torch.equal(loss.weight, torch.tensor([1.0, 2.0]))
    assert loss.weight.dtype == torch.float32
    assert loss.ignore_index == 1
    loss = construct(find("kornia.MS_SSIMLoss"), {"sigmas": [0.5, 1.0]})
    assert loss(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)).isfinite()


def test_whole_numbers_become_a_tensor_of_whole_numbers():
    entry = LossType(
        "mine.ints",
        "mine:ints",
        "",
        args={"at": Argument("at", {"type": "array", "items": {"type": "integer"}}, "", tensor=True)},
        function=True,
    )
    registered["mine.ints"] = (entry, lambda x, at: x[at].sum())
    assert construct(entry, {"at": [0, 2]})(torch.tensor([1.0, 2.0, 4.0])) == 5.0


def test_a_function_is_a_module_whose_tensors_move():
    loss = FunctionLoss(
        nn.functional.binary_cross_entropy_with_logits, pos_weight=torch.ones(1), reduction="sum"
    )
    moved = loss.to(torch.float64)
    assert moved.pos_weight.dtype == torch.float64
    assert moved.state_dict() == {}
    x = torch.zeros(2, 1, dtype=torch.float64)
    assert moved(x, x) == pytest.approx(2 * 0.6931471805599453)


def test_a_function_takes_inputs_by_name_too():
    loss = FunctionLoss(nn.functional.huber_loss, delta=0.5)
    x, y = torch.randn(3), torch.randn(3)
    assert loss(input=x, target=y) == loss(x, y) == nn.functional.huber_loss(x, y, delta=0.5)


def test_the_repr_of_a_function_has_its_arguments():
    loss = FunctionLoss(nn.functional.huber_loss, delta=0.5, reduction="sum")
    assert repr(loss) == "FunctionLoss(huber_loss, delta=0.5, reduction=sum)"


@pytest.mark.parametrize("name", ["training", "forward", "to"])
def test_an_argument_cannot_shadow_a_module_attribute(name):
    with pytest.raises(RegistrationError, match=f"argument `{name}` .* an attribute of every module"):
        FunctionLoss(nn.functional.l1_loss, **{name: 1})


def test_constructor_errors_name_the_loss_and_arguments():
    def refuse(delta):
        raise ValueError("it must be positive")

    entry = LossType("mine.Huber", "mine:Huber", "")
    registered["mine.Huber"] = (entry, refuse)
    with pytest.raises(LossSpecError) as caught:
        construct(entry, {"delta": -1})
    assert str(caught.value) == "cannot build `mine.Huber` with (delta = -1): it must be positive"
    assert isinstance(caught.value.__cause__, ValueError)


def test_another_class_than_a_module_is_refused():
    entry = LossType("mine.list", "mine:list", "")
    registered["mine.list"] = (entry, list)
    with pytest.raises(
        LossSpecError, match=r"`mine\.list` must be a torch\.nn\.Module or a function, got a list"
    ):
        construct(entry, {})


@pytest.mark.parametrize(("reduction", "shape"), [("none", (2, 3)), ("mean", ()), ("sum", ())])
def test_a_loss_that_gives_a_map_is_reduced_if_asked(reduction, shape):
    loss = construct(find("kornia.TotalVariation"), {"reduction": reduction})
    images = torch.rand(2, 3, 4, 4)
    result = loss(images)
    assert result.shape == shape
    plain = construct(find("kornia.TotalVariation"), {})(img=images)
    assert torch.equal(result, getattr(plain, reduction)() if shape == () else plain)


def test_the_parameters_of_a_reduced_loss_are_its_own():
    inner = nn.Linear(2, 1)
    assert [*Reduced(inner, "mean").parameters()] == [*inner.parameters()]


URL = "https://example.org/weights/net-1234.pth"


class Pretrained(nn.Module):
    def __init__(self, name="net", other=False):
        super().__init__()
        self.state = torch.hub.load_state_dict_from_url(URL, progress=False)
        if other:
            torch.hub.load_state_dict_from_url(URL.replace("net", "other"), check_hash=True)

    def forward(self, x):
        return x.mean()


@pytest.fixture
def pretrained(monkeypatch, tmp_path):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    path = Argument("weights_path", {"type": "string"}, "", path=True, ours=True)
    entry = LossType("mine.Pretrained", "mine:P", "", args={"weights_path": path}, downloads="net-1234.pth")
    registered["mine.Pretrained"] = (entry, Pretrained)
    return entry


def test_missing_weights_say_where_to_put_them(pretrained, tmp_path):
    with pytest.raises(MissingWeightsError) as caught:
        construct(pretrained, {})
    message = str(caught.value)
    assert "`mine.Pretrained` needs the file https://example.org/weights/net-1234.pth" in message
    assert "args.weights_path" in message
    assert str(tmp_path / "hub" / "checkpoints" / "net-1234.pth") in message


def test_a_type_without_a_path_gets_no_advice_to_set_it(pretrained):
    entry = LossType("mine.NoPath", "mine:N", "", downloads="net-1234.pth")
    registered["mine.NoPath"] = (entry, Pretrained)
    with pytest.raises(MissingWeightsError, match="download it yourself and save it as"):
        construct(entry, {})


def test_weights_come_from_a_file_or_a_folder(pretrained, tmp_path):
    one, two = tmp_path / "mine.pth", tmp_path / "files"
    two.mkdir()
    for path, value in ((one, 1), (two / "net-1234.pth", 2), (two / "other-1234.pth", 3)):
        torch.save({"w": torch.tensor(value)}, path)
    assert construct(pretrained, {"weights_path": str(one)}).state == {"w": torch.tensor(1)}
    assert construct(pretrained, {"weights_path": str(two), "other": True}).state == {"w": torch.tensor(2)}
    (two / "other-1234.pth").unlink()
    with pytest.raises(
        MissingWeightsError, match=r"other-1234\.pth, which is not in `.*files`: .*/hub/check"
    ):
        construct(pretrained, {"weights_path": str(two), "other": True})


def test_local_weights_print_nothing_of_a_download(pretrained, tmp_path, capsys):
    path = tmp_path / "mine.pth"
    torch.save({"w": torch.tensor(1)}, path)
    construct(pretrained, {"weights_path": str(path)})
    with pytest.raises(MissingWeightsError):
        construct(pretrained, {})
    assert capsys.readouterr() == ("", "")


def test_other_messages_of_a_library_are_printed(pretrained, capsys):
    registered["mine.Pretrained"] = (pretrained, lambda: print("careful", file=sys.stderr) or nn.L1Loss())
    construct(pretrained, {})
    assert capsys.readouterr().err == "careful\n"


def test_weights_cached_by_torch_hub_are_the_default(pretrained, tmp_path):
    kept = tmp_path / "hub" / "checkpoints" / "net-1234.pth"
    kept.parent.mkdir(parents=True)
    torch.save({"w": torch.tensor(4)}, kept)
    torch.save({"w": torch.tensor(5)}, tmp_path / "mine.pth")
    assert construct(pretrained, {}).state == {"w": torch.tensor(4)}
    assert construct(pretrained, {"weights_path": str(tmp_path / "mine.pth")}).state == {"w": torch.tensor(5)}
    assert construct(pretrained, {}).state == {"w": torch.tensor(4)}


class Payload:
    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return (open, (self.mark, "w"))


@pytest.mark.parametrize("downloads", [True, False])
@pytest.mark.parametrize("protocol", ["pickle", "torch"])
def test_code_in_a_file_of_weights_is_not_run(pretrained, tmp_path, protocol, downloads):
    mark, path = tmp_path / "it-ran", tmp_path / "evil.pth"
    if protocol == "pickle":
        path.write_bytes(pickle.dumps(Payload(mark)))
    else:
        torch.save(Payload(mark), path)
    with pytest.raises(LossSpecError, match=r"cannot build `mine\.Pretrained` with .*[Ww]eights.only"):
        construct(pretrained, {"weights_path": str(path)}, downloads=downloads)
    kept = tmp_path / "hub" / "checkpoints" / "net-1234.pth"
    kept.parent.mkdir(parents=True)
    path.rename(kept)
    with pytest.raises(LossSpecError, match=r"cannot build .* with .*[Ww]eights.only"):
        construct(pretrained, {}, downloads=downloads)
    assert not mark.exists()


def test_torch_is_left_as_it_was(pretrained, tmp_path):
    download, load = torch.hub.download_url_to_file, torch.load
    with pytest.raises(MissingWeightsError):
        construct(pretrained, {"weights_path": str(tmp_path / "nowhere.pth")})
    assert torch.hub.download_url_to_file is download
    assert torch.load is load
    assert torch.hub.get_dir() == str(tmp_path / "hub")


def test_parameters_of_a_loss_are_the_objectives(tmp_path):
    spec = tmp_path / "faces.loss.toml"
    spec.write_text(
        'format = 1\n[losses.arc]\ntype = "pytorch_metric_learning.ArcFaceLoss"\n'
        'inputs = ["embeddings", "labels"]\nargs = { num_classes = 4, embedding_size = 8 }\n'
    )
    manager = lossspec.LossManager.from_spec(spec)
    objective = manager.objective("total")
    (parameter,) = objective.parameters()
    assert parameter.shape == (8, 4)
    before = parameter.detach().clone()
    optimizer = torch.optim.SGD(objective.parameters(), lr=1.0)
    objective(embeddings=torch.randn(6, 8), labels=torch.randint(4, (6,))).backward()
    optimizer.step()
    assert not torch.equal(parameter, before)
    saved = objective.state_dict()
    assert [value.shape for value in saved.values() if isinstance(value, torch.Tensor)] == [(8, 4)]
    other = lossspec.LossManager.from_spec(spec).objective("total")
    other.load_state_dict(saved)
    assert torch.equal(*(next(each.parameters()) for each in (objective, other)))
    assert next(objective.to(torch.float64).parameters()).dtype == torch.float64


def test_only_the_caller_can_allow_a_download(pretrained, monkeypatch, capsys):
    monkeypatch.setattr(
        torch.hub, "download_url_to_file", lambda _url, dst, *_, **__: torch.save({"w": torch.tensor(7)}, dst)
    )
    with pytest.raises(MissingWeightsError, match="a spec opens no connection: allow the download"):
        construct(pretrained, {})
    assert construct(pretrained, {}, downloads=True).state == {"w": torch.tensor(7)}
    assert "".join(capsys.readouterr()).startswith("Downloading: ")  # and only this one
