"""A file that is swapped between its check and its opening is not read: what was opened is checked."""

import os
import sys

import pytest
import torch
from click.testing import CliRunner

import lossspec
from lossspec.cli import commands
from lossspec.errors import LossInputError, LossSpecError
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.project import project
from lossspec.losses.perceptual.vgg_weights import weights_from_file
from lossspec.manager.building.module import construct
from lossspec.paths import OutsideError, open_regular
from lossspec.registry import Argument, LossType

L1 = 'losses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n'
VGG = (
    'losses.a = { type = "lossspec.VGGPerceptualLoss", inputs = ["x", "y"], args = { weights = "w.pth" } }\n'
)
FIXABLE = 'format = 1\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"], wieght = 2 }\n'
#: A loss whose constructor asks torch.hub for a file, as those of piq and lpips do.
HUB = LossType(
    "torch.Hub",
    "torch.hub:load_state_dict_from_url",
    "",
    {
        "url": Argument("url", {"type": "string"}, ""),
        "weights_path": Argument("weights_path", {"type": "string"}, "", path=True, ours=True),
    },
    downloads="w.pth",
)


def after(name, action):
    """Run an action once, as soon as a function of lossspec has returned."""

    def watch(frame, event, _):
        if event == "return" and frame.f_code.co_name == name:
            sys.setprofile(None)
            action()

    sys.setprofile(watch)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "outside" / "secret"
    path.parent.mkdir()
    path.write_text(f"format = 1\n{L1}")
    return path


@pytest.fixture
def specs(tmp_path, monkeypatch):
    folder = tmp_path / "specs"
    folder.mkdir()
    monkeypatch.setenv("LOSSSPEC_PATH", str(folder))
    return folder


def swap(path, target):
    path.unlink()
    path.symlink_to(target)


def test_weights_swapped_for_a_link_after_load(specs, secret):
    torch.save({}, specs / "w.pth")
    (specs / "s.loss.toml").write_text(f"format = 1\n{VGG}")
    spec = lossspec.load("s")
    swap(specs / "w.pth", secret)
    with pytest.raises(LossInputError, match="it is outside the folder"):
        lossspec.build(spec)


def test_weights_swapped_after_the_check_of_the_build(specs, secret):
    torch.save({}, specs / "w.pth")
    (specs / "s.loss.toml").write_text(f"format = 1\n{VGG}")
    spec = lossspec.load("s")
    after("refuse_outside", lambda: swap(specs / "w.pth", secret))
    with pytest.raises(LossInputError, match="it is outside the folder"):
        lossspec.build(spec)


@pytest.mark.parametrize("path", ["w.pth", "."])
def test_weights_for_torch_hub_swapped_after_the_check(specs, secret, path):
    torch.save({"a": torch.ones(1)}, specs / "w.pth")
    args = {"url": "https://example.org/w.pth", "weights_path": str(specs / path)}
    with pytest.raises(LossSpecError, match=r"must be a torch\.nn\.Module or a function, got a dict"):
        construct(HUB, args, within={"weights_path": str(specs)})  # it has read the file
    after("refuse_outside", lambda: swap(specs / "w.pth", secret))
    with pytest.raises(LossInputError, match="it is outside the folder"):
        construct(HUB, args, within={"weights_path": str(specs)})


def test_weights_of_a_folder_swapped_for_a_link(specs, secret):
    (specs / "inner").mkdir()
    torch.save({}, specs / "inner" / "w.pth")
    (specs / "s.loss.toml").write_text(f"format = 1\n{VGG.replace('w.pth', 'inner/w.pth')}")
    spec = lossspec.load("s")
    (specs / "inner").rename(specs.parent / "moved")
    (specs / "inner").symlink_to(secret.parent)
    with pytest.raises(LossInputError, match="it is outside the folder"):
        lossspec.build(spec)


def test_weights_are_beside_the_document_that_names_them(specs, tmp_path):
    """A spec of another folder that extends it reads the same file, under the same rule."""
    torch.save({"of": torch.ones(1)}, specs / "w.pth")
    (specs / "base.loss.toml").write_text(f"format = 1\n{VGG}")
    (tmp_path / "mine.loss.toml").write_text('format = 1\nextends = "base"\n')
    with pytest.raises(LossInputError, match=r"specs/w\.pth` are not VGG19's"):
        lossspec.build(lossspec.load(str(tmp_path / "mine.loss.toml")))


