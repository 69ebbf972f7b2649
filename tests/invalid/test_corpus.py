"""The corpus of invalid specs: ``NAME.expected`` has the output of ``validate`` for ``NAME.loss.toml``.

After an intended change, ``python tests/invalid/test_corpus.py`` writes the expected files again: read the
difference. The tests below make the specs that are too large for a file.
"""

import os
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner

import lossspec
from lossspec.cli.validate import validate_command
from lossspec.language.checks import terms
from lossspec.language.diagnostics.codes import codes
from lossspec.language.diagnostics.fix import apply_fixes
from lossspec.language.documents.read import read_source
from lossspec.language.load import validate_source
from lossspec.language.text.limits import MAX_BYTES

HERE = Path(__file__).parent
VALID = {"base"}
NAMES = sorted(path.name.removesuffix(".loss.toml") for path in HERE.glob("*.loss.toml"))
LOSS = 'type = "torch.L1Loss", inputs = ["y_hat", "y"]'


def output_of(*arguments):
    result = CliRunner().invoke(validate_command, arguments, catch_exceptions=False)
    return result.stdout, result.exit_code


@pytest.fixture
def here(monkeypatch):
    monkeypatch.chdir(HERE)
    monkeypatch.delenv("LOSSSPEC_PATH", raising=False)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", NAMES)
def test_expected_output(name):
    expected = "" if name in VALID else (HERE / f"{name}.expected").read_text("utf-8")
    assert output_of(f"{name}.loss.toml") == (expected, 0 if name in VALID else 1)


@pytest.mark.parametrize("name", sorted(set(NAMES) - VALID))
def test_problems_are_unique_and_in_file_order(name):
    blocks = (HERE / f"{name}.expected").read_text("utf-8").split("\n\n")
    assert len(blocks) == len(set(blocks))
    places = [block.splitlines()[1].split("--> ")[1] for block in blocks]
    own = [tuple(map(int, each.split(":")[1:])) for each in places if each.startswith(f"{name}.loss.toml:")]
    assert own == sorted(own)


def test_each_expectation_has_a_spec():
    assert {path.stem for path in HERE.glob("*.expected")} == set(NAMES) - VALID


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", sorted(set(NAMES) - VALID - {"not_utf_8", "utf_16"}))
def test_each_replacement_fixes_its_problem(name):
    source = read_source(f"{name}.loss.toml")
    for each in validate_source(source, name):
        if each.replacement is None or each.source != source.name:
            continue
        text, [*edits] = apply_fixes(source, [evolve(each, certain=True)])
        left = validate_source(evolve(source, text=text), name)
        assert edits
        assert (each.code, each.message, each.span) not in [(it.code, it.message, it.span) for it in left]


def one(*losses, **more):
    """Return the text of a spec of some losses."""
    lines = ["format = 1", *(f"losses.{name} = {{ {LOSS} }}" for name in losses)]
    return "\n".join([*lines, *more.values()])


def unreadable(folder):
    (folder / "x.loss.toml").symlink_to("nowhere.loss.toml")
    return "."


def too_large(folder):
    return "#" * (MAX_BYTES + 1)


def too_many_losses(folder):
    return one(*(f"l{i}" for i in range(1001)))


def too_many_problems(folder):
    return one("l1", more="\n".join(f"unknown_{i} = 1" for i in range(501)))


def too_many_variants(folder):
    return one("l1", variants="\n".join(f"variants.v{i}.losses.l1.weight = 2.0" for i in range(501)))


def too_many_extends(folder):
    for i in range(17):
        (folder / f"spec_{i}.loss.toml").write_text(f'format = 1\nextends = "spec_{i + 1}"\n')
    (folder / "spec_17.loss.toml").write_text(one("l1"))
    return 'format = 1\nextends = "spec_0"\n'


def variant_conflict(folder):
    (folder / "x.loss.toml").write_text(
        one("l1", a="variants.a.losses.l1.weight = 2.0", b="variants.b.losses.l1.weight = 3.0")
    )
    return "x.loss.toml+b+a"


def missing_extra(folder):
    return one("l1")


def custom_schedule(folder):
    @lossspec.register_schedule("corpus.refusing")
    class _Refusing:
        def __init__(self, slope: float) -> None:
            raise ValueError("the slope is too steep")

        def __call__(self, t: float) -> float:
            raise NotImplementedError

    return one(
        "l1",
        weight='losses.l2 = { type = "torch.MSELoss", inputs = ["y_hat", "y"], '
        'weight = { type = "corpus.refusing", unit = "epoch", slope = 9.0 } }',
    )


def balance(folder):
    @lossspec.register_loss("corpus.Balance")
    class _Balance:
        def forward(self, raw: object, weights: object) -> object:
            raise NotImplementedError

    return one(
        "l1",
        "l2",
        balance='objectives.total.balance = { type = "corpus.Balance", losses = ["l1", "l1", "L2"] }',
    )


MADE = {
    unreadable: ["x.loss.toml: error[unreadable]: the file cannot be read: no such file or directory"],
    too_large: ["x.loss.toml:1:1: error[too-large]: the file is larger than 256 KiB"],
    too_many_losses: ["x.loss.toml:1002:8: error[too-many-losses]: a spec can have at most 1,000 losses, got 1,001"],
    too_many_extends: ["spec_15.loss.toml:2:11: error[too-many-extends]: a chain of `extends` can be at most 16 long"],
    too_many_variants: ["x.loss.toml:503:10: error[too-many-variants]"],
    variant_conflict: [
        "x.loss.toml:4:10: error[variant-conflict]: variants `a` and `b` conflict",
    ],
    missing_extra: ["x.loss.toml:2:22: warning[missing-extra]: not here"],
    custom_schedule: [
        "x.loss.toml:3:73: error[custom-schedule]: in `losses.l2.weight`, schedule `corpus.refusing` refused",
    ],
    balance: [
        "x.loss.toml:4:71: error[duplicate-value]: loss `l1` is listed twice",
        "x.loss.toml:4:77: error[unknown-loss]: objective `total` has no loss `L2`",
    ],
    too_many_problems: [
        "x.loss.toml:502:1: error[unknown-key]: unknown key `unknown_499`",
        "x.loss.toml: error[too-many-problems]: more than 500 problems: the rest is not shown",
    ],
}


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_problems_of_generated_specs(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if make is missing_extra:
        monkeypatch.setattr(terms, "missing_library", lambda _: "not here: pip install it")
    made = make(tmp_path)
    if "\n" in made or "#" in made:
        (tmp_path / "x.loss.toml").write_text(made)
        made = "x.loss.toml"
    output, code = output_of("--format", "concise", made)
    lines = output.splitlines()[-len(MADE[make]) :]
    assert [line[: len(start)] for line, start in zip(lines, MADE[make], strict=True)] == MADE[make]
    assert code == 1


def test_every_code_is_shown():
    texts = [path.read_text("utf-8") for path in HERE.glob("*.expected")] + [
        each for some in MADE.values() for each in some
    ]
    assert len(texts) >= 60
    assert [code for code in codes() if not any(f"[{code}]" in text for text in texts)] == []


if __name__ == "__main__":
    os.chdir(HERE)
    for each in sorted(set(NAMES) - VALID):
        (HERE / f"{each}.expected").write_text(output_of(f"{each}.loss.toml")[0], "utf-8")
