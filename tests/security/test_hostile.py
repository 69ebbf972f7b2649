"""Hostile specs are only data: each is validated, resolved and built under watch, and gets a diagnostic.

The promise: no code runs that the user did not install, no file outside the search path is opened, nothing is
written, and no connection is made.
"""

import importlib
import importlib.util
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lossspec
from lossspec.errors import LossSpecError
from lossspec.language.diagnostics.render import render_concise, render_full
from lossspec.registry import libraries

CORPUS = tomllib.loads(Path(__file__).with_name("corpus.toml").read_text(encoding="utf-8"))

#: Texts that are too large for the corpus, and the code of the problem with each.
LARGE = {
    "more bytes than a spec has": ("#" + "x" * 300_000, "too-large"),
    "a key of 20,000 parts": ("a." * 20_000 + "b = 1", "too-many-key-parts"),
    "arrays 100,000 deep": ("a = " + "[" * 100_000, "too-deep"),
    "tables 5,000 deep": ("a = " + "{ b = " * 5_000, "too-deep"),
    "headers 100 deep": ("[" + ".".join("a" * 100) + "]", "too-many-key-parts"),
    "a number of 100,000 digits": (f"params.n = {'9' * 100_000}", None),
    "a weight of 200,000 digits": (
        f'losses.a = {{ type = "torch.L1Loss", inputs = ["x", "y"], weight = {"9" * 200_000} }}',
        None,
    ),
    "2,000 losses": ("".join(f"[losses.l{n}]\nweight = 1.0\n" for n in range(2_000)), "too-many-losses"),
    "a name of 100,000 letters": (f"[losses.{'a' * 100_000}]\n", None),
    "a type of 100,000 letters": (
        f'losses.a = {{ type = "torch.{"a" * 100_000}", inputs = ["x"] }}',
        "unknown-type",
    ),
    "a reference of 100,000 letters": (f'extends = "{"a" * 100_000}"', None),
    "20,000 variants of one": (f'extends = "pix2pix{"+vgg" * 20_000}"', None),
    "an expression of 100,000 letters": (
        f'losses.a = {{ type = "torch.L1Loss", inputs = ["x", "y"], weight = "${{n}}{" * 2" * 30_000}" }}',
        "bad-expression",
    ),
    "50,000 selectors": (
        f'losses.a = {{ type = "torch.L1Loss", inputs = ["x{"[0]" * 50_000}", "y"] }}',
        "bad-selector",
    ),
    "a selector of 200,000 digits": (
        f'losses.a = {{ type = "torch.L1Loss", inputs = ["x[{"9" * 200_000}]", "y"] }}',
        "bad-selector",
    ),
    "a key of 100,000 underscores": (
        f'losses.a = {{ type = "torch.L1Loss", inputs = ["x.a{"_" * 100_000}", "y"] }}',
        "bad-selector",
    ),
    "100,000 open brackets in a reference": (
        f'losses.a = {{ type = "torch.L1Loss", inputs = ["x{"[" * 100_000}", "y"] }}',
        "bad-selector",
    ),
    "5,000 inputs": (
        'losses.a = { type = "torch.L1Loss", inputs = [' + ", ".join(f'"i{n}"' for n in range(5_000)) + "] }",
        None,
    ),
    "a pattern that backtracks": (
        'losses.a = { type = "lossspec.VGGPerceptualLoss", inputs = ["x", "y"], args = { layers = ["'
        + "conv1" * 20_000
        + '"] } }',
        "unknown-value",
    ),
}


def head(text):
    return "format = 1\n" + text


def attempt(path):
    """Validate, resolve and build; return the codes of the errors that validation found."""
    found = lossspec.validate(path)
    with pytest.raises(LossSpecError):
        lossspec.build(lossspec.load(path))
    return [each.code for each in found if each.severity == "error"]


