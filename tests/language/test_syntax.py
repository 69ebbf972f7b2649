"""Syntax errors: their places, messages and replacements, and no false alarm about valid TOML."""

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.fix import apply_fixes
from lossspec.language.documents.read import parse, text_source
from lossspec.language.text.reading import Reading
from lossspec.language.text.syntax_faults import fault_of_the_parser


def faults(text):
    try:
        tomli.loads(text)
    except ValueError as error:
        return Reading(text).faults or [fault_of_the_parser(text, error)]
    raise AssertionError("TOML accepts it")


# Each text marks what is at fault between the signs « and »; an empty mark is a place.
ONE = {
    # values
    "no value": ("a «=»\nb = 1", "missing-value", None),
    "no value before a comment": ("a «=» # later", "missing-value", None),
    "no value in a table": ("a = { b «=», c = 1 }", "missing-value", None),
    "no equals sign": ("«a»\nb = 1", "missing-value", None),
    "no equals sign, dotted": ("«a.b» # x", "missing-value", None),
    "a word": ("a = «mean»", "unquoted-string", '"mean"'),
    "a word with a dot": ("a = «torch.L1Loss» # x", "unquoted-string", '"torch.L1Loss"'),
    "words": ("a = «one or two» ", "unquoted-string", '"one or two"'),
    "a word in an array": ('a = ["x", «y fake», "z"]', "unquoted-string", '"y fake"'),
    "a word in a table": ("a = { b = «x y», c = 1 }", "unquoted-string", '"x y"'),
    "a word with a backslash": (r"a = «C:\x»", "unquoted-string", r'"C:\\x"'),
    "a reference": ("a = «${lambda_l1}»", "unquoted-string", '"${lambda_l1}"'),
    "a product": ("a = [«${a * b}»]", "unquoted-string", '"${a * b}"'),
    "typographic quotes": ("a = «“torch.L1Loss”»", "unquoted-string", '"torch.L1Loss"'),
    "backticks": ("a = «`x`»", "unquoted-string", '"x"'),
    "True": ("a = «True»", "bad-value", "true"),
    "FALSE": ("a = [«FALSE»]", "bad-value", "false"),
    "NaN": ("a = «NaN»", "bad-value", None),
    "a call": ("a = «dict(b=1)» # c", "bad-value", None),
    "a text with a parenthesis": ("a = «an L1 (mean)»", "unquoted-string", '"an L1 (mean)"'),
    "JSON": ('«{»"a": 1,\n"b": 2}', "syntax", None),
    "a key without a value after a colon": ("a«:»\nb = 1", "syntax", " ="),
    "keys below a header that is not closed": ("«[a»\nb = 1\n[c]\nb = 1", "unclosed-bracket", None),
    "None": ("a = «None»", "bad-value", None),
    "null": ("a = { b = «null» }", "bad-value", None),
    "a day that is none": ("a = «1988-02-30»", "bad-value", None),
    "no digit before the point": ("a = «.5»", "bad-number", "0.5"),
    "no digit after the point": ("a = «-1.»", "bad-number", "-1.0"),
    "no digit around an exponent": ("a = [«1.e-3»]", "bad-number", "1.0e-3"),
    "zeros in front": ("a = «007»", "bad-number", "7"),
    "a number with a unit": ("a = «10px»", "bad-number", None),
    "a fraction": ("a = «1/2»", "bad-number", None),
    "two points": ("a = «1.2.3»", "bad-number", None),
    # strings
    "an open string": ('a = «"x»\nb = 1', "unclosed-string", None),
    "an open literal": ("a = «'x»  \nb = 1", "unclosed-string", None),
    "an open string with CRLF": ('a = «"x»\r\nb = 1', "unclosed-string", None),
    "an open string in an array": ('a = ["x", «"y]»\nb = 1', "unclosed-string", None),
    "an escaped end": ('a = «"C:\\dir\\"»', "unclosed-string", None),
    "an open key": ('«"a = 1»\nb = 1', "unclosed-string", None),
    "an open text": ('a = 1\nb = «"""»\nc = 1', "unclosed-string", None),
    "an open literal text": ("a = «'''»\nb = 1", "unclosed-string", None),
    "an escape": ('a = "x«\\d»y"', "bad-escape", "\\\\d"),
    "an escape of too few digits": ('a = "«\\u»00"', "bad-escape", "\\\\u"),
    "an escape of one hexadecimal digit": ('a = "«\\x»4"', "bad-escape", "\\\\x"),
    "an escape of a surrogate": ('a = "«\\ud800»"', "bad-escape", None),
    "an escape in a key": ('"«\\d»" = 1', "bad-escape", "\\\\d"),
    "an escaped blank in a text": ('a = """x«\\ »y"""', "bad-escape", "\\\\ "),
    "a control character in a string": ('a = "x«\x07»"', "control-character", None),
    "a control character in a comment": ("a = 1 # «\x1b»[31m", "control-character", None),
    "a lone carriage return": ("a = 'x«\r»'", "control-character", None),
    # keys and headers
    "a colon": ("a«:» 1", "syntax", " ="),
    "a colon after a blank": ("a «:» 1", "syntax", "="),
    "a colon in a table": ('a = { "b"«:» 1 }', "syntax", " ="),
    "no key": ("«=» 1", "syntax", None),
    "no key after a dot": ("a.«=» 1", "syntax", None),
    "no first part": ("«.»a = 1", "syntax", None),
    "two dots": ("a.«.»b = 1", "syntax", None),
    "a key with letters of another script": ("«größe» = 1", "syntax", None),
    "a key with a sign": ("«a%b» = 1", "syntax", None),
    "two words": ("a «b» = 1", "syntax", None),
    "a no-break space": ("a =«\u00a0»1", "syntax", " "),
    "a zero-width space": ("«\u200b»a = 1", "syntax", None),
    "an open header": ("«[a»\nb = 1", "unclosed-bracket", None),
    "an open header with a comment": ("«[a.b»  # x", "unclosed-bracket", None),
    "one bracket for two": ("[[a«]»\nb = 1", "syntax", None),
    "an empty header": ("[«]»", "syntax", None),
    "two words in a header": ("[a «b»]", "syntax", None),
    "text after a header": ("[a] «b = 1»", "syntax", None),
    "a bracket too many": ("a = [1]«]»", "syntax", None),
    "text after a value": ('a = "x" «y = 1»  # z', "syntax", None),
    "a comma after a value": ("a = 1«,»", "syntax", ""),
    "a semicolon after a value": ("a = 1«;» # x", "syntax", ""),
    # arrays and inline tables
    "no comma": ('a = ["x"«» "y"]', "syntax", ","),
    "no comma over lines": ('a = [\n  "x"«»\n  "y"\n]', "syntax", ","),
    "no comma in a table": ("a = { b = 1«» c = 2 }", "syntax", ","),
    "a comma too many": ("a = [1, «,» 2]", "syntax", None),
    "a comma too many in a table": ("a = { b = 1, «,» c = 2 }", "syntax", None),
    "two commas at the end of a table": ("a = { b = 1, «,» }", "syntax", None),
    "a comma in an empty table": ("a = { «,» }", "syntax", None),
    "no value in a table over lines": ("a = {\n  b «=»\n}\nc = 1", "missing-value", None),
    "no comma in a table over lines": ("a = {\n  b = 1«» # x\n  c = 2,\n}\nd = 1", "syntax", ","),
    "a bad key in a table over lines": ("a = {\n  b «c» = 1,\n  d = 2,\n}\ne = 1", "syntax", None),
    "a bad last key in a table over lines": ("a = {\n  d = 2,\n  «=» 1,\n}\ne = 1", "syntax", None),
    "a wrong bracket in a table over lines": ("a = {\n  b = 1«]»\n  c = 2\n}", "unclosed-bracket", None),
    "an open array in a table over lines": (
        "a = {\n  b = «[»1,\n  c = 2,\n}\nd = 1", "unclosed-bracket", None),
    "an open table in a table over lines": (
        "a = {\n  b = «{» c = 1\n  d = 2,\n}\ne = 1", "unclosed-bracket", None),
    "an open table over lines": ("a = «{»\n  b = 1,\n  c = 2\nd = 1\ne = 2", "unclosed-bracket", None),
    "an open table over lines before a header": ("a = «{»\n  b = 1,\n\n[c]\nd = 1", "unclosed-bracket", None),
    "an open table over lines at the end": ("a = «{»\n  b = 1,\n  c = 2,\n", "unclosed-bracket", None),
    "a key twice in a table over lines": ("a = {\n  b = 1,\n  «b» = 2,\n}", "duplicate-key", None),
    "an open table": ("a = «{» b = 1\nc = 2", "unclosed-bracket", None),
    "an open table at the end": ("a = «{» b = 1", "unclosed-bracket", None),
    "an open array": ("a = «[»1, 2\n\nb = 1", "unclosed-bracket", None),
    "an open array before a header": ('a = «[»\n  ["x"],\n[b]\nc = 1', "unclosed-bracket", None),
    "an open array at the end": ("a = «[»1, 2", "unclosed-bracket", None),
    "a brace for a bracket": ("a = [1, 2«}»\nb = 1", "unclosed-bracket", None),
    "a parenthesis": ("a = [1, 2«)»", "unclosed-bracket", None),
    "a bracket for a brace": ("a = { b = 1«]»", "unclosed-bracket", None),
    # keys and tables that are defined twice
    "a key twice": ("a = 1\n«a» = 2", "duplicate-key", None),
    "a key twice, quoted": ('a = 1\n"«a»" = 2', "duplicate-key", None),
    "a dotted key twice": ("a.b = 1\na.«b» = 2", "duplicate-key", None),
    "a key twice in a table": ("a = { b = 1, «b» = 2 }", "duplicate-key", None),
    "a header twice": ("[a]\n[b]\n[«a»]\nc = 1", "duplicate-key", None),
    "a header of a value": ("a = 1\n[«a»]", "duplicate-key", None),
    "a header below a value": ("a = 1\n[«a».b]", "duplicate-key", None),
    "a key below a value": ("a = 1\n«a».b = 2", "duplicate-key", None),
    "a header below an inline table": ("a = {}\n[«a».b]", "duplicate-key", None),
    "a header of what dotted keys built": ("a.b = 1\n[«a»]", "duplicate-key", None),
    "a dotted key into a header's table": ("[a.b]\n[a]\n«b».c = 1", "duplicate-key", None),
    "a value for a table": ("[a.b]\n[a]\n«b» = 1", "duplicate-key", None),
    "an array of tables of an array": ("a = [{}]\n[[«a»]]", "duplicate-key", None),
    "an array of tables of a table": ("[a]\n[[«a»]]", "duplicate-key", None),
    "a table of an array of tables": ("[[a]]\n[«a»]", "duplicate-key", None),
    "a key twice in an array's last table": ("[[a]]\nb = 1\n[[a]]\nb = 1\n«b» = 2", "duplicate-key", None),
}  # fmt: skip


