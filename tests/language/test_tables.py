"""The places of keys and values: by hand in one document, and by reading them back."""

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from lossspec.language.text.reading import Reading
from lossspec.language.text.source import Source
from lossspec.language.text.tokens import unquote

# fmt: off
LINES = [
    "# 日本 comment = 1",                              # 1
    "format = 1\t# tab",                               # 2
    "a.b . 'c d' = 'x'",                               # 3
    '\t"q\\u00e9" = "日本\\"=" # wide',                # 4
    "flat = [ 1, [2.5, true], { x = 1, y.z = 'é' },]", # 5
    "over = [",                                        # 6
    '  "one", # ]',                                    # 7
    '  """two',                                        # 8
    ' ]"" """, ',                                      # 9
    "]",                                               # 10
    "text = '''",                                      # 11
    "[no.header]",                                     # 12
    "'''",                                             # 13
    "when = 1979-05-27 07:32:00Z",                     # 14
    "[ t . \"u\" ]",                                   # 15
    "k = 1",                                           # 16
    "[[t.list]]",                                      # 17
    "k = 1",                                           # 18
    "[[t.list]]",                                      # 19
    "k.m = -inf",                                      # 20
    "[t.list.sub]",                                    # 21
    "empty = {}",                                      # 22
    "[t]",                                             # 23
]
# fmt: on
KEYS = {
    ("format",): "2:1 format",
    ("a",): "3:1 a",
    ("a", "b"): "3:3 b",
    ("a", "b", "c d"): "3:7 'c d'",
    ("qé",): '4:2 "q\\u00e9"',
    ("flat", 2, "x"): "5:28 x",
    ("flat", 2, "y"): "5:35 y",
    ("flat", 2, "y", "z"): "5:37 z",
    ("t",): "23:2 t",
    ("t", "u"): '15:7 "u"',
    ("t", "u", "k"): "16:1 k",
    ("t", "list"): "17:5 list",
    ("t", "list", 0, "k"): "18:1 k",
    ("t", "list", 1, "k"): "20:1 k",
    ("t", "list", 1, "k", "m"): "20:3 m",
    ("t", "list", 1, "sub"): "21:9 sub",
    ("t", "list", 1, "sub", "empty"): "22:1 empty",
}
VALUES = {
    ("format",): "2:10 1",
    ("a",): "3:1 a",
    ("a", "b", "c d"): "3:15 'x'",
    ("qé",): '4:14 "日本\\"="',
    ("flat",): "5:8 [ 1, [2.5, true], { x = 1, y.z = 'é' },]",
    ("flat", 0): "5:10 1",
    ("flat", 1): "5:13 [2.5, true]",
    ("flat", 1, 1): "5:19 true",
    ("flat", 2): "5:26 { x = 1, y.z = 'é' }",
    ("flat", 2, "x"): "5:32 1",
    ("flat", 2, "y"): "5:35 y",
    ("flat", 2, "y", "z"): "5:41 'é'",
    ("over", 0): '7:3 "one"',
    ("over", 1): '8:3 """two\n ]"" """',
    ("text",): "11:8 '''\n[no.header]\n'''",
    ("when",): "14:8 1979-05-27 07:32:00Z",
    ("t",): "23:1 [t]",
    ("t", "u"): '15:1 [ t . "u" ]',
    ("t", "list"): "17:1 [[t.list]]",
    ("t", "list", 0): "17:1 [[t.list]]",
    ("t", "list", 1): "19:1 [[t.list]]",
    ("t", "list", 1, "k", "m"): "20:7 -inf",
    ("t", "list", 1, "sub"): "21:1 [t.list.sub]",
    ("t", "list", 1, "sub", "empty"): "22:9 {}",
}


def shown(source, place):
    start, end = place
    line, column = source.place(start)
    return f"{line}:{column} {source.text[start:end]}".replace("\r\n", "\n")


@pytest.fixture(params=["\n", "\r\n"], ids=["LF", "CRLF"])
def source(request):
    return Source("x.loss.toml", request.param.join(LINES))


@pytest.mark.parametrize("path", KEYS, ids=str)
def test_keys_by_hand(source, path):
    assert shown(source, source.reading.tables.key(path)) == KEYS[path]


@pytest.mark.parametrize("path", VALUES, ids=str)
def test_values_by_hand(source, path):
    assert shown(source, source.reading.tables.value(path)) == VALUES[path]


@pytest.mark.parametrize(
    ("path", "at", "expected"),
    [
        (("t", "u", "missing"), "value", '15:7 "u"'),
        (("t", "u", "missing", "deeper"), "key", '15:7 "u"'),
        (("flat", 2, "missing"), "key", "5:26 { x = 1, y.z = 'é' }"),
        (("flat", 9), "value", "5:1 flat"),
        (("missing",), "value", "1:1 "),
        ((), "value", "1:1 "),
    ],
)
def test_a_missing_path_has_the_place_of_its_parent(source, path, at, expected):
    place, exact = source.reading.tables.nearest(path, at)
    assert (shown(source, place), exact) == (expected, False)


def test_a_repeated_key_has_all_its_places():
    index = Reading("[a.b]\n[a.c]\n[a]\n").tables
    assert index.keys(("a",)) == [(13, 14), (1, 2), (7, 8)]


