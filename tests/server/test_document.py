"""The state of an open spec: what is left of broken text, and what its project ignores."""

import pytest

from lossspec.language.documents.project import project
from lossspec.server.state.document import Document

MISSING = 'format = 1\nlosses.a = { type = "monai.DiceLoss", inputs = ["x", "y"] }\n'


@pytest.fixture
def warned(tmp_path, monkeypatch):
    """Return the codes of a spec of an absent library, in a project with these settings."""
    monkeypatch.setattr("lossspec.registry.code.find_spec", lambda name: None if name == "monai" else True)

    def codes(settings, text=MISSING):
        project.cache_clear()
        (tmp_path / "pyproject.toml").write_text(settings)
        return [each.code for each in Document.of(text, tmp_path / "my.loss.toml").diagnostics]

    yield codes
    project.cache_clear()


def test_a_warning_that_the_project_ignores_is_left_out(warned):
    assert warned("") == ["missing-extra"]
    assert warned('[tool.lossspec]\nignore = ["missing-extra"]') == []


def test_an_error_is_never_ignored(warned):
    both = MISSING.replace("inputs", "imputs")
    assert "unknown-key" in warned('[tool.lossspec]\nignore = ["missing-extra"]', both)


def test_settings_with_a_mistake_ignore_nothing(warned):
    assert warned("[tool.lossspec]\nignore = 1") == ["missing-extra"]
    assert warned("[tool.lossspec\n") == ["missing-extra"]


def test_a_broken_statement_is_left_out_of_the_table():
    document = Document.of("format = 1\nparams.a = \nparams.b = 2\n")
    assert document.table == {"format": 1, "params": {"b": 2}}


def test_unreadable_text_keeps_the_last_table():
    before = Document.of("params.a = 1\n")
    assert Document.of("{", before=before).table == {"params": {"a": 1}}


def test_text_past_a_limit_has_no_table_and_no_places():
    document = Document.of("a = " + "[" * 100)
    assert (document.table, document.tables.key(("a",))) == ({}, None)
    assert [each.code for each in document.diagnostics] == ["too-deep"]


def test_a_variant_inherits_from_the_spec():
    document = Document.of('losses.a.type = "torch.L1Loss"\nvariants.v.losses.a.weight = 2\n')
    assert document.type_of(("variants", "v", "losses", "a")) == "torch.L1Loss"
    assert document.value(("variants", "v", "losses", "a", "weight")) == 2
