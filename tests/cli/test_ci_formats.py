"""The formats of GitLab and JUnit, by the rules of those who read them, for every file of the corpus."""

import json
import re
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner
from lxml import etree

from lossspec.cli import commands
from lossspec.cli.validating.checking import Checked, check
from lossspec.cli.validating.gitlab import gitlab
from lossspec.cli.validating.junit import junit
from lossspec.cli.validating.targets import Target
from lossspec.faults import Span
from lossspec.language.diagnostics.diagnostic import Diagnostic
from lossspec.language.text.reference import Reference

CORPUS = sorted((Path(__file__).parents[1] / "invalid").glob("*.loss.toml"))
#: Of the xUnit plug-in of Jenkins, at 8c515de2804b.
SCHEMA = etree.XMLSchema(file=Path(__file__).parent / "data" / "junit-10.xsd")
PROBLEM = Diagnostic(
    "unknown-key", "error", "unknown key `a`", "my specs/日.loss.toml", Span(3, 2, 3, 3), "remove it"
)


def target(name):
    return Target(Reference(str(name)), Path(name))


def checked(name, *problems):
    return Checked(target(name), problems)


def parsed(*results):
    tree = etree.fromstring(junit(results).encode())
    SCHEMA.assertValid(tree)
    return tree


def test_junit_of_the_corpus_is_valid(monkeypatch):
    monkeypatch.chdir(CORPUS[0].parent)
    results = [checked(path.name, *check(target(path.name))) for path in CORPUS]
    tree = parsed(*results)
    assert [len(suite.findall("testcase/failure")) for suite in tree] == [
        len(each.problems) for each in results
    ]
    assert int(tree.get("failures")) == sum(len(each.problems) for each in results) > 100
    assert tree.xpath("sum(testsuite/@tests)") == int(tree.get("tests")) == len(tree.xpath("//testcase"))


def test_junit_of_a_spec_with_a_problem_and_one_without():
    tree = parsed(checked("bad.loss.toml", PROBLEM), checked("good.loss.toml"))
    bad, good = tree
    assert dict(bad.attrib) == {"name": "bad.loss.toml", "tests": "1", "failures": "1", "errors": "0"}
    [failure] = bad.xpath("testcase[@name='unknown-key:3:2'][@classname='bad.loss.toml']/failure")
    assert dict(failure.attrib) == {"type": "unknown-key", "message": "unknown key `a`"}
    assert failure.text == "my specs/日.loss.toml:3:2: error[unknown-key]: unknown key `a`\nremove it"
    assert (good.get("tests"), good.get("failures")) == ("1", "0")
    assert good.xpath("testcase[not(*)]/@name") == ["no problems"]


def test_junit_takes_characters_that_xml_does_not():
    tree = parsed(checked("a.loss.toml", evolve(PROBLEM, message="<b> & \0\x1b\ufffe ]]>", help="\ud800")))
    [failure] = tree.xpath("//failure")
    assert failure.get("message") == "<b> & \\u0000\\u001b\\ufffe ]]>"
    assert failure.text.endswith("\n\\ud800")


def test_gitlab_of_the_corpus_has_what_it_reads(monkeypatch):
    monkeypatch.chdir(CORPUS[0].parent)
    problems = list(dict.fromkeys(each for path in CORPUS for each in check(target(path.name))))
    rows = json.loads(gitlab(problems))
    assert len(rows) == len(problems) > 100
    for row in rows:
        assert set(row) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert row["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert re.fullmatch("[0-9a-f]{64}", row["fingerprint"])
        assert not row["location"]["path"].startswith(("/", "./"))
        assert row["location"]["lines"]["begin"] >= 1
    assert len({row["fingerprint"] for row in rows}) == len(rows)  # it shows one problem a fingerprint


def test_gitlab_knows_a_problem_that_moves():
    def prints(*problems):
        return [row["fingerprint"] for row in json.loads(gitlab(problems))]

    moved, other = evolve(PROBLEM, span=Span(9, 1, 9, 2)), evolve(PROBLEM, source="other.loss.toml")
    [first] = prints(PROBLEM)
    assert prints(moved) == [first]
    assert first not in prints(other)
    assert prints(PROBLEM, moved)[0] == first != prints(PROBLEM, moved)[1]


def test_gitlab_paths_are_those_of_the_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for source in ("./specs/a.loss.toml", str(tmp_path / "specs" / "a.loss.toml"), "x/../specs/a.loss.toml"):
        [row] = json.loads(gitlab([evolve(PROBLEM, source=source)]))
        assert row["location"] == {"path": "specs/a.loss.toml", "lines": {"begin": 3}}


def test_gitlab_without_a_place_and_as_a_warning():
    [row] = json.loads(gitlab([evolve(PROBLEM, span=None, severity="warning", help="")]))
    assert (row["location"]["lines"]["begin"], row["severity"]) == (1, "minor")
    assert row["description"] == "unknown key `a`"


@pytest.mark.parametrize(("form", "nothing"), [("gitlab", "[]\n"), ("junit", 'failures="0"')])
def test_the_command_writes_them(tmp_path, monkeypatch, form, nothing):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.loss.toml").write_text(
        'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["x", "y"] }'
    )
    result = CliRunner().invoke(commands, ["validate", "--format", form])
    assert (result.exit_code, nothing in result.stdout) == (0, True)
