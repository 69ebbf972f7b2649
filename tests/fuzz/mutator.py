"""Changes texts and documents at random: bytes, tokens and lines of a text, members of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutation import GONE, changed, member, places

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

#: Known to be hard for parsers, schemas, arithmetic, names or terminals.
TOKENS = [
    *(b"\n", b"\r\n", b"\r", b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf", "日".encode(), "\u202e".encode()),
    *b"[ ] { } [[ ]] = . , # \\ e - \" ' \"\"\" ''' true nan inf 1e400 1e-400 1979-05-27T07:32:00Z".split(),
    *(b"9" * 400, b"0x" + b"f" * 40, b"[[[[[[[[", b"{a={a={a=", b"a.a.a.a.a.a.a.a", b"[1, [2, [3]]]"),
    *b"${ ${a} type weight inputs extends remove objective balance lists every args".split(),
    *b'losses.l1 variants.v params.a "pix2pix" "losses.l1" "torch.L1Loss" "${lambda_l1/0}"'.split(),
    *(b'{ type = "product", schedules = [] }', b'{ type = "linear", start = 0, end = 0 }'),
    *(b"{\n  a = 1,\n}", b"\\x41", b"\\e", b"07:32", b",\n}", b"{ # x\n"),
    *(
        b'"${a * a}"',
        b'{ name = "y", detach = true }',
        b'"\\u001b[2J\\u202e"',
        b'"\\n::error::x"',
        b"\x1b[2J",
    ),
    *b"reduce if_missing combine pairs decay by weights [-1] [:-1] [*] [::2] .depth .__class__ ()".split(),
    *(b'{ weights = "m", by = { name = "n", minimum = 1 } }', b'{ combine = "sum", decay = 0.8 }'),
]
#: Strings that are hard for what reads, prints or looks them up.
STRINGS = [
    *(
        "",
        " ",
        "a",
        "x",
        "y",
        "G",
        "total",
        "pix2pix",
        "pix2pix+vgg",
        "torch.L1Loss",
        "losses.l1",
        "a.b",
        "..",
    ),
    *("${a}", "${", "${lambda_l1 / 0}", "y[-1]", "y[*].a", "y.__class__", "../../x", "file:///x", "/", "~"),
    *("\x1b[2J", "\u202e", "a\nb", "\n::error::x", "\0", "\ud800", "\U000e0041", "日本", "é" * 70, "a" * 300),
    *("nan", "1e400", "<script>", "$x$", "%s {0}", "@x", "none", "true", "self", "class", "__init__", "mean"),
]
NUMBERS = [
    *(0, 1, -1, 2, 3, 10, 100, 2**31, 2**63 - 1, 2**63, -(2**70), 10**30, True, False),
    *(0.0, -0.0, 0.5, 1.0, 1e-9, 5e-324, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
]
KEYS = [
    *(
        "a",
        "type",
        "weight",
        "inputs",
        "args",
        "name",
        "losses",
        "x",
        "format",
        "target",
        "default",
        "library",
    ),
    *("description", "start", "end", "record", "values", "epoch", "step", "1", "", "\n", "é"),
]


def mutated(chance: random.Random, data: bytes, others: Sequence[bytes], limit: int) -> bytes:
    """Return a text after one to eight changes, cut at a limit; parts of other texts are put in."""
    for _ in range(chance.randint(1, 8)):
        data = chance.choice(_CHANGES)(chance, data, others, limit)[: limit + 1]
    return data


def value(chance: random.Random, depth: int = 2) -> object:
    """Return any value that JSON and Python know; some cannot be written as TOML."""
    kind = chance.randint(0, 9 if depth else 7)
    if kind < 4:
        return chance.choice(STRINGS)
    if kind < 7:
        return chance.choice(NUMBERS)
    if kind == 7:
        return None
    count = chance.randint(0, 3)
    if kind == 8:
        return [value(chance, depth - 1) for _ in range(count)]
    return {chance.choice(KEYS): value(chance, depth - 1) for _ in range(count)}


def reshaped(chance: random.Random, document: object) -> object:
    """Return a document of which one to three members are other values, gone, renamed or moved."""
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        at = chance.choice([*places(document)][1:] or [()])
        if not at:
            return value(chance)
        kind = chance.randint(0, 9)
        table = member(document, at[:-1])
        if chance.random() < 0.01:
            document = changed(document, at[:-1], _many(table, at[-1], chance.choice([20, 300, 2000])))
            continue
        if kind < 5:
            document = changed(document, at, value(chance))
        elif kind < 7:
            document = changed(document, at, member(document, chance.choice([*places(document)][1:])))
        elif kind < 8 or not isinstance(table, dict):
            document = changed(document, at, GONE)
        else:
            more = {chance.choice([*KEYS, *STRINGS]): value(chance) if kind < 9 else table[at[-1]]}
            document = changed(document, at[:-1], {**table, **more})
    return document


def _many(table: object, key: object, count: int) -> object:
    """Return a table or an array with many copies of a member: what compares each with all takes long."""
    if isinstance(table, dict):
        return {**table, **{f"{key}_{number}": table[key] for number in range(count)}}
    return [*table, *[table[key]] * count]  # type: ignore[misc,index]


def without_none(document: object) -> object:
    """Return a document as TOML and UTF-8 can hold it: without nulls, surrogates, and keys but strings."""
    if isinstance(document, dict):
        return {
            _encodable(str(key)): without_none(each) for key, each in document.items() if each is not None
        }
    if isinstance(document, list):
        return [without_none(each) for each in document if each is not None]
    return _encodable(document) if isinstance(document, str) else "" if document is None else document


def _encodable(text: str) -> str:
    return text.replace("\ud800", "?")


def _put(chance: random.Random, data: bytes, _: Sequence[bytes], __: int) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(TOKENS) + data[at:]


def _replace(chance: random.Random, data: bytes, _: Sequence[bytes], __: int) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(TOKENS) + data[at + chance.randint(0, 12) :]


def _flip(chance: random.Random, data: bytes, _: Sequence[bytes], __: int) -> bytes:
    at = chance.randint(0, max(0, len(data) - 1))
    return data[:at] + bytes([chance.randint(0, 255)]) + data[at + 1 :]


def _cut(chance: random.Random, data: bytes, _: Sequence[bytes], __: int) -> bytes:
    start, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:start] + data[end:]


def _lines(chance: random.Random, data: bytes, others: Sequence[bytes], _: int) -> bytes:
    lines = data.split(b"\n") + chance.choice([[], chance.choice(others).split(b"\n")])
    kind = chance.randint(0, 2)
    if kind == 0:
        chance.shuffle(lines)
    elif kind == 1:
        lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
    else:
        del lines[chance.randint(0, len(lines) - 1)]
    return b"\n".join(lines)


def _swap(chance: random.Random, data: bytes, others: Sequence[bytes], _: int) -> bytes:
    words = data.split(b" ")
    words[chance.randint(0, len(words) - 1)] = chance.choice(chance.choice(others).split(b" "))
    return b" ".join(words)


def _blow_up(chance: random.Random, data: bytes, _: Sequence[bytes], limit: int) -> bytes:
    if chance.random() > 0.05:  # each large text costs as much as a hundred small ones
        return data
    start, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    part = data[start : min(end, start + 200)] or b"a"
    if chance.random() < 0.5:  # as many different names as there are copies
        size = limit // (len(part) + 8)
        copies = b"".join(part.replace(b"l", b"l%d" % i, 1) for i in range(size))
    else:
        copies = part * (limit // len(part))
    return data[:start] + copies + data[end:]


_CHANGES = [_put, _replace, _flip, _cut, _lines, _swap, _blow_up]
