"""``lossspec new``: a commented spec to start from, or one that extends another."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lossspec.cli.new import new_command
from lossspec.cli.validate import validate_command
from lossspec.language.load import load


def run(command, *arguments):
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_new_spec_does_what_its_comments_say(folder):
    assert run(new_command, "mine") == (
        0,
        "",
        "wrote mine.loss.toml; now: lossspec validate mine.loss.toml\n",
    )
    assert run(validate_command, "mine.loss.toml+robust")[0] == 0
    spec = load("mine.loss.toml+robust", params={"lambda_l1": 3.0})
    assert (spec.losses["l1"].type, spec.losses["l1"].weight) == ("torch.SmoothL1Loss", 3.0)
    assert [spec.losses["mse"].weight(epoch) for epoch in (0, 5, 10)] == [0.0, 0.5, 1.0]


def test_it_writes_to_the_specs_folder_or_the_path(folder):
    (folder / "specs").mkdir()
    run(new_command, "mine")
    run(new_command, "specs/deep.loss.toml")
    assert sorted(path.name for path in Path("specs").iterdir()) == ["deep.loss.toml", "mine.loss.toml"]


def test_an_existing_file_is_left_alone(folder):
    Path("mine.loss.toml").write_text("precious")
    status, _, errors = run(new_command, "mine")
    assert (status, errors) == (1, "Error: `mine.loss.toml` already exists\n")
    assert Path("mine.loss.toml").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("a b", 2, "`a b` is not a valid reference"),
        ("../mine", 2, "`../mine` is not a valid reference"),
        ("mine+robust", 2, "names a variant"),
        ("nowhere/mine.loss.toml", 1, "cannot write `nowhere/mine.loss.toml`: No such file or directory"),
    ],
)
def test_what_it_refuses(folder, name, status, message):
    found, output, errors = run(new_command, name)
    assert (found, output) == (status, "")
    assert message in errors
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("folder_of_specs", [False, True])
def test_the_name_of_another_spec_is_refused(folder, folder_of_specs):
    if folder_of_specs:
        Path("specs").mkdir()
    expected = (
        "Error: `pix2pix` is already a spec of lossspec: choose another name, "
        "or extend it: `lossspec new my_pix2pix --extends pix2pix`\n"
    )
    assert run(new_command, "pix2pix") == (1, "", expected)
    if folder_of_specs:
        assert run(new_command, "specs/pix2pix.loss.toml") == (1, "", expected)
    assert not list(folder.rglob("*.toml"))


def test_it_extends_another_spec(folder):
    assert run(new_command, "mine", "--extends", "pix2pix+vgg")[0] == 0
    path = Path("mine.loss.toml")
    assert load(path).digest == load("pix2pix+vgg").digest
    text = path.read_text()
    assert text.splitlines()[2:4] == ["format = 1", 'extends = "pix2pix+vgg"']
    lines = [line for line in text.splitlines() if line.startswith(("# params.", "# losses."))]
    assert "# params.lambda_l1 = 100.0" in lines
    params = [line.removeprefix("# ") for line in lines if "params" in line]
    path.write_text("\n".join([text, *params]))
    assert load(path).digest == load("pix2pix+vgg").digest


@pytest.mark.parametrize(
    ("reference", "message"),
    [("specs/a.loss.toml", "is a path: --extends needs the name of a spec"), ("pix2pixx", "`pix2pix`")],
)
def test_extends_needs_the_name_of_a_spec(folder, reference, message):
    result = CliRunner().invoke(new_command, ["mine", "--extends", reference])
    assert message in result.stderr + str(result.exception)
    assert list(folder.iterdir()) == []