@pytest.mark.parametrize(("marked", "code", "replacement"), ONE.values(), ids=ONE.keys())
def test_each_error_is_one_fault_at_its_place(marked, code, replacement):
    if "«" not in marked:
        pytest.fail("the case marks nothing")
    if marked.startswith('a = 1\n"«a»"'):  # the quotes belong to the key
        marked = 'a = 1\n«"a"» = 2'
    start = marked.index("«")
    end = marked.index("»") - 1
    found = faults(marked.replace("«", "").replace("»", ""))
    assert [(each.code, *each.path, each.replacement) for each in found] == [(code, start, end, replacement)]


def test_a_duplicate_key_points_at_both_places():
    text = "[a]\nb = 1\n\n[c]\n[a.d]\n[a]\n"
    (fault,) = faults(text)
    (((start, end), label),) = fault.related
    assert (text[start:end], start, label) == ("a", 1, "defined by this header")


def test_all_errors_are_found_and_no_valid_line():
    text = "x = 1\na = .5\nb = [x,\n  True]\nc = 1\nc = 2\n[d\ne = 1\nf = { g = 1\n[h]\ni: 1\nj =\n\nk = 'x\n"
    found = [(each.code, text.count("\n", 0, each.path[0]) + 1) for each in faults(text)]
    assert found == [
        ("bad-number", 2),
        ("unquoted-string", 3),
        ("bad-value", 4),
        ("duplicate-key", 6),
        ("unclosed-bracket", 7),
        ("unclosed-bracket", 9),
        ("syntax", 11),
        ("missing-value", 12),
        ("unclosed-string", 14),
    ]


