"""From fault to place: order, duplicates, missing paths, cut messages, and replacements."""

import pytest

from lossspec.faults import MAX_PROBLEMS, Fault, Range, Span
from lossspec.language.diagnostics.diagnostic import Label
from lossspec.language.diagnostics.locate import locate
from lossspec.language.text.source import Source

SOURCE = Source("x.loss.toml", '[loses.a]\nweight = 1\n[loses.b]\ntype = "日本"\n')


def one(fault, source=SOURCE):
    (diagnostic,) = locate([fault], source)
    return diagnostic


def test_a_key_and_a_value_have_their_own_places():
    path = ("loses", "a", "weight")
    assert one(Fault("wrong-type", "m", path, "key")).span == Span(2, 1, 2, 7)
    diagnostic = one(Fault("wrong-type", "m", path, "value"))
    assert (diagnostic.span, diagnostic.line) == (Span(2, 10, 2, 11), "weight = 1")


def test_diagnostics_are_in_file_order():
    faults = [
        Fault("unknown-key", str(i), path)
        for i, path in enumerate([("loses", "b", "type"), (), ("loses", "a", "weight")])
    ]
    assert [each.message for each in locate(faults, SOURCE)] == ["1", "2", "0"]


def test_a_fault_of_two_checks_is_reported_once():
    faults = [Fault("missing-key", "m", ("loses", "a"), help=help_) for help_ in ("x", "y")]
    assert [each.help for each in locate([*faults, Fault("missing-key", "n", ("loses", "a"))], SOURCE)] == [
        "x",
        "",
    ]


def test_a_replacement_repeats_for_each_header():
    diagnostic = one(Fault("unknown-key", "m", ("loses",), "key", replacement="losses", certain=True))
    assert (diagnostic.span, diagnostic.repeats) == (Span(1, 2, 1, 7), (Span(3, 2, 3, 7),))
    assert diagnostic.certain


def test_a_missing_path_loses_its_replacement():
    diagnostic = one(Fault("unknown-key", "m", ("loses", "a", "inputs"), "key", "h", "new", certain=True))
    assert (diagnostic.span, diagnostic.replacement, diagnostic.certain) == (Span(1, 8, 1, 9), None, False)


def test_labels_have_their_lines():
    fault = Fault("duplicate-key", "m", ("loses", "b"), "key", related=((("loses", "a", "weight"), "here"),))
    assert one(fault).labels == (Label("x.loss.toml", Span(2, 1, 2, 7), "here", "weight = 1"),)


def test_columns_count_characters():
    start = SOURCE.text.index("日")
    assert one(Fault("syntax", "m", Range(start, start + 2))).span == Span(4, 9, 4, 11)


def test_the_severity_is_that_of_the_code():
    assert one(Fault("unknown-key", "m", ())).severity == "error"
    assert one(Fault("missing-extra", "m", ())).severity == "warning"


def test_an_unknown_code_is_a_bug():
    with pytest.raises(KeyError, match="no-such-code"):
        one(Fault("no-such-code", "m", ()))


def test_a_huge_message_is_cut():
    assert len(one(Fault("wrong-type", "x" * 10_000, (), help="y" * 10_000)).message) == 500


def test_faults_are_taken_lazily_up_to_the_limit():
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield Fault("unknown-key", str(len(taken)), ())

    diagnostics = locate(endless(), SOURCE)
    assert len(taken) == MAX_PROBLEMS + 1
    assert [each.code for each in diagnostics[-2:]] == ["unknown-key", "too-many-problems"]
    assert diagnostics[-1].message == "more than 500 problems: the rest is not shown"


def test_an_empty_source_has_a_place():
    diagnostic = one(Fault("missing-key", "m", ("format",), "key"), Source("x", ""))
    assert (diagnostic.span, diagnostic.line) == (Span(1, 1, 1, 1), "")
