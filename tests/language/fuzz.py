"""Fuzzes the validator: ``python tests/language/fuzz.py --seconds 600``.

It mutates the shipped specs, the corpus of invalid specs and the examples of the codes, byte by byte, token
by token and line by line, and blows some of them up to the limit. For each, it requires an answer within a
second and 200 MB, no exception, and every diagnostic at a place in the text. A seed makes a run repeatable.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from lossspec.language.diagnostics.codes import codes
from lossspec.language.diagnostics.error import SpecError
from lossspec.language.diagnostics.fix import apply_fixes
from lossspec.language.diagnostics.render import render_concise, render_full
from lossspec.language.documents.read import decode
from lossspec.language.load import validate_source
from lossspec.language.text.limits import MAX_BYTES

if TYPE_CHECKING:
    from lossspec.language.diagnostics.diagnostic import Diagnostic

ROOT = Path(__file__).parents[2]
MAX_SECONDS = 1.0
MAX_MEGABYTES = 200
#: Known to be hard for parsers, schemas, arithmetic or names.
TOKENS = [
    *(b"\n", b"\r\n", b"\r", b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf", "日".encode(), "\u202e".encode()),
    *b"[ ] { } [[ ]] = . , # \\ e - \" ' \"\"\" ''' true nan inf 1e400 1e-400 1979-05-27T07:32:00Z".split(),
    *(b"9" * 400, b"0x" + b"f" * 40, b"[[[[[[[[", b"{a={a={a=", b"a.a.a.a.a.a.a.a", b"[1, [2, [3]]]"),
    *b"${ ${a} type weight inputs extends remove objective balance lists every args".split(),
    *b'losses.l1 variants.v params.a "pix2pix" "losses.l1" "torch.L1Loss" "${lambda_l1/0}"'.split(),
    *(b'{ type = "product", schedules = [] }', b'{ type = "linear", start = 0, end = 0 }'),
    *(b"{\n  a = 1,\n}", b"\\x41", b"\\e", b"07:32", b",\n}", b"{ # x\n"),
    *(b'"${a * a}"', b'{ name = "y", detach = true }'),
    *b"reduce if_missing combine pairs decay by weights [-1] [:-1] [*] [::2] .depth .__class__ ()".split(),
    *(b'{ weights = "m", by = { name = "n", minimum = 1 } }', b'{ combine = "sum", decay = 0.8 }'),
]


def seeds() -> list[bytes]:
    """Return the texts to mutate."""
    files = [*ROOT.glob("specs/*.loss.toml"), *ROOT.glob("tests/invalid/*.loss.toml")]
    examples = [text for code in codes().values() for text in (code.example, code.fix)]
    return [*(file.read_bytes() for file in sorted(files)), *(text.encode() for text in examples if text)]


def mutated(chance: random.Random, pool: list[bytes]) -> bytes:
    """Return a random mutation of a text."""
    data = chance.choice(pool)
    for _ in range(chance.randint(1, 8)):
        data = chance.choice(MUTATIONS)(chance, data, pool)[: MAX_BYTES + 1]
    return data


def _put(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(TOKENS) + data[at:]


def _replace(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(TOKENS) + data[at + chance.randint(0, 12) :]


def _flip(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = chance.randint(0, max(0, len(data) - 1))
    return data[:at] + bytes([chance.randint(0, 255)]) + data[at + 1 :]


def _cut(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:start] + data[end:]


def _lines(chance: random.Random, data: bytes, pool: list[bytes]) -> bytes:
    lines = data.split(b"\n") + chance.choice([[], chance.choice(pool).split(b"\n")])
    kind = chance.randint(0, 2)
    if kind == 0:
        chance.shuffle(lines)
    elif kind == 1:
        lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
    else:
        del lines[chance.randint(0, len(lines) - 1)]
    return b"\n".join(lines)


def _swap(chance: random.Random, data: bytes, pool: list[bytes]) -> bytes:
    words = data.split(b" ")
    words[chance.randint(0, len(words) - 1)] = chance.choice(chance.choice(pool).split(b" "))
    return b" ".join(words)


def _blow_up(chance: random.Random, data: bytes, _: list[bytes]) -> bytes:
    if chance.random() > 0.05:  # each large text costs as much as a hundred small ones
        return data
    start, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    part = data[start : min(end, start + 200)] or b"a"
    if chance.random() < 0.5:  # as many different names as there are copies
        size = MAX_BYTES // (len(part) + 8)
        copies = b"".join(part.replace(b"l", b"l%d" % i, 1) for i in range(size))
    else:
        copies = part * (MAX_BYTES // len(part))
    return data[:start] + copies + data[end:]


MUTATIONS = [_put, _replace, _flip, _cut, _lines, _swap, _blow_up]


def check(data: bytes) -> list[Diagnostic]:
    """Validate a text, and check its diagnostics.

    Raises:
        AssertionError: a diagnostic is wrong.
    """
    try:
        source = decode(data, "fuzz.loss.toml")
    except SpecError as error:
        return list(error.diagnostics)
    diagnostics = validate_source(source)
    for each in diagnostics:
        if each.source == source.name and each.span:
            start = source.offset(each.span.line, each.span.column)
            end = source.offset(each.span.end_line, each.span.end_column)
            assert 0 <= start <= end <= len(source.text), f"{each} is not in the text"
            assert each.line == source.line(each.span.line)
        assert "\n" not in render_concise(each)
        assert len(render_full(each)) < 8_000
    apply_fixes(source, diagnostics)[0].encode()
    assert len(diagnostics) == len(set(diagnostics)), "a problem is reported twice"
    return diagnostics


def main() -> int:
    """Mutate until the time is over, or until a text breaks the validator; that text is written to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 2**32
    chance = random.Random(seed)
    pool = seeds()
    check(pool[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count, slowest, seen, until = 0, 0.0, set(), time.monotonic() + options.seconds
    while time.monotonic() < until:
        data = mutated(chance, pool)
        started = time.process_time()
        try:
            seen |= {each.code for each in check(data)}
            took = time.process_time() - started
            assert took < MAX_SECONDS, f"it took {took:.1f} s"
            megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            assert megabytes < MAX_MEGABYTES, f"it took {megabytes:.0f} MB"
        except Exception:  # noqa: BLE001 - any exception is a finding
            traceback.print_exc()
            path = Path(f"fuzz-{seed}-{count}.loss.toml")
            path.write_bytes(data)
            print(f"after {count} texts of seed {seed}: see {path}")
            return 1
        slowest = max(slowest, took)
        count += 1
    print(f"{count} texts of seed {seed}, {len(seen)} codes, slowest {slowest:.2f} s, {megabytes:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