def test_a_broken_statement_has_no_places():
    reading = Reading("[a]\nb = .5\nb = 1\n[c\nd = 1\n[e] x\nf = 2\n[e]\ng = 3\n")
    paths = [("a",), ("a", "b"), ("c",), ("d",), ("e",), ("e", "f"), ("e", "g")]
    found = {path: reading.tables.key(path) for path in paths if reading.tables.key(path)}
    assert found == {("a",): (1, 2), ("e",): (27, 28), ("e", "f"): (32, 33)}


NAMES = st.sampled_from(["a", "b-1", "é", "x y", "t.u", 'q"', "'", "=", "#", "日本", ""])
SCALARS = (
    st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.text("ab\"'\\#=[]{},.\n\t日é", max_size=6)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(NAMES, each, max_size=3),
    max_leaves=12,
)


class Writer:
    """Writes a document as TOML in one of the many ways that there are."""

    def __init__(self, draw):
        self.draw = draw

    def choose(self, *options):
        return self.draw(st.sampled_from(options))

    def blank(self):
        return self.choose("", " ", "\t", "  ")

    def gap(self):
        return self.choose("", " ", "\n", "\t# [x] = 'y'\n", "\n\n ")

    def key(self, name):
        if name and all(char.isascii() and (char.isalnum() or char in "_-") for char in name):
            return self.choose(name, f'"{name}"', f"'{name}'")
        return self.basic(name)

    def basic(self, text):
        escaped = {
            '"': '\\"',
            "\\": "\\\\",
            "\n": "\\n",
            "\t": "\\t",
            "é": self.choose("é", "\\u00E9", "\\xE9"),
        }
        return '"' + "".join(escaped.get(char, char) for char in text) + '"'

    def string(self, text):
        options = [self.basic(text)]
        if not {"'", "\n", "\t"} & set(text):
            options.append(f"'{text}'")
        if "'" not in text:
            options.append(f"'''\n{text}'''")
        escaped = text.replace("\\", "\\\\")
        if '""' not in text:
            options += [
                f'"""\n{escaped}"""',
                f'"""\\\n   {escaped}"""' if text[:1] not in "\n\t" else options[0],
            ]
        return self.choose(*options)

    def value(self, value):
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, list):
            inside = "".join(f"{self.gap()}{self.value(each)}{self.gap()}," for each in value)
            return f"[{inside[: self.choose(len(inside), -1)] if value else self.gap()}{self.gap()}]"
        if isinstance(value, dict):
            pairs = [f"{self.gap()}{self.pair((), name, each)}{self.gap()}" for name, each in value.items()]
            return "{" + ",".join(pairs) + (self.choose("", ",") if pairs else "") + self.gap() + "}"
        return repr(value)

    def dotted(self, parts):
        return f"{self.blank()}.{self.blank()}".join(map(self.key, parts))

    def pair(self, above, name, value):
        path = (*above, name)
        if isinstance(value, dict) and len(value) == 1 and self.choose(True, False):
            ((inner, rest),) = value.items()
            return self.pair(path, inner, rest)
        return f"{self.blank()}{self.dotted(path)}{self.blank()}={self.blank()}{self.value(value)}"

    def table(self, path, table):
        headers = [name for name, each in table.items() if self.is_table(each) and self.choose(True, False)]
        for name, each in table.items():
            if name not in headers:
                yield self.pair((), name, each) + self.choose("", " # c", "\n")
        for name in headers:
            each = table[name]
            below = (*path, name)
            for one in each if isinstance(each, list) else [each]:
                head = f"{self.blank()}{self.dotted(below)}{self.blank()}"
                yield f"{self.blank()}[[{head}]]" if isinstance(each, list) else f"[{head}]\t"
                yield from self.table(below, one)

    @staticmethod
    def is_table(value):
        if isinstance(value, list):
            return bool(value) and all(isinstance(each, dict) for each in value)
        return isinstance(value, dict)


@st.composite
def written(draw):
    table = draw(st.dictionaries(NAMES, DOCUMENTS, min_size=1, max_size=4))
    text = "\n".join(Writer(draw).table((), table))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))) if "'''" not in text else text


def paths(value, path=()):
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key), each
        if isinstance(each, dict | list):
            yield from paths(each, (*path, key))


def opens(part, path):
    """Say whether a text is a header that opens a path."""
    try:
        table = tomli.loads(part)
    except tomli.TOMLDecodeError:
        return False
    for name in path:
        if isinstance(name, str):
            table = table[0] if isinstance(table, list) else table
            if name not in table:
                return False
            table = table[name]
    return table in ({}, [{}])


@given(written())
def test_the_text_at_each_place_reads_as_its_value(text):
    document = tomli.loads(text)
    index = Reading(text).tables
    for path, value in paths(document):
        if isinstance(path[-1], str):
            start, end = index.key(path)
            assert unquote(text[start:end]) == path[-1]
        start, end = index.value(path)
        part = text[start:end]
        if isinstance(value, dict) and part[0] not in "{[":
            assert unquote(part) == path[-1]  # dotted keys build it: its key
        elif not (part[0] == "[" and opens(part, path)):
            assert tomli.loads(f"value = {part}")["value"] == value
