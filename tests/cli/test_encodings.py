"""Output to a terminal that is not UTF-8: what it cannot show is escaped."""

import io
import sys

import pytest

from lossspec import cli

COMMANDS = [
    ["show", "vqgan", "--format", "unicode"],
    ["describe", "encodec"],
    ["plot", "pix2pix+decay"],
    ["diff", "lsgan", "lsgan+code"],
    ["list", "losses"],
    ["show", "no_such_spec_\u00e9\u4e2d"],
]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_traceback(monkeypatch, command, encoding):
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding, "strict") for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    monkeypatch.setattr(sys, "argv", ["lossspec", *command])
    with pytest.raises(SystemExit):
        cli.main()
    for stream in streams.values():
        stream.flush()
    written = b"".join(stream.buffer.getvalue() for stream in streams.values())
    assert len(written) > 20
