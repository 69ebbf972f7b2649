"""``validate --fix`` where a fix would break the file, or change what the author may have meant."""

import pytest
from click.testing import CliRunner

from lossspec.cli.validate import validate_command

GOOD = 'format = 1\n[losses.a]\ntype = "torch.L1Loss"\ninputs = ["x", "y"]\n'


def fixed(path, text):
    path.write_text(text)
    CliRunner().invoke(validate_command, ["--fix", str(path)])
    return path.read_text()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.loss.toml"


def test_a_fix_that_collides_does_not_block_the_others(path):
    text = GOOD + 'weight = 1\nwieght = 2\n[losses.b]\ntype = "torch.L1Loss"\ninptus = ["x", "y"]\n'
    assert fixed(path, text) == text.replace("inptus", "inputs")


def test_two_keys_that_mean_one_do_not_block_others(path):
    text = GOOD + 'wieght = 1\nweigth = 2\n[losses.b]\ntype = "torch.L1Loss"\ninptus = ["x", "y"]\n'
    after = fixed(path, text)
    assert "inputs = [" in after.partition("[losses.b]")[2]
    assert after.count("weight = ") <= 1


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("[losses.a]", "[lossesG.a]"),
        GOOD.replace("[losses.a]", "[args]\nx = 1\n[losses.a]"),
    ],
    ids=["lossesG", "args"],
)
def test_a_key_that_may_mean_something_else_stays(path, text):
    assert fixed(path, text) == text


def test_a_link_out_of_its_folder_is_not_written_through(tmp_path):
    text = 'format = 1\nlosses.a = { typ = "torch.L1Loss", inputs = ["x", "y"] }\n'
    there, here = tmp_path / "there.loss.toml", tmp_path / "here" / "a.loss.toml"
    here.parent.mkdir()
    there.write_text(text)
    here.symlink_to(there)
    found = CliRunner().invoke(validate_command, ["--fix", str(here)])
    assert there.read_text() == text
    assert f"not fixed {here}: it is a link out of its folder, fix {there} by its name" in found.output
    CliRunner().invoke(validate_command, ["--fix", str(there)])
    assert "type =" in there.read_text()
