"""``lossspec list``: the specs, where each was found, and what it shadows."""

from click.testing import CliRunner

from lossspec.cli import commands
from lossspec.language.documents.search import shipped

TEXT = 'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"] }\n'


def test_where_each_was_found_and_what_it_shadows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSSPEC_PATH", str(tmp_path / "mine"))
    for folder, name in (("mine", "pix2pix"), ("specs", "pix2pix"), ("specs", "zebra")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.loss.toml").write_text(TEXT)
    lines = CliRunner().invoke(commands, ["list"]).output.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("pix2pix "))
    assert [line.split() for line in lines[start : start + 3]] == [
        ["pix2pix", str(tmp_path / "mine" / "pix2pix.loss.toml"), "(LOSSSPEC_PATH)"],
        ["shadows", "specs/pix2pix.loss.toml"],
        ["shadows", str(shipped() / "pix2pix.loss.toml")],
    ]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == sorted(
        line.split()[0] for line in lines if not line.startswith(" ")
    )
    assert lines[-1].split() == ["zebra", "specs/zebra.loss.toml", "(./specs)"]
