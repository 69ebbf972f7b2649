"""``lossspec list``: the specs by group, each with a line of description, and found by a word."""

import pytest
from click.testing import CliRunner

from lossspec.cli import commands
from lossspec.language.documents.listing import listed
from lossspec.language.documents.search import shipped

TEXT = """format = 1
description = '''Pixels and\nedges. A second sentence.'''
references = ["https://example.org/1234"]
losses.l1 = { type = "torch.L1Loss", inputs = ["y_fake", "y"] }
variants.sharp.losses.ssim = { type = "piq.SSIMLoss", inputs = ["y_fake", "y"] }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSSPEC_PATH", str(tmp_path / "mine"))
    return tmp_path


def write(folder, **files):
    for name, text in files.items():
        path = folder / f"{name}.loss.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def run(*arguments):
    result = CliRunner().invoke(commands, ["list", *arguments])
    return result.exit_code, result.stdout, result.exception or result.stderr


def names(*arguments):
    """Return the names that are listed, by group."""
    code, output, _ = run(*arguments)
    assert code == 0
    blocks = [block.splitlines() for block in output.split("\n\n")]
    return {head: [line.split()[0] for line in lines if line[2] != " "] for head, *lines in blocks}


def test_groups_with_a_line_of_description(folder):
    write(folder / "specs", zebra=TEXT)
    write(folder / "mine", apple="format = 1\n" + TEXT[TEXT.index("references") :])
    lines = run()[1].splitlines()
    assert lines[:4] == ["yours", "  apple", f"  zebra{' ' * 17}  Pixels and edges.", ""]
    assert lines[4] == "shipped"
    shown = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[5:]}
    assert shown["lsgan"] == "Least-squares GAN."
    assert list(shown) == sorted(path.name.partition(".")[0] for path in shipped().glob("*.loss.toml"))


def test_paths_and_what_is_shadowed(folder):
    for where in ("mine", "specs"):
        write(folder / where, pix2pix=TEXT)
    lines = run("--paths")[1].splitlines()
    assert [line.split() for line in lines[1:5]] == [
        ["pix2pix", "Pixels", "and", "edges."],
        [str(folder / "mine" / "pix2pix.loss.toml")],
        ["shadows", "specs/pix2pix.loss.toml"],
        ["shadows", str(shipped() / "pix2pix.loss.toml")],
    ]
    assert str(folder) not in run()[1].partition("shadows")[0]


@pytest.mark.parametrize(
    "word", ["zebra", "ZEBRA", "second sentence", "example.org/1234", "torch.L1", "sharp", "ssim"]
)
def test_a_word_is_looked_for_in_all_that_a_spec_says(folder, word):
    write(folder / "specs", zebra=TEXT)
    assert "zebra" in names(word)["yours"]
    assert run("specs", word)[1] == run(word)[1]


def test_words_of_the_shipped_specs():
    found = {word: set(names(word)["shipped"]) for word in ("hinge", "lpips", "torch.MSELoss")}
    assert found["hinge"] >= {"encodec", "hinge_gan", "spade", "vqgan"}
    assert found["lpips"] >= {"vqgan"}
    assert found["torch.MSELoss"] >= {"lsgan", "cyclegan"}
    assert not found["lpips"] & {"pix2pix", "hinge_gan"}


def test_what_is_inherited_counts(folder):
    write(
        folder / "specs",
        child='format = 1\nextends = "parent"\n',
        parent='format = 1\nextends = "vqgan"\nlosses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"] }\n',
    )
    assert names("lpips")["yours"] == ["child", "parent"]
    assert run("lpips")[1].splitlines()[1].split() == ["child", "Extends", "parent."]


def test_a_circle_and_a_missing_parent_end(folder):
    write(
        folder / "specs",
        a='format = 1\nextends = "b"',
        b='format = 1\nextends = "a"',
        c='extends = "nowhere"',
    )
    assert names()["yours"] == ["a", "b", "c"]


def test_a_file_that_is_not_toml_is_listed(folder):
    write(folder / "specs", broken="[", all_wrong="description = 3\nreferences = 4\nlosses = 5\nvariants = 6")
    assert run("broken")[1] == "yours\n  broken  cannot be read: lossspec validate specs/broken.loss.toml\n"
    assert names("all_wrong") == {"yours": ["all_wrong"]}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("nonesuch", "no spec has `nonesuch` in its name, description, references or types: leave it out"),
        ("schedulse", "for the command, write `lossspec list schedules`"),
    ],
)
def test_nothing_is_found(word, message):
    code, output, error = run(word)
    assert (code, output) == (1, "")
    assert message in str(error)


def test_help_is_that_of_the_group():
    assert "Commands:" in run("--help")[1]
    assert "--paths" in run("hinge", "--help")[1]


def test_plug_ins_are_named(monkeypatch, folder):
    write(folder / "plug", theirs=TEXT)
    monkeypatch.setattr(
        "lossspec.registry.installed.installed_spec_folders", lambda: {"mylib": folder / "plug"}
    )
    assert run("theirs")[1] == "plug-ins\n  theirs  Pixels and edges. (mylib)\n"


def test_hostile_text_stays_on_its_line(folder):
    write(folder / "specs", a='description = "\\u001b[2J a\\u202eb' + "x" * 1000 + '"')
    [_, line] = run("2J")[1].splitlines()
    assert line.startswith("  a  \\u001b[2J a\\u202eb")
    assert len(line) <= 105
    assert len(listed()) > 20


def test_a_library_of_balancers_only(monkeypatch):
    monkeypatch.setattr("lossspec.registry.libraries", lambda: ("mylib",))
    monkeypatch.setattr("lossspec.registry.summaries", lambda _: {})
    _, _, error = run("losses", "--library", "mylib")
    assert str(error) == "library `mylib` has balancers only: `lossspec list balancers mylib`"
