"""The scan before the parser: exact at each limit, linear, and blind to strings and comments."""

import subprocess
import sys

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from lossspec.language.diagnostics.error import SpecError
from lossspec.language.documents.read import parse, text_source
from lossspec.language.text import limits
from lossspec.language.text.limits import scan

DOTTED = ".".join("a" * 33)

WITHIN = {
    "a key of 32 parts": ".".join("a" * 32) + " = 1",
    "a header of 32 parts": "[" + ".".join("a" * 32) + "]",
    "an array on level 32": "a = " + "[" * 31 + "]" * 31,
    "all three on level 32": f"[{'.'.join('h' * 10)}]\n{'.'.join('a' * 10)} = " + "[" * 12 + "]" * 12,
    "levels that close again": "a = [" + "[[]], " * 100 + "]",
    "keys that follow each other": "a.b.c = 1\n" * 20,
    "headers that follow each other": "".join(f"[a.b.c.d{i}]\n" for i in range(40)),
    "dots in a comment": "a = 1 # " + DOTTED,
    "dots in a basic string": f'a = "{DOTTED}"',
    "dots in a literal string": f"a = '{DOTTED}'",
    "dots in a quoted key": f'"{DOTTED}".b = 1',
    "dots of floats": "a = [" + "1.5, " * 40 + "]",
    "brackets in a string": 'a = "' + "[" * 40 + '"',
    "brackets after an escaped quote": r'a = "\"' + "[" * 40 + '"',
    "brackets after escaped backslashes": r"a = '\' # " + "[" * 40,
    "brackets in a multi-line string": 'a = """\n' + "[" * 40 + '\n"""',
    "brackets after two quotes in a multi-line string": 'a = """ ""' + "[" * 40 + '"""',
    "brackets after an escaped quote in a multi-line string": 'a = """ \\"""' + "[" * 40 + '"""',
    "brackets in a multi-line literal": "a = '''''\n" + "[" * 40 + "'''",
    "a string that ends in five quotes": 'a = """x"""""\nb = 1',
    "what the parser never reaches: after an open string": 'a = "x\n' + "[" * 40,
    "keys on lines of a table": "a = {\n" + "b.c = 1,\n" * 40 + "}\n" + "d.e = 1\n" * 40,
}  # fmt: skip

PAST = {
    "a key of 33 parts": (DOTTED + " = 1", "too-many-key-parts", "."),
    "a key of 33 parts with blanks": (" . ".join("a" * 33) + " = 1", "too-many-key-parts", "."),
    "a key of 33 quoted parts": (".".join(['"a.b"', "'c'"] * 17) + " = 1", "too-many-key-parts", "."),
    "a header of 33 parts": (f"[{DOTTED}]", "too-many-key-parts", "."),
    "an inline key of 33 parts": (f"a = {{ {DOTTED} = 1 }}", "too-many-key-parts", "."),
    "a key of 33 parts after a table": (f"a = {{ b = 1, {DOTTED} = 1 }}", "too-many-key-parts", "."),
    "an array on level 33": ("a = " + "[" * 32, "too-deep", "["),
    "an array of tables on level 33": ("[[" + ".".join("a" * 32) + "]]", "too-deep", "]"),
    "inline tables on level 33": ("a = " + "{ a = " * 32 + "1", "too-deep", "="),
    "a key below a header": ("[" + ".".join("h" * 20) + "]\n" + ".".join("a" * 13) + " = 1", "too-deep", "="),
    "arrays after strings": ('a = ["]]]]", ' + "[" * 32, "too-deep", "["),
}  # fmt: skip


@pytest.mark.parametrize("text", WITHIN.values(), ids=WITHIN.keys())
def test_within_the_limits(text):
    assert scan(text) is None


@pytest.mark.parametrize(("text", "code", "marked"), PAST.values(), ids=PAST.keys())
def test_past_a_limit(text, code, marked):
    fault = scan(text)
    assert fault is not None
    assert (fault.code, text[slice(*fault.path)]) == (code, marked)


def test_the_place_is_the_first_part_too_many():
    fault = scan(f"first = 1\n{DOTTED} = 1")
    assert fault is not None
    assert fault.path[0] == len("first = 1\n") + 63