def test_a_path_of_the_caller_can_be_a_link(specs, secret):
    torch.save({}, secret)
    (specs / "w.pth").symlink_to(secret)
    text = VGG.replace('"w.pth"', '"${file}"')
    (specs / "s.loss.toml").write_text(f'format = 1\nparams.file = "none"\n{text}')
    for path in ("w.pth", str(specs / "w.pth"), str(secret)):
        with pytest.raises(LossInputError, match="are not VGG19's"):
            lossspec.build(lossspec.load("s", params={"file": path}))


def test_weights_swapped_for_compressed_ones_are_not_read(tmp_path, secret):
    """They are checked on the open file: another one at its path is not read."""
    path = tmp_path / "w.pth"
    torch.save({"a": torch.ones(1)}, path)
    after("refuse_inflating", lambda: swap(path, secret))
    assert weights_from_file(path)["a"].tolist() == [1.0]


@pytest.mark.parametrize("read", [lossspec.load, lossspec.validate])
def test_a_spec_swapped_for_a_link_after_it_is_found(specs, secret, read):
    (specs / "s.loss.toml").write_text(f"format = 1\n{L1}")
    lossspec.load("s")  # imports what each load needs
    after("find", lambda: swap(specs / "s.loss.toml", secret))
    try:
        found = str(read("s"))
    except SpecError as error:
        found = str(error)
    assert "the file cannot be read: it is outside the folder" in found


def test_a_base_swapped_for_a_link_after_it_is_found(specs, secret, tmp_path):
    (specs / "s.loss.toml").write_text(f"format = 1\n{L1}")
    (tmp_path / "mine.loss.toml").write_text('format = 1\nextends = "s"\n')
    after("find", lambda: swap(specs / "s.loss.toml", secret))
    with pytest.raises(SpecError, match="it is outside the folder"):
        lossspec.load(str(tmp_path / "mine.loss.toml"))


def test_a_file_swapped_for_a_link_before_it_is_fixed(specs, secret):
    path = specs / "s.loss.toml"
    path.write_text(FIXABLE)
    before = secret.read_bytes()
    after("fixes", lambda: swap(path, secret))
    found = CliRunner().invoke(commands, ["validate", "--fix", str(path)])
    assert found.exit_code == 1, found.output
    assert "it is outside the folder" in found.output
    assert secret.read_bytes() == before


def test_a_file_that_changed_before_it_is_fixed_is_kept(specs):
    path = specs / "s.loss.toml"
    path.write_text(FIXABLE)
    after("fixes", lambda: path.write_text("format = 1\n# mine\n"))
    found = CliRunner().invoke(commands, ["validate", "--fix", str(path)])
    assert "it has changed since it was read: run the command again" in found.output
    assert path.read_text() == "format = 1\n# mine\n"


@pytest.mark.parametrize("swapped", ["inner", "inner/w"])
def test_a_path_swapped_between_its_check_and_its_opening(tmp_path, secret, swapped):
    """The folders on the way, and the file, are opened through no link."""
    home = tmp_path / "home"
    (home / "inner").mkdir(parents=True)
    (home / "inner" / "w").write_text("mine")
    (secret.parent / "w").write_text("theirs")
    target = secret.parent if swapped == "inner" else secret

    def swap_it():
        (home / swapped).rename(tmp_path / "moved")
        (home / swapped).symlink_to(target)

    after("is_relative_to", swap_it)
    with pytest.raises(OutsideError, match="it was replaced by a link while it was opened"):
        open_regular(home / "inner" / "w", home)


def test_links_inside_the_folder_are_followed(tmp_path):
    home = tmp_path / "home"
    (home / "inner").mkdir(parents=True)
    (home / "inner" / "w").write_text("mine")
    (home / "link").symlink_to("inner")
    (home / "inner" / "other").symlink_to("../link/w")
    (tmp_path / "alias").symlink_to(home)
    with open_regular(tmp_path / "alias" / "link" / "other", tmp_path / "alias") as file:
        assert file.read() == b"mine"


def test_a_pipe_as_configuration_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pyproject.toml")
    with pytest.raises(lossspec.LossSpecError, match="it is not a regular file"):
        project(tmp_path)


def test_a_file_that_cannot_be_opened_leaves_nothing_open(tmp_path):
    def lowest():
        descriptor = os.dup(0)
        os.close(descriptor)
        return descriptor

    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").symlink_to(tmp_path / "c")
    before = lowest()
    for path in ("a/none", "a/none/none", "a/b/none"):
        with pytest.raises(FileNotFoundError):
            open_regular(tmp_path / path, tmp_path)
    assert lowest() == before
