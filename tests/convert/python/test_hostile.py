"""No text of a spec becomes code of the module that it is exported to."""

import ast

import pytest

import lossspec
from lossspec.convert.python import to_python

ENDS = '""");raise SystemExit("code of the spec ran");("""'
TEXTS = [
    ENDS,
    ENDS.replace('"', "'"),
    "\\" + ENDS,
    '"',
    '""',
    "\\",
    "a\u2028raise SystemExit",
    "{x}\n\traise SystemExit",
]
SPEC = """
format = 1
description = TEXT
references = [TEXT]
inputs.x = TEXT
inputs.y = TEXT
[losses.a]
type = "torch.L1Loss"
inputs = ["x", "y"]
[losses.b]
type = "lossspec.VGGPerceptualLoss"
inputs = ["x", "y"]
args = { weights = TEXT }
"""


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_of_a_spec_stays_text(text, tmp_path):
    escaped = '"' + "".join(f"\\U{ord(each):08x}" for each in text) + '"'
    path = tmp_path / "s.loss.toml"
    path.write_text(SPEC.replace("TEXT", escaped))
    plain = tmp_path / "plain.loss.toml"
    plain.write_text(SPEC.replace("TEXT", '"w"'))
    if not text.isprintable() or text.startswith("\\"):  # no path of a spec is
        path.write_text(path.read_text().replace(f"weights = {escaped}", 'weights = "w"'))
    made, wanted = (ast.parse(to_python(lossspec.load(str(each)))) for each in (path, plain))
    assert shape(made) == shape(wanted)


def shape(tree):
    """Return the nodes of a module without its texts."""
    return [type(each) for each in ast.walk(tree)]
