"""A name of 100,000 letters is printed once or cut; no command repeats or pads it for every row."""

import pytest
from click.testing import CliRunner

from lossspec.cli import commands

LONG = "n" * 100_000
TERM = '[losses.{}]\ntype = "torch.L1Loss"\ninputs = ["x", "y"]\n'
CALLS = [
    ["validate", "{spec}"],
    ["table", "{spec}"],
    ["table", "{spec}", "--format", "csv"],
    ["plot", "{spec}"],
    ["plot", "{spec}", "--color", "always"],
    ["describe", "{spec}"],
    ["diff", "{spec}", "{spec}+v"],
    *(["show", "{spec}", "--format", each] for each in ("toml", "json", "unicode", "markdown", "latex")),
    ["show", "{name}"],
    ["explain", "{name}"],
    ["validate", "--{name}"],
]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_the_output_is_bounded(call, tmp_path):
    spec = tmp_path / "s.loss.toml"
    terms = "".join(TERM.format(name) for name in (LONG, *(f"a{index}" for index in range(50))))
    changes = "".join(f"losses.a{index}.weight = 2.0\n" for index in range(50))
    long = f"losses.{LONG}.weight = 3.0\n"
    spec.write_text(f'format = 1\ninputs.x = "a"\ninputs.y = "b"\n{terms}[variants.v]\n{changes}{long}')
    found = CliRunner().invoke(commands, [each.format(spec=spec, name=LONG) for each in call])
    assert "{spec}" not in call or found.exit_code == ("diff" in call), found.output[:1000]
    assert len(found.output) + len(str(found.exception)) < 2.5 * len(LONG)
