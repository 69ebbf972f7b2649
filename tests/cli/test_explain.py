"""``lossspec explain``: every code has an explanation."""

import pytest
from click.testing import CliRunner

from lossspec.cli.explain import explain_command
from lossspec.language.diagnostics.codes import codes


def run(command, *arguments):
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("code", codes().values(), ids=lambda code: code.name)
def test_a_code_is_explained(code):
    status, output, errors = run(explain_command, code.name)
    assert (status, errors) == (0, "")
    words = " ".join(output.split())
    assert output.startswith(f"{code.severity}[{code.name}]: {code.title}\n")
    assert " ".join(code.what.split()) in words
    assert " ".join(code.why.split()) in words
    assert ("Instead:" in output) == bool(code.fix)
    assert output.endswith(f"{code.url}\n")


def test_without_a_code_all_are_listed():
    _, output, _ = run(explain_command)
    assert [line.split()[0] for line in output.splitlines()] == list(codes())


def test_a_misspelt_code_names_the_nearest():
    status, output, errors = run(explain_command, "unknwon-key")
    assert (status, output) == (2, "")
    assert "unknown code `unknwon-key`: a code with a similar name exists: `unknown-key`" in errors
