"""SARIF output: every problem of the corpus gives a valid log, and one result is compared in full."""

import json
import os
from pathlib import Path

import jsonschema
import pytest

from lossspec.cli.validating.sarif import sarif
from lossspec.faults import Span
from lossspec.language.diagnostics.diagnostic import Diagnostic, Label
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.read import read_source
from lossspec.language.load import validate_source

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0-part.schema.json").read_text("utf-8"))
CORPUS = sorted((Path(__file__).parents[1] / "invalid").glob("*.loss.toml"))
PROBLEM = Diagnostic(
    "unknown-key",
    "error",
    "unknown key `loses`",
    "my specs/日.loss.toml",
    Span(3, 2, 3, 7),
    "write `losses`",
    "[loses.a]",
    "losses",
    certain=True,
    repeats=(Span(9, 2, 9, 7),),
    labels=(Label("other.loss.toml", Span(1, 1, 2, 4), "here"),),
)


def region(line, start, end, end_line=None):
    return {"startLine": line, "startColumn": start, "endLine": end_line or line, "endColumn": end}


def test_one_result():
    log = json.loads(sarif([PROBLEM]))
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["helpUri"]) == (
        "unknown-key",
        "https://lossspec.readthedocs.io/en/latest/errors/unknown-key/",
    )
    place = {"uri": "my%20specs/%E6%97%A5.loss.toml"}
    assert run["results"] == [
        {
            "ruleId": "unknown-key",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "unknown key `loses`\nwrite `losses`"},
            "locations": [{"physicalLocation": {"artifactLocation": place, "region": region(3, 2, 7)}}],
            "relatedLocations": [
                {
                    "id": 0,
                    "physicalLocation": {
                        "artifactLocation": {"uri": "other.loss.toml"},
                        "region": region(1, 1, 4, end_line=2),
                    },
                    "message": {"text": "here"},
                }
            ],
            "fixes": [
                {
                    "description": {"text": "write `losses`"},
                    "artifactChanges": [
                        {
                            "artifactLocation": place,
                            "replacements": [
                                {"deletedRegion": region(3, 2, 7), "insertedContent": {"text": "losses"}},
                                {"deletedRegion": region(9, 2, 7), "insertedContent": {"text": "losses"}},
                            ],
                        }
                    ],
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("source", "uri"),
    [
        ("/a b/x.loss.toml", "file:///a%20b/x.loss.toml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("package.module:function", "package.module%3Afunction"),
        (os.fsdecode(b"\xff.loss.toml"), "%FF.loss.toml"),
    ],
)
def test_a_source_of_any_kind_is_a_uri(source, uri):
    log = json.loads(sarif([Diagnostic("unreadable", "error", "m", source)]))
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    (location,) = log["runs"][0]["results"][0]["locations"]
    assert location == {"physicalLocation": {"artifactLocation": {"uri": uri}}}


def test_each_rule_is_there_once_and_results_point_at_theirs():
    wanted = ["too-deep", "syntax", "too-deep"]
    problems = [Diagnostic(code, "error", str(i), "x") for i, code in enumerate(wanted)]
    (run,) = json.loads(sarif(problems))["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["syntax", "too-deep"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == wanted


def test_nothing_wrong_is_a_run_without_results():
    log = json.loads(sarif([]))
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    assert log["runs"][0]["results"] == []


def test_all_the_problems_of_the_corpus_are_valid():
    problems = []
    for path in CORPUS:
        try:
            problems += validate_source(read_source(path))
        except SpecError as error:
            problems += error.diagnostics
    assert len(problems) > 150
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(sarif(problems)))