def test_certain_replacements_make_valid_toml():
    text = "a = .5\nb: True\nc = { d = 1. }\ne = 1;\nf =\u00a02\ng = ${x}\nh = “i”\n"
    try:
        parse(source := text_source(text))
    except SpecError as error:
        text, edits = apply_fixes(source, error.diagnostics)
    assert tomli.loads(text) == {
        "a": 0.5, "b": True, "c": {"d": 1.0}, "e": 1, "f": 2, "g": "${x}", "h": "i",
    }  # fmt: skip
    assert len(edits) == 8


TEXTS = [
    'format = 1\nlosses.l1 = { type = "torch.L1Loss", inputs = ["y_hat", "y"], weight = 2.5 }\n',
    '[a]\nb = """x\n"y" \\\n z"""\n\n[[c.d]]\n"e f" = [1, [2, 3], # x\n  { g = 1979-05-27 07:32:00Z },\n]\n',
    'a = { # x\n  b = "\\x41\\e",\n  c.d = 07:32, # "}"\n  e = [{\n    f = 1 }, { f = 2,\n g = 3 }, 4],\n}\n',
    "'a'.b.c = '''\n'x''''\n\"\\u00e9\" = true\nd = [inf, -nan, +1_000, 0xff, 1e-3]\r\n[e.f]\r\n[e]\r\n",
]