def depth(value):
    if isinstance(value, dict):
        return max((1 + depth(each) for each in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def inline(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return repr(value)


VALUES = st.recursive(
    st.sampled_from([1, 1.5, "a.[{", '"""']),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from("abc"), each, max_size=3),
    max_leaves=30,
)


@given(VALUES, st.integers(1, 31), st.integers(1, 31), st.integers(0, 31))
def test_levels_equal_those_of_the_parsed_document(value, header, key, wrap):
    for _ in range(wrap):
        value = [value]
    text = f"[{'.'.join('h' * header)}]\n{'.'.join('k' * key)} = {inline(value)}\n"
    assert (scan(text) is None) == (depth(tomli.loads(text)) <= limits.MAX_LEVELS)


SIZE = limits.MAX_BYTES - 10
HOSTILE = {
    "a dotted key": ".".join("a" * (SIZE // 2)) + "=1",
    "many keys of 32 parts": "\n".join(f"{'a.' * 31}b{i}=1" for i in range(SIZE // 75)),
    "a header of 31 parts and many keys": f"[{'a.' * 30}b]\n" + "\n".join(f"c{i}=1" for i in range(28_000)),
    "many headers of 32 parts": "\n".join(f"[{'a.' * 31}b{i}]" for i in range(SIZE // 76)),
    "many arrays of tables": "[[a]]\n" * (SIZE // 6),
    "nested arrays": "a = " + "[" * (SIZE - 4),
    "nested tables": "a = " + "{a=" * (SIZE // 3 - 4),
    "empty arrays": "a = [" + "[]," * (SIZE // 3 - 4) + "]",
    "an inline table of many keys": "a = {" + ",".join(f"k{i}=1" for i in range(28_000)) + "}",
    "quotes": '"' * SIZE,
    "quotes of a multi-line string": 'a="""' + '"" ' * (SIZE // 3 - 5),
    "open multi-line strings": '"""\\' * (SIZE // 4),
    "escapes": 'a = "' + "\\n" * (SIZE // 2 - 5) + '"',
    "open escapes": 'a = "' + "\\n" * (SIZE // 2 - 5),
    "escapes in a multi-line string": 'a = """' + "\\n" * (SIZE // 2 - 10) + '"""',
    "backslashes": "a = " + '"\\' * (SIZE // 2 - 5),
    "comments": "#" * SIZE,
    "comment lines": "#\n" * (SIZE // 2),
    "line ends": "\r\n" * (SIZE // 2),
    "blanks": " " * SIZE,
    "digits": "a = " + "1" * (SIZE - 10),
    "digits of a float": "a = 0." + "1" * (SIZE - 10),
    "hexadecimal digits": "a = 0x" + "f" * (SIZE - 10),
    "near misses of numbers": "a = [" + "1_1_1_1_1_1_1_1_1_x," * (SIZE // 20 - 1) + "]",
    "long numbers in strings": "a = [" + "'9999999999999999999'," * (SIZE // 22 - 1) + "]",
    "wrong statements": "=\n" * (SIZE // 2),
    "wrong values": "a = [" + "x," * (SIZE // 2 - 5) + "]",
    "wrong lines": "a b c\n" * (SIZE // 6),
    "duplicate keys": "a=1\n" * (SIZE // 4),
    "open arrays": "a=[\n" * (SIZE // 4),
    "open strings": 'a="\n' * (SIZE // 4),
    "open headers": "[a\n" * (SIZE // 3),
    "one long line of duplicates": "a={" + "b=1," * (SIZE // 4 - 2) + "}",
    "control characters": "#\x00" * (SIZE // 2),
    "wide characters": "日" * (SIZE // 3),
    "a table over many lines": "a={\n" + "".join(f"k{i}=1,\n" for i in range(25_000)),
    "no commas in a table over lines": "a={\n" + " b=1\n" * (SIZE // 5 - 2),
    "wrong brackets in a table over lines": "a={\n" + " b=1]\n" * (SIZE // 6 - 2),
    "a dotted key behind an error": '"\n' + ".".join("a" * (SIZE // 2 - 5)) + "=1",
    "long keys behind an error": '"\n' + "\n".join(f"{'a.' * 31}b{i}=1" for i in range(SIZE // 75)),
    "tables of long keys behind an error": '"\na = ' + f"{{ {'a.' * 31}a = " * (SIZE // 72),
    "levels of colons": "a = " + "{a:" * (SIZE // 3 - 4),
    "one error at the end": "\n".join(f"k{i}=1" for i in range(25_000)) + "\n=",
}  # fmt: skip


def test_a_dotted_key_of_40_kilobytes_is_fast(calls):
    def answer():
        with pytest.raises(SpecError, match="a key can have at most 32 parts"):
            parse(text_source(".".join("a" * 20_000) + " = 1"))

    assert calls(answer) < 10_000


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_is_fast(text, calls):
    def answer():
        try:
            parse(text_source(text))
        except SpecError as error:
            assert error.diagnostics  # noqa: PT017 - either way is an answer

    assert calls(answer) < 4_000_000  # 15 a character: less than half a second


@pytest.mark.slow
def test_hostile_texts_take_under_200_megabytes():
    program = (
        "import importlib.util as u, pathlib, re, sys\n"
        "from lossspec.language.documents.read import parse, text_source\n"
        "from lossspec.language.diagnostics.error import SpecError\n"
        "s = u.spec_from_file_location('hostile', sys.argv[1]); m = u.module_from_spec(s)\n"
        "s.loader.exec_module(m)\n"
        "for text in m.HOSTILE.values():\n"
        "    try: parse(text_source(text))\n"
        "    except SpecError: pass\n"
        # not ru_maxrss: that is at least what the process which starts this one holds
        "print(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, __file__], capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 200 * 1024  # kilobytes
