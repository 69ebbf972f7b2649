"""CONTRIBUTING.md: its map shows the real folders, its walk names real functions in the order they run."""

import re
import sys
from pathlib import Path

import pytest

import lossspec

ROOT = Path(__file__).parents[2]
SRC = Path(lossspec.__file__).parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
WALK = TEXT.partition("## One weight, from the file to the log")[2].partition("\n## ")[0]
STEPS = [tuple(each.split(":")) for each in re.findall(r"`([\w/]+\.py:[\w.]+)`", WALK)]
#: The tables of folders in the map, each by the text before it, and the folder that it lists.
FOLDERS = [
    ("The packages,", ""),
    ("The folders inside `language/`", "language"),
    ("The folders inside `manager/`", "manager"),
]


def block(language):
    return re.search(rf"^```{language}[^\n]*\n(.*?)^```$", WALK, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Every call into the package that the code of the walk makes, as a file and a qualified name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fade.loss.toml").write_text(block("toml"))
    code = compile(block("python"), "CONTRIBUTING.md", "exec")
    calls = []

    def profile(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(f"{SRC}/"):
            path = Path(frame.f_code.co_filename).relative_to(SRC).as_posix()
            calls.append((path, frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        exec(code, {})
    finally:
        sys.setprofile(before)
    return calls


def test_the_walk_names_functions_in_the_order_of_their_calls(made):
    assert len(STEPS) > 30
    assert set(STEPS) <= set(made), set(STEPS) - set(made)
    ahead = iter(made)
    early = [step for step in STEPS if step not in ahead]  # `in` moves the iterator past the step
    assert not early, "called, but not after the function that the walk names before"


@pytest.mark.parametrize(("opening", "folder"), FOLDERS)
def test_the_map_has_every_folder(opening, folder):
    table = TEXT.partition(opening)[2].partition("\n\n")[2].partition("\n\n")[0]
    drawn = set(re.findall(r"^\| `(\w+)/` ", table, re.MULTILINE))
    there = {path.name for path in (SRC / folder).iterdir() if (path / "__init__.py").exists()}
    assert drawn == there


def test_the_map_has_every_module_of_the_ground_floor():
    row = re.search(r"^\| (`errors`[^|]*) \|", TEXT, re.MULTILINE)[1]
    there = {path.stem for path in SRC.glob("*.py") if not path.stem.startswith("_")}
    assert set(re.findall(r"`(\w+)`", row)) == there


def test_every_path_in_it_exists():
    paths = re.findall(r"`((?:src|tests|docs|specs|schemas)/[\w./]+)`", TEXT)
    assert len(paths) > 10
    assert not [path for path in paths if "NAME" not in path and not (ROOT / path).exists()]
