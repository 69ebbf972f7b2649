"""The fuzzer: inputs that were faults, new ones of each part, and what it keeps of what breaks."""

import os
import random

import pytest
from tests.fuzz import faults, inputs, runner
from tests.fuzz.smaller import smaller

CASES = sorted(path for path in runner.CASES.glob("*/*") if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_what_was_a_fault_is_none(case, tmp_path):
    faults.check(case.parent.name, inputs.read(case), tmp_path)


def test_there_are_cases():
    assert len(CASES) > 5
    assert {case.parent.name for case in CASES} <= set(runner.PARTS)


@pytest.mark.slow
@pytest.mark.parametrize("part", runner.PARTS)
def test_new_inputs_of_each_part(part, tmp_path):
    for number in range(3):
        faults.check(part, faults.part(part).make(random.Random(number)), tmp_path)


@pytest.mark.parametrize("part", runner.PARTS)
def test_a_seed_gives_the_same_input_again(part):
    one, other, third = (faults.part(part).make(random.Random(seed)) for seed in (1, 1, 2))
    assert one == other != third


#: A part that breaks on the letter in the file beside it: it raises, hangs, or ends the process.
BROKEN = """
import os
from pathlib import Path

LETTER = Path(__file__).with_name("letter").read_text()

def make(chance):
    return {"text": "\\n".join(chance.choices("acdefgh" + LETTER, k=40)).encode(), "other": b"x"}

def check(folder):
    text = (folder / "text").read_text()
    assert "R" not in text, "there is an R"
    while "H" in text:
        pass
    if "E" in text:
        os._exit(3)
"""


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Fuzz a part that breaks on a letter; return its row and the run."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "part.py").write_text(BROKEN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))

    def fuzz(letter):
        (folder / "letter").write_text(letter)
        run = runner.Run("1", tmp_path / "kept", tmp_path / "cases", patience=0.5)
        return run.one("broken.part", 0.3), run

    return fuzz


@pytest.mark.slow
@pytest.mark.parametrize(
    ("letter", "said"), [("R", "AssertionError: there is an R"), ("H", "Timeout"), ("E", "exit code 3")]
)
def test_a_fault_is_kept_and_becomes_a_case_once_fixed(letter, said, broken, tmp_path, capsys):
    row, run = broken(letter)
    assert row.faults >= 1
    folders = [path for path in (tmp_path / "kept/broken.part").iterdir() if path.is_dir()]
    for path in folders:
        assert letter in (path / "text").read_text()
        told = path.with_name(f"{path.name}.txt").read_text()
        assert said in told
        assert f"python -m tests.fuzz --repeat broken.part/{path.name}" in told
        assert run.fault("broken.part", path)
    if letter == "R":  # one of a kind is kept, as small as it can be
        [path] = folders
        assert inputs.read(path) == {"text": b"R"}
        assert row.inputs > 0
    (tmp_path / "broken/letter").write_text("-")
    (tmp_path / "broken/part.py").write_text(BROKEN.replace("in text", "in text[:0]"))
    assert run.again("broken.part") == 0
    assert "is fixed: commit it" in capsys.readouterr().out
    cases = [*(tmp_path / "cases/broken.part").iterdir()]
    assert {path.name for path in cases} == {path.name for path in folders}
    assert [*(tmp_path / "kept/broken.part").iterdir()] == []


def test_what_is_right_has_no_fault(broken, tmp_path):
    row, _ = broken("-")
    assert (row.faults, (tmp_path / "kept").exists()) == (0, False)
    assert row.inputs > 0
    assert "broken.part" in runner.table([row])


def test_the_smallest_input_of_a_fault_is_found():
    files = {"a": b"x y z\n1,2,3\n" * 20 + b"need this, and this", "b": b"q"}
    found = smaller(files, lambda each: b"need" in each.get("a", b"") and b"and" in each["a"])
    assert found == {"a": b"need and"}
    asked = []
    assert smaller(files, asked.append, tries=7) == files
    assert len(asked) == 7
