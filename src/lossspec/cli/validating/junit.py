"""Results as JUnit XML, which CI services show as tests: each spec is a suite, each problem a failure.

It follows the schema of Jenkins, which GitLab and others read too:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from lossspec.clean import xml as clean_xml
from lossspec.language.diagnostics.render import render_concise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lossspec.cli.validating.checking import Checked
    from lossspec.language.diagnostics.diagnostic import Diagnostic


def junit(checked: Sequence[Checked]) -> str:
    """Return the results as XML; a spec without problems is one test that passes."""
    count = sum(len(each.problems) for each in checked)
    tests = sum(max(len(each.problems), 1) for each in checked)
    root = ET.Element("testsuites", name="lossspec", tests=str(tests), failures=str(count), errors="0")
    for each in checked:
        suite = ET.SubElement(root, "testsuite", {"name": clean_xml(each.name), **_counts(each)})
        for problem in each.problems:
            _add_failure(suite, each, problem)
        if not each.problems:
            ET.SubElement(suite, "testcase", name="no problems", classname=clean_xml(each.name))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _counts(checked: Checked) -> dict[str, str]:
    count = len(checked.problems)
    return {"tests": str(max(count, 1)), "failures": str(count), "errors": "0"}


def _add_failure(suite: ET.Element, checked: Checked, problem: Diagnostic) -> None:
    place = f":{problem.span.line}:{problem.span.column}" if problem.span else ""
    case = ET.SubElement(suite, "testcase", name=f"{problem.code}{place}", classname=clean_xml(checked.name))
    failure = ET.SubElement(case, "failure", type=problem.code, message=clean_xml(problem.message))
    failure.text = clean_xml("\n".join(filter(None, (render_concise(problem), problem.help))))