def test_levels_after_a_colon_count_too():
    (fault,) = faults("a = " + "{b:" * 10_000)[-1:]
    assert fault.code == "too-deep"


def test_keys_after_an_error_are_limited_too():
    assert [each.code for each in faults("a =\n" + "b." * 10_000 + "b = 1")] == [
        "missing-value",
        "too-many-key-parts",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"a = «{2**63}»",
        f"a = [1, -«{2**63 + 1}»]",
        f"a = «{2**64:#_x}»",
        "a = «" + "9" * 5000 + "»",
    ],
    ids=["65 bits", "65 bits, negative", "hexadecimal", "more digits than int() reads"],
)
def test_an_integer_must_fit_in_64_bits(text):
    marked = text.replace("«", "").replace("»", "")
    with pytest.raises(SpecError) as caught:
        parse(text_source("format = .5\n" + marked))
    assert [each.code for each in caught.value.diagnostics] == ["bad-number", "integer-too-large"]
    with pytest.raises(SpecError) as caught:
        parse(text_source(marked))
    (found,) = caught.value.diagnostics
    assert (found.code, found.span.column) == ("integer-too-large", text.index("«") + 1)
    assert found.span.end_column == text.index("»")


@pytest.mark.parametrize(
    "text",
    [
        f"a = {2**63 - 1}",
        f"a = -{2**63}",
        f"a = +{2**63 - 1:_}",
        "a = 0.10000000000000000555111512312578270211815834045",
        "a = 100000000000000000000000.0",
        'a = "99999999999999999999999"',
        "a99999999999999999999999 = 1",
    ],
)
def test_long_digits_that_fit(text):
    assert parse(text_source(text)) == tomli.loads(text)


def test_digits_that_int_refuses_with_a_letter():
    (fault,) = faults(f"a = [{'9' * 5000}h]")
    assert (fault.code, fault.path) == ("bad-number", (5, 5006))


@pytest.mark.parametrize(("text", "marked"), [("a = 1\r\nb = ?\n", "?"), ("a = [", "")])
def test_parser_errors_keep_their_place_and_message(text, marked):
    with pytest.raises(tomli.TOMLDecodeError) as raised:
        tomli.loads(text)
    fault = fault_of_the_parser(text, raised.value)
    assert (fault.code, fault.message) == ("syntax", raised.value.msg[:1].lower() + raised.value.msg[1:])
    assert text[slice(*fault.path)] == marked


@st.composite
def mutated(draw):
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 3))
        text = text[:at] + draw(st.text("abex14.=,[]{}\"'\\#\n\r: \u00e9", max_size=3)) + text[at + length :]
    return text


@settings(max_examples=5 * settings().max_examples)
@given(mutated())
def test_reader_and_parser_agree_on_what_is_toml(text):
    reading = Reading(text)
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        assert reading.faults
    else:
        assert reading.faults == []
    tomli.loads(reading.rest())
    assert [len(line) for line in reading.rest().split("\n")] == [len(line) for line in text.split("\n")]
    assert all(0 <= start <= end <= len(text) for start, end in (each.path for each in reading.faults))