@pytest.fixture
def victim(watched, tmp_path):
    """A file that the spec must not read; beside the spec, code and a link out of its folder."""
    secret = tmp_path / "outside" / "secret.loss.toml"
    secret.parent.mkdir()
    secret.write_text('format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["a", "b"] }\n')
    (watched.folder / "linked.loss.toml").symlink_to(secret)
    (watched.folder / "loop.loss.toml").write_text('format = 1\nextends = "hostile"\n')
    (watched.folder / "payload.py").write_text("raise SystemExit('code of the spec ran')\n")
    (watched.folder / "plain.loss.toml").write_text('format = 1\nlosses.a = { type = "torch.L1Loss" }\n')
    attempt(watched.folder / "plain.loss.toml")  # imports what every spec needs
    libraries()  # reads which packages are installed,
    importlib.util.find_spec("nowhere_to_be_found")  # and fills the import caches, cleared by a new folder
    return secret


def test_the_corpus_is_large_enough():
    assert len(CORPUS) + len(LARGE) >= 40


@pytest.mark.parametrize("case", CORPUS)
def test_a_hostile_spec_is_refused_and_does_nothing(case, watched, victim):
    path = watched.folder / "hostile.loss.toml"
    text = CORPUS[case]["text"].replace("@SECRET@", str(victim)).replace("@BEL@", "\a")
    path.write_text(head(text), encoding="utf-8")
    with watched() as done:
        codes = attempt(path)
    assert done == []
    assert CORPUS[case]["code"] in codes


@pytest.mark.slow
@pytest.mark.parametrize("case", LARGE)
def test_a_huge_spec_is_refused_at_once(case, watched, victim, calls):
    text, code = LARGE[case]
    path = watched.folder / "hostile.loss.toml"
    path.write_text(head(text), encoding="utf-8")
    codes = []
    with watched() as done:
        cost = calls(lambda: codes.extend(attempt(path)))
    assert done == []
    assert cost < 3_000_000  # a fraction of a second
    assert codes
    assert code is None or code in codes


@pytest.mark.parametrize(
    ("case", "text"),
    [(case, CORPUS[case]["text"]) for case in CORPUS] + [(case, text) for case, (text, _) in LARGE.items()],
)
def test_messages_are_short_without_control_characters(case, text):
    for each in lossspec.validate(head(text.replace("@BEL@", "\a").replace("@SECRET@", "/secret"))):
        printed = render_full(each) + render_concise(each)
        assert len(printed) < 2_000
        assert printed.replace("\n", "").isprintable()


SHADOW = (
    'library = "torch"\n[types.L1Loss]\nsummary = "Not torch\'s."\ntarget = "torch:load"\ninputs.f = "any"\n'
)


def test_a_plugin_cannot_replace_a_library(watched, victim, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "evil" / "catalog").mkdir(parents=True)
    (tmp_path / "evil" / "__init__.py").write_text("raise SystemExit('the plug-in ran')\n")
    (tmp_path / "evil" / "catalog" / "torch.toml").write_text(SHADOW)
    info = tmp_path / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lossspec.catalogs]\ntorch = evil\n")
    path = watched.folder / "honest.loss.toml"
    path.write_text('format = 1\nlosses.a = { type = "torch.L1Loss", inputs = ["x", "y"] }\n')
    loss = lossspec.build(lossspec.load(path))["a"]
    assert type(loss.function).__name__ == "L1Loss"
    assert [each.severity for each in lossspec.validate(path)] in ([], ["warning"])
    path.write_text('format = 1\nlosses.a = { type = "torch.Evil", inputs = ["x", "y"] }\n')
    assert attempt(path)
    assert "has two owners, `lossspec` and `evil`" in lossspec.validate(path)[0].message
    assert "evil" not in sys.modules


def test_the_watch_sees_every_forbidden_action(watched, victim, tmp_path):
    """Each of these is an action that a hostile spec would cause."""

    def connect():
        with socket.socket() as connection, pytest.raises(OSError, match=r"refused|denied|unreachable"):
            connection.connect(("127.0.0.1", 9))

    deeds = [
        connect,
        lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        victim.read_text,
        lambda: (watched.folder / "new.txt").write_text("x"),
        lambda: list(tmp_path.iterdir()),
        lambda: exec(compile("1", "<payload>", "exec")),
        lambda: importlib.import_module("this"),
    ]
    for deed in deeds:
        with watched() as done:
            deed()
        assert done, deed
