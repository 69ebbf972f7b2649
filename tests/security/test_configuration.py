"""Catalogues and tables of pyproject of any wrong shape: a message, never an error of Python."""

import pytest
import tomli_w
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.parts.catalogues import CATALOG
from tests.fuzz.parts.projects import PROJECT
from tests.mutation import changed, places

from lossspec.cli.validate import validate_command
from lossspec.errors import LossSpecError
from lossspec.language.documents.project import project

VALUES = st.recursive(
    st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text("a${}\x1b.", max_size=4),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text("atype", max_size=4), each, max_size=2),
    max_leaves=4,
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.loss.toml").write_text("format = 1\nlosses = {}\n")
    (tmp_path / "mylosses" / "catalog").mkdir(parents=True)
    return tmp_path


def use(file, text, *arguments):
    """Write a file, validate, and return what is said."""
    file.write_text(text, encoding="utf-8")
    project.cache_clear()
    found = CliRunner().invoke(validate_command, arguments)
    if found.exception and not isinstance(found.exception, LossSpecError | SystemExit):
        raise found.exception
    return f"{found.output}{found.exception}"


def test_a_member_of_another_shape(here):
    @given(st.data())
    def try_(data):
        for name, document, argument in (
            ("mylosses/catalog/mylosses.toml", CATALOG, "mylosses/catalog/mylosses.toml"),
            ("pyproject.toml", PROJECT, "."),
        ):
            at = data.draw(st.sampled_from([each for each in places(document) if each]), label="member")
            wrong = changed(document, at, data.draw(VALUES, label="value"))
            use(here / name, tomli_w.dumps(wrong), argument)
            (here / name).unlink()

    try_()


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000, "a = " + "{b = " * 3000, "a = \x00", "\ufeff[[[", "= 1"]
)
def test_a_file_that_is_no_toml(here, text):
    assert "pyproject.toml" in use(here / "pyproject.toml", text, ".")
    (here / "pyproject.toml").unlink()
    catalog = "mylosses/catalog/mylosses.toml"
    assert "mylosses.toml" in use(here / catalog, text, catalog)


def test_a_table_that_is_none_is_named(here):
    text = "[tool]\nlossspec = 1\n"
    assert "`tool.lossspec` must be a table" in use(here / "pyproject.toml", text, ".")
